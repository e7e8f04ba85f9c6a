"""The command `make query`: a shell of DuckDB on the lake's tables, with a few views ready."""
