"""Typed Parquet to Iceberg, every OEM into the same tables. Reads `transformed` through its contracts and reports."""
