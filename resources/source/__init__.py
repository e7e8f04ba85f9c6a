"""Reading the project's own source, without importing it."""
