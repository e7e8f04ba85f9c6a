"""CUPRA, played: the lots of its stock locator on VTP (`resources/sandbox/platforms/vtp.py`)."""

from __future__ import annotations

from resources.sandbox import parts
from resources.sandbox.parts import Lot, Route, World
from resources.sandbox.platforms.vtp import vtp_routes

_MODELS = """
brand|code  |name     |trim|vin     |fuel             |drive|gear     |kw:int|range:int|price:int|weight:int
CUPRA|KL17XX|Born     |V3  |VSSZZZK1|PURE_ELECTRICAL  |rear |automatic|170   |548      |41000    |8
CUPRA|KR1CED|Tavascan |VZ2 |VSSZZZKR|PURE_ELECTRICAL  |all  |automatic|250   |522      |55000    |4
CUPRA|KM72NX|Formentor|V1  |VSSZZZKM|DEPLETING_PETROL |front|automatic|110   |         |35000    |12
CUPRA|KM79PX|Formentor|VZ1 |VSSZZZKM|SUSTAINING_PETROL|front|automatic|200   |119      |47000    |4
CUPRA|KU14GZ|Leon     |V1  |VSSZZZKL|PURE_PETROL      |front|manual   |110   |         |31000    |6
CUPRA|KU1BKZ|Leon     |V2  |VSSZZZKL|PURE_DIESEL      |front|automatic|110   |         |36000    |4
"""
_DEALERS = parts.Dealers("cupra", {"gb": 60, "es": 40}, name="CUPRA {city}", without_stock=0.1)


def sandbox_routes(world: World) -> list[Route]:
    lots = {"cuukgwb": Lot("gb", 10), "cuesgwb": Lot("es", 9), "cuesnwb": Lot("es", 7, used=0)}
    return vtp_routes(world, "cupra", prefix="cu", pattern="cuprawebfe", lots=lots, models=_MODELS, dealers=_DEALERS)
