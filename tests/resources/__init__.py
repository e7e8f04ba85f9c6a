"""Tests of what a step is given: lake, catalog, executor's choice, sizes."""
