"""Which OEMs there are: each module in `raw/` that declares `ENDPOINTS`. Packages in `raw/` hold no makers, and so the
platforms that makers share (`raw/platforms/`) are none.

Nothing heavy is imported here, since the definitions load this module.
"""

from __future__ import annotations

import importlib
import pkgutil
from dataclasses import dataclass
from types import ModuleType

import raw
from raw.endpoint.contradictions import contradiction
from raw.endpoint.declaration import Dealers, Endpoint, Inventory
from resources.failures import Cause, PlatformError
from resources.markets import MARKETS


@dataclass(frozen=True, slots=True)
class Oem:
    """An OEM by its module's name, with its endpoints in the order of their declaration."""

    name: str
    endpoints: tuple[Endpoint, ...]

    def yielding(self, kind: type[Inventory | Dealers]) -> tuple[Endpoint, ...]:
        """The endpoints that yield vehicles (Inventory) or dealers (Dealers)."""
        return tuple(endpoint for endpoint in self.endpoints if isinstance(endpoint.yields, kind))

    def shares_table(self, endpoint: Endpoint) -> bool:
        """Whether rows of one table are yielded by the endpoint, or one that needs it, and by one that does not."""
        dependent = [one for one in self.endpoints if endpoint.name in (one.name, one.answers_of)]
        tables = {type(one.yields) for one in dependent}
        return any(type(one.yields) in tables for one in self.endpoints if one not in dependent)

    def endpoint(self, name: str) -> Endpoint:
        return next(endpoint for endpoint in self.endpoints if endpoint.name == name)


def discover() -> list[Oem]:
    """Every OEM, by name.

    Raises PlatformError(CONFIGURATION) for a module that has endpoints and no ENDPOINTS, for declarations that
    contradict each other, and for a market that the platform does not know.
    """
    oems = []
    for module_info in pkgutil.iter_modules(raw.__path__):
        if module_info.ispkg:
            continue
        module = importlib.import_module(f"raw.{module_info.name}")
        endpoints = _endpoints_of(module)
        if endpoints:
            oem = Oem(module_info.name, endpoints)
            _check(oem)
            oems.append(oem)
    return oems


def _endpoints_of(module: ModuleType) -> tuple[Endpoint, ...]:
    """What a module names in ENDPOINTS, so that it may import another maker's endpoint without having it."""
    name = module.__name__
    declared: object = getattr(module, "ENDPOINTS", None)
    if declared is None:
        if any(isinstance(value, Endpoint) for value in vars(module).values()):
            raise PlatformError(
                Cause.CONFIGURATION,
                f"{name} declares an Endpoint and no ENDPOINTS",
                advice=f"Write ENDPOINTS = (...) in {name.replace('.', '/')}.py, with each endpoint that it fetches.",
            )
        return ()
    if not isinstance(declared, tuple) or not all(isinstance(value, Endpoint) for value in declared):
        raise PlatformError(
            Cause.CONFIGURATION,
            f"{name}.ENDPOINTS is not a tuple of endpoints",
            advice=f"Write ENDPOINTS = (...) in {name.replace('.', '/')}.py, with each endpoint that it fetches.",
        )
    return declared


def _check(oem: Oem) -> None:
    for endpoint in oem.endpoints:
        if problem := contradiction(endpoint, oem.endpoints):
            detail, advice = problem
            raise PlatformError(Cause.CONFIGURATION, detail, oem=oem.name, endpoint=endpoint.name, advice=advice)
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
    for endpoint in oem.endpoints:
        for market in endpoint.markets:
            if market not in MARKETS:
                raise PlatformError(
                    Cause.CONFIGURATION,
                    f"{market!r} is no market of the platform",
                    oem=oem.name,
                    endpoint=endpoint.name,
                    advice=f"Add a row Market({market!r}, language, currency, distance unit) to resources/markets.py, "
                    f"or correct the endpoint's `markets`.",
                )
