"""The Iceberg tables: their columns, their layout, and the one way to write them."""
