"""Keeping the lake small and quick without changing a row of it: tags, expiry, compaction, removal of leftovers."""
