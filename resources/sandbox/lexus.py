"""Lexus in the United States, played: the search that it shares with Toyota. Built from a field list."""

from __future__ import annotations

from resources.sandbox import parts
from resources.sandbox.parts import Route, World
from resources.sandbox.platforms.toyota import us_stock

_MODELS = parts.table("""
series|code|gear                     |engine                    |drive|price:int|weight:int|vin     |name|grade
ESh   |9004|ECVT                     |2.5L 4-Cyl. Hybrid        |FWD  |46000    |10        |58AD21B1|ES  |300h Luxury
GX    |9700|10-Speed Automatic       |3.4L V6 Engine            |4WD  |72000    |12        |JTJTBCDX|GX  |550 Premium
IS    |9516|8-Speed Automatic        |2.0L 4-Cyl. Engine        |RWD  |43000    |8         |JTHDA1D2|IS  |300
NX    |9800|8-Speed Automatic        |2.5L 4-Cyl. Engine        |AWD  |43500    |14        |2T2GGCEZ|NX  |250
NXPHEV|9824|ECVT                     |2.5L 4-Cyl. Plug-in Hybrid|AWD  |62000    |5         |JTJKKCFZ|NX  |450h+
RXh   |9444|ECVT                     |2.5L 4-Cyl. Hybrid        |AWD  |54500    |18        |2T2BBMCA|RX  |350h
RZ    |9930|Single-Speed Transmission|Electric Motor            |AWD  |59000    |4         |JTJAAAAB|RZ  |450e
""")
_DEALERS = parts.Dealers("lexus", {"us": 120}, name="Lexus of {city};{city} Lexus", without_stock=0.05)


def sandbox_routes(world: World) -> list[Route]:
    return [us_stock(world, oem="lexus", endpoint="locate_vehicles", brand="LEXUS", models=_MODELS, dealers=_DEALERS)]
