"""A day's way from the response archive to typed Parquet: batches, quarantine, duplicates, report, retention."""
