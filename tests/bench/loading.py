"""What loading the definitions costs beside the bare imports of Dagster: `python -m tests.bench.loading --copies 3`.

A copy of the checkout holds every maker several times, as modules under other names, so that the definitions are those
of sixty makers. Prints CPU seconds and peak memory of fresh processes, the median of five each, taken in turns: of the
imports, of the imports and as many plain assets of Dagster's own, and of the definitions. No process compiles: the
bytecode of all modules is written before.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import tempfile
from pathlib import Path

from raw.wiring.discovery import discover
from tests.support.checkout_copy import CheckoutCopy

_TIMES = 5
_MODULES_OF_A_MAKER = ("raw", "transformed", "resources/sandbox")
_BEGIN = """
import json, resource, time
begun = time.process_time()
import dagster as dg
import dagster_aws.ecs
"""
_END = """
used = resource.getrusage(resource.RUSAGE_SELF)
print(json.dumps([count, time.process_time() - begun, used.ru_maxrss / 1024]))
"""
_LOADED = {
    "imports": "count = 0",
    "plain assets": """
made = []
for number in range({assets}):
    @dg.asset(name=f"asset_{{number}}", deps=[f"asset_{{number - 1}}"] if number else [])
    def one(context: dg.AssetExecutionContext) -> None: ...
    made.append(one)
job = dg.define_asset_job("nightly", selection="*")
count = len(dg.Definitions(assets=made, jobs=[job]).get_repository_def().asset_graph.executable_asset_keys)
""",
    "definitions": """
from definitions import defs
count = len(defs.get_repository_def().asset_graph.executable_asset_keys)
""",
}


def add_copies(folder: Path, copies: int) -> None:
    """Have each maker of a checkout so many times."""
    for maker in discover():
        for number in range(2, copies + 1):
            for tier in _MODULES_OF_A_MAKER:
                shutil.copy2(folder / tier / f"{maker.name}.py", folder / tier / f"{maker.name}_{number}.py")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--copies", type=int, default=3)
    copies = parser.parse_args().copies
    found: dict[str, list[tuple[int, float, float]]] = {what: [] for what in _LOADED}
    with tempfile.TemporaryDirectory() as folder:
        checkout = CheckoutCopy(Path(folder))
        add_copies(checkout.folder, copies)
        checkout.python("-m", "compileall", "-q", ".")
        assets = 0
        for turn in range(_TIMES + 1):
            for what, code in reversed(_LOADED.items()):  # the definitions first, which say how many assets there are
                done = checkout.python("-c", _BEGIN + code.format(assets=assets) + _END)
                count, cpu_seconds, peak_mb = json.loads(done.stdout.splitlines()[-1])
                assets = max(assets, count)
                if turn:  # the first one fills the caches of the disk
                    found[what].append((count, cpu_seconds, peak_mb))
    medians = {what: [statistics.median(values) for values in zip(*of, strict=True)] for what, of in found.items()}
    _, cpu_of_imports, peak_of_imports = medians["imports"]
    for what, (count, cpu_seconds, peak_mb) in medians.items():
        ratios = f"{cpu_seconds / cpu_of_imports:.2f} x CPU, {peak_mb / peak_of_imports:.2f} x memory"
        print(f"{what:14}{count:5} assets {cpu_seconds:6.2f} CPU s {peak_mb:6.0f} MB  {ratios} of the imports")
    print(json.dumps(medians))


if __name__ == "__main__":
    main()
