"""Which OEMs there are: a module in `raw/` that declares an Endpoint is one.

Belongs here: discovery and the checks that declarations agree with each other. Does not belong here: any OEM's
name, and anything heavy, since the definitions load this.
"""

from __future__ import annotations

import importlib
import pkgutil
from dataclasses import dataclass

import raw
from raw.endpoint.declaration import Dealers, Endpoint, Inventory
from resources.failures import Cause, PlatformError


@dataclass(frozen=True, slots=True)
class Oem:
    """An OEM by its module's name, with its endpoints in the order of their declaration."""

    name: str
    endpoints: tuple[Endpoint, ...]

    def yielding(self, kind: type[Inventory | Dealers]) -> tuple[Endpoint, ...]:
        """The endpoints that yield vehicles (Inventory) or dealers (Dealers)."""
        return tuple(endpoint for endpoint in self.endpoints if isinstance(endpoint.yields, kind))

    def endpoint(self, name: str) -> Endpoint:
        return next(endpoint for endpoint in self.endpoints if endpoint.name == name)


def discover() -> list[Oem]:
    """Every OEM, by name. Raises PlatformError(CONFIGURATION) for declarations that contradict each other."""
    oems = []
    for module_info in pkgutil.iter_modules(raw.__path__):
        module = importlib.import_module(f"raw.{module_info.name}")
        endpoints = tuple(value for value in vars(module).values() if isinstance(value, Endpoint))
        if endpoints:
            oem = Oem(module_info.name, endpoints)
            _check(oem)
            oems.append(oem)
    return oems


def _check(oem: Oem) -> None:
    names = [endpoint.name for endpoint in oem.endpoints]
    tables = [endpoint.yields.name for endpoint in oem.endpoints]
    for kind, values in (("endpoints", names), ("transformed tables", tables)):
        if len(set(values)) != len(values):
            raise PlatformError(Cause.CONFIGURATION, f"two {kind} share a name: {sorted(values)}", oem=oem.name)
    for table in (Inventory, Dealers):
        markets = [market for endpoint in oem.yielding(table) for market in endpoint.markets]
        if len(set(markets)) != len(markets):
            raise PlatformError(
                Cause.CONFIGURATION,
                f"two endpoints yield {table.__name__.lower()} of one market: {sorted(markets)}",
                oem=oem.name,
            )
