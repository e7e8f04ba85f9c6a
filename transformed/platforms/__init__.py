"""How the records of APIs that several makers share become rows: mappings that the makers' own modules name.

`transformed.mapping.loading` looks for mappings in `transformed/<oem>.py` alone, so a platform is no maker.
"""
