"""Tests of transformed: decoding, contracts, mappings, a day's way."""
