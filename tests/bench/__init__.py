"""Benchmarks: programs that print figures, never tests that time anything."""
