"""CUPRA: approved used cars of Great Britain and Spain, new cars of Spain, from VTP (`raw/platforms/vtp.py`)."""

from raw.platforms.vtp import endpoints

VTP_SEARCH, VTP_DEALERS = endpoints("CUPRA", "cuprawebfe", {"gb": ("cuukgwb",), "es": ("cuesgwb", "cuesnwb")})

ENDPOINTS = (VTP_SEARCH, VTP_DEALERS)
