"""Which OEMs there are, and raw's part of the Dagster asset graph."""
