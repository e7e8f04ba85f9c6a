"""Where data lies: the lake's files, the Iceberg catalog, what their failures mean, removal of leftovers."""
