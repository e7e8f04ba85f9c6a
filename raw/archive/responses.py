"""One archived response: its columns, and the schema of a part that holds them.

raw/<oem>/<endpoint>/<date>/<attempt>/part-00000.parquet    one row a response, columns as in `archive_schema`
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import pyarrow as pa

Kind = Literal["page", "market_list", "list", "first", "end", "refused"]
"""page: holds records that count. market_list: the list of markets. list: the values of a slice. first: an answer whose
values fill later requests. end: the OEM's way of saying that there is
no more. refused: anything else that came back, retried attempts included."""


@dataclass(frozen=True, slots=True)
class ArchivedResponse:
    """One response. `slice` names the slice's parameters (`class=E`), `page` counts from 0 within it;
    `headers` are those worth keeping; credentials in the request are replaced by their variable's name."""

    market: str
    slice: str
    page: int
    kind: Kind
    cause: str | None
    attempt_number: int
    method: str
    url: str
    request_headers: str
    request_body: bytes | None
    status: int | None
    headers: str
    fetched_at: datetime
    body: bytes


def day_folder(oem: str, endpoint: str, day: date) -> str:
    return f"raw/{oem}/{endpoint}/{day.isoformat()}"


def archive_schema() -> pa.Schema:
    """The columns of a part, one row a response."""
    import pyarrow as pa

    return pa.schema(
        [
            pa.field("market", pa.string(), nullable=False),
            pa.field("slice", pa.string(), nullable=False),
            pa.field("page", pa.int32(), nullable=False),
            pa.field("kind", pa.string(), nullable=False),
            pa.field("cause", pa.string()),
            pa.field("attempt_number", pa.int32(), nullable=False),
            pa.field("method", pa.string(), nullable=False),
            pa.field("url", pa.string(), nullable=False),
            pa.field("request_headers", pa.string(), nullable=False),
            pa.field("request_body", pa.binary()),
            pa.field("status", pa.int32()),
            pa.field("headers", pa.string(), nullable=False),
            pa.field("fetched_at", pa.timestamp("us", tz="UTC"), nullable=False),
            pa.field("sha256", pa.string(), nullable=False),
            pa.field("body", pa.binary(), nullable=False),
        ]
    )


MEANINGS = {
    "market": "our code of the market",
    "slice": "the parameters that part the market into lists, such as `class=E`",
    "page": "of the slice, from 0",
    "kind": "page (its records count), market_list, list, first, end, or refused",
    "cause": "why it was refused",
    "attempt_number": "which sending of the request it answers, from 1",
    "method": "HTTP's",
    "url": "as it was sent, credentials replaced by their variable's name",
    "request_headers": "JSON, credentials replaced by their variable's name",
    "request_body": "credentials replaced by their variable's name",
    "status": "HTTP's, null where no answer came",
    "headers": "JSON, those of the answer that matter",
    "fetched_at": "when the answer had come",
    "sha256": "of the body, checked whenever it is read",
    "body": "the bytes as they came, without gzip or deflate",
}
"""What each column of `archive_schema` holds, as people are shown it."""
