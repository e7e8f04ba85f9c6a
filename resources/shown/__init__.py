"""What people are shown of the code: checks, places of code and columns of assets in the UI; the settings."""
