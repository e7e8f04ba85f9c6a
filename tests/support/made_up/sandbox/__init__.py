"""The made-up maker's module of this tier."""
