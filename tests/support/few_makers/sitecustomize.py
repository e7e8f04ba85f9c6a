"""`discover()` finds what TESTS_FEW_MAKERS names: maker -> endpoint -> markets, in JSON."""

from __future__ import annotations

import json
import os
from dataclasses import replace

from raw.wiring import discovery

_KEPT: dict[str, dict[str, list[str]]] = json.loads(os.environ["TESTS_FEW_MAKERS"])
_every_maker = discovery.discover


def discover() -> list[discovery.Oem]:
    return [
        discovery.Oem(
            oem.name,
            tuple(
                replace(endpoint, markets={market: endpoint.markets[market] for market in kept[endpoint.name]})
                for endpoint in oem.endpoints
                if endpoint.name in kept
            ),
        )
        for oem in _every_maker()
        if (kept := _KEPT.get(oem.name)) is not None
    ]


discovery.discover = discover
