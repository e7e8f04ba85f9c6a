"""Tests of the OEMs' APIs as the sandbox plays them."""
