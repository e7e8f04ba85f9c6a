"""What the commands of `make` share."""
