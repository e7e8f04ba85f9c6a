"""Lexus in the United States: new vehicles of the search that it shares with Toyota.

Built from a field list: no answer of Lexus is public, and the codes of its series are those of its model pages. Its
dealer service is known by its address alone.
"""

from raw.platforms.toyota import us_stock

_SERIES = (
    "ES", "ESh", "GX", "IS", "ISPerformance", "LC", "LCC", "LCh", "LS", "LSh", "LX", "LXh", "NX", "NXh", "NXPHEV", "RC",
    "RCF", "RX", "RXh", "RXPHEV", "RZ", "TX", "TXh", "TXPHEV", "UXh",
)  # fmt: skip

LOCATE_VEHICLES = us_stock("locate_vehicles", "LEXUS", _SERIES)

ENDPOINTS = (LOCATE_VEHICLES,)
