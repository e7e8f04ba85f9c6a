"""One module for each of the fifteen laws of the design, named after it."""
