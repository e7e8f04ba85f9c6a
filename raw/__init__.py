"""HTTP to response archive, bytes unchanged. Knows nothing of the other tiers."""
