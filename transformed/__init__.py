"""Response archive to typed Parquet. Reads raw through `raw.archive` only."""
