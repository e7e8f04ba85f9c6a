"""Looking at a maker while its modules are written: a few pages or a capture, and what becomes of their records."""
