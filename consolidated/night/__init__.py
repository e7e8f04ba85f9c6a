"""The command `make nightly`: it runs the real job on this machine, follows it and prints the closing table."""
