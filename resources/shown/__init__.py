"""What the Dagster UI is shown of an asset: the text of its checks, the place of its code, its columns."""
