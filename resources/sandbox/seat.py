"""SEAT, played: the lots of its stock locator on VTP (`resources/sandbox/platforms/vtp.py`)."""

from __future__ import annotations

from resources.sandbox import parts
from resources.sandbox.parts import Lot, Route, World
from resources.sandbox.platforms.vtp import vtp_routes

_MODELS = """
brand|code  |name |trim     |vin     |fuel            |drive|gear     |kw:int|range:int|price:int|weight:int
SEAT |KJ12PZ|Ibiza|FR       |VSSZZZKJ|PURE_PETROL     |front|manual   |85    |         |21000    |12
SEAT |KJ72PZ|Arona|Xperience|VSSZZZKJ|PURE_PETROL     |front|automatic|85    |         |25000    |12
SEAT |KL12NZ|Leon |FR       |VSSZZZKL|DEPLETING_PETROL|front|automatic|110   |         |30000    |8
SEAT |KH7UQZ|Ateca|Style    |VSSZZZKH|PURE_DIESEL     |all  |automatic|110   |         |34000    |6
SEAT |AAE1ZX|Mii  |Electric |VSSZZZAA|PURE_ELECTRICAL |front|automatic|61    |260      |22000    |1
"""
_DEALERS = parts.Dealers("seat", {"gb": 70, "es": 60}, name="SEAT {city}", without_stock=0.1)


def sandbox_routes(world: World) -> list[Route]:
    lots = {"stukgwb": Lot("gb", 10), "stesnwb": Lot("es", 11, used=0)}
    return vtp_routes(world, "seat", prefix="st", pattern="seatwebfe", lots=lots, models=_MODELS, dealers=_DEALERS)
