"""What a step is given: lake, catalog, HTTP, executor, sizes. Nothing here knows a car maker but `sandbox/`."""
