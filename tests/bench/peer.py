"""The peer on the same stock: dlt's own `rest_api` source into Iceberg tables on its `filesystem` destination.

`python -m tests.bench.peer <origin> <hints.json> <folder>`, in the bench's environment. One resource a market (and
slice of it), all into one table; pages by dlt's offset paginator, which has one request under way. Fields that hold
lists are hinted `json`, so that nested objects flatten to typed columns and no child tables appear. dlt keeps no copy
of the answers, and this load replaces the table: it knows no vehicle that has gone. Prints a JSON object with the
rows loaded.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from itertools import product
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from raw.archive.json_fields import value_at
from raw.endpoint.declaration import Endpoint, market_parameters
from raw.endpoint.paging import Offset
from raw.endpoint.requests import Get, render
from raw.endpoint.slicing import Listed
from resources.lake.lake import lake_at
from resources.sandbox.serving.credentials import sandbox_credential
from tests.bench.subject import stock_of, subject

TUNED: Mapping[str, str] = {
    "NORMALIZE__WORKERS": "2",
    "EXTRACT__WORKERS": "8",
    "LOAD__WORKERS": "4",
    "DATA_WRITER__BUFFER_MAX_ITEMS": "20000",
    "EXTRACT__DATA_WRITER__FILE_MAX_ITEMS": "20000",
    "NORMALIZE__DATA_WRITER__FILE_MAX_ITEMS": "200000",
}
"""The settings of the tuned run, as environment variables."""


def paths_of_lists(record: Any, before: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Where in a record lists stand that are below no other list."""
    for name, value in record.items() if isinstance(record, dict) else ():
        if isinstance(value, list):
            yield (*before, name)
        else:
            yield from paths_of_lists(value, (*before, name))


def configuration(origin: str, endpoint: Endpoint, hints: Mapping[str, Any]) -> dict[str, Any]:
    """The endpoint as dlt's `rest_api` source is told of it."""
    pages, request = endpoint.pages, endpoint.request
    assert isinstance(pages, Offset)
    assert isinstance(request, Get)
    resources = []
    for market, chosen in _slices(endpoint):
        parameters = {**market_parameters(endpoint, market), **chosen}
        rendered = render(request, parameters, {}, reveal=sandbox_credential, once={})
        url = urlsplit(rendered.url)
        resources.append(
            {
                "name": "_".join(["stock", market, *chosen.values()]),
                "table_name": "stock",
                "write_disposition": "replace",
                "table_format": "iceberg",
                "columns": hints,
                "endpoint": {
                    "path": url.path,
                    "params": dict(request.params),
                    "headers": {**dict(rendered.headers), "Host": url.netloc},
                    "data_selector": endpoint.records,
                    "paginator": {
                        "type": "offset",
                        "limit": pages.step,
                        "offset_param": pages.start,
                        "limit_param": pages.size,
                        "total_path": pages.total,
                    },
                },
            }
        )
    return {"client": {"base_url": origin}, "resources": resources}


def _slices(endpoint: Endpoint) -> Iterator[tuple[str, dict[str, str]]]:
    """Each market with each of its slices: the parameters that choose the slice."""
    for market in endpoint.markets:
        slices = {name: values for name, values in endpoint.slices_in(market).items() if not isinstance(values, Listed)}
        for values in product(*(slices[name] for name in slices)):
            yield market, {name: str(value) for name, value in zip(slices, values, strict=True)}


def hints_of(recording: str, endpoint: Endpoint) -> dict[str, Any]:
    """Columns of type `json`, one for each list that a record of the recording holds, named as dlt names them."""
    from dlt.common.normalizers.naming.snake_case import NamingConvention

    from tests.bench.recording import responses

    host = urlsplit(endpoint.requests()[0].url).netloc
    bodies = (
        json.loads(bytes(one["body"]))  # type: ignore[call-overload]
        for one in responses(lake_at(recording), ["kind", "url", "body"])
        if one["kind"] == "page" and urlsplit(str(one["url"])).netloc == host
    )
    naming = NamingConvention()
    few = [value_at(next(bodies), endpoint.records.split(".")) for _ in range(3)]
    paths = {path for records in few for record in records for path in paths_of_lists(record)}
    return {naming.normalize_path("__".join(path)): {"data_type": "json"} for path in sorted(paths)}


def main(origin: str, hints: str, folder: str) -> None:
    import dlt
    from dlt.sources.rest_api import rest_api_source

    endpoint = stock_of(subject())
    pipeline = dlt.pipeline(
        "bench",
        pipelines_dir=f"{folder}/pipelines",
        destination=dlt.destinations.filesystem(bucket_url=f"file://{folder}/tables"),
        dataset_name="stock",
    )
    source = rest_api_source(configuration(origin, endpoint, json.loads(Path(hints).read_text())))
    loaded = pipeline.run(source, loader_file_format="parquet")
    loaded.raise_on_failed_jobs()
    counts = pipeline.last_trace.last_normalize_info.row_counts
    print(json.dumps({"rows": counts["stock"], "tables": sorted(counts)}))


if __name__ == "__main__":
    main(*sys.argv[1:])
