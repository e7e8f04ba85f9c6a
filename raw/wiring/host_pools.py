"""A pool for each host, so that steps which ask one host take turns: across endpoints, makers, runs and tasks.

Within a step the session keeps the declared rate and concurrency (`resources.apis.http`). Two steps at once would each
keep them, and the host would see twice the rate. The in-process executor runs one step at a time anyway; the instance
of an executor that runs steps side by side is given a limit of one for each pool, since Dagster's settings know only a
limit for all pools.
"""

from __future__ import annotations

from collections.abc import Iterable

import dagster as dg

from raw.endpoint.declaration import Endpoint
from raw.endpoint.hosts import hosts_of


def pool_of(endpoint: Endpoint) -> str | None:
    """The pool of the steps that ask the endpoint's host: `host_scs.example.com`; None where no host is asked.

    Where there are several hosts, the first of them. Where the host comes from a first answer, the steps share the pool
    of the host that gives that answer.
    """
    if endpoint.answers_of:
        return None
    named = hosts_of(endpoint)
    return f"host_{named[0]}" if named else None


def limit_pools(instance: dg.DagsterInstance, pools: Iterable[str | None]) -> None:
    """Give each pool of hosts one slot on the instance, unless somebody has set a limit for it by hand."""
    storage = instance.event_log_storage
    if not storage.supports_global_concurrency_limits:
        return
    limited = {limit.name for limit in storage.get_pool_limits() if not limit.from_default}
    for pool in sorted({pool for pool in pools if pool} - limited):
        storage.set_concurrency_slots(pool, 1)
