"""What is special about each maker, a module a maker. What holds for all makers is in `tests/support/sweeps.py`."""
