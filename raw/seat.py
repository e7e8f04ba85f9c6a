"""SEAT: approved used cars of Great Britain, new cars of Spain, from VTP (`raw/platforms/vtp.py`).

SEAT's used cars of Spain are sold by another site (Das WeltAuto), which this module does not read.
"""

from raw.platforms.vtp import endpoints

VTP_SEARCH, VTP_DEALERS = endpoints("SEAT", "seatwebfe", {"gb": ("stukgwb",), "es": ("stesnwb",)})

ENDPOINTS = (VTP_SEARCH, VTP_DEALERS)
