"""Makes `tests/data/lake-of-ccba373.tar.xz`: a small lake as the project's version ccba373 wrote it.

    cd <a checkout of ccba373> && python <this file> <the archive to write>

It imports nothing but `definitions` and what that version had, so that it runs there. Iceberg's metadata holds absolute
paths, so the lake is made, and unpacked by the tests, at one place: `PLACE`.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from datetime import date
from pathlib import Path

PLACE = Path("/tmp/oem-stock-lake-of-ccba373")  # noqa: S108 - the place is part of the data
DAYS = (date(2026, 11, 1), date(2026, 11, 2), date(2026, 11, 4))


def main(archive: str) -> None:
    shutil.rmtree(PLACE, ignore_errors=True)
    os.environ |= {"LAKE_URI": str(PLACE), "OEM_APIS": "sandbox", "SANDBOX_VEHICLES": "200", "SANDBOX_SEED": "7"}
    sys.path.insert(0, str(Path.cwd()))
    import dagster as dg

    import definitions

    job = definitions.build_defs().resolve_job_def("nightly")
    with dg.DagsterInstance.ephemeral() as instance:
        for day in DAYS:
            job.execute_in_process(instance=instance, partition_key=day.isoformat(), raise_on_error=False)
    subprocess.run(["tar", "-C", str(PLACE), "-cJf", archive, "."], check=True)  # noqa: S607


if __name__ == "__main__":
    main(sys.argv[1])
