"""The response archive: writing, sealing, reading and retention of the answers, bytes unchanged."""
