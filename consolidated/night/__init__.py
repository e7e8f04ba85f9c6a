"""A night as people meet it: the command `make nightly`, its closing table, what needs a person, the morning report."""
