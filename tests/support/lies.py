"""The lies that a host tells: each changes one answer on its way out (`tests/support/outgoing.py`)."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

from raw.archive.json_fields import value_at
from tests.support.outgoing import Page, whole_number

Draw = random.Random
HTML = b"<!DOCTYPE html><html><head><title>Just a moment...</title></head><body>Checking your browser</body></html>"


@dataclass(frozen=True)
class Lie:
    """kind: a key of LIES. market, page: where it strikes, None: everywhere. times: of each page, None: always."""

    kind: str
    market: str | None
    page: int | None
    times: int | None
    seed: int

    def strikes(self, key: tuple[str, str, int], times_before: int) -> bool:
        market, _, page = key
        return self.market in (None, market) and self.page in (None, page) and times_before < (self.times or 1 << 30)

    def __str__(self) -> str:
        where = f"{self.market or 'every market'} page {'any' if self.page is None else self.page}"
        return f"{self.kind} at {where}, {self.times or 'any number of'} times"


LIES: dict[str, Callable[[Page, Draw], None]] = {}


def lie(act: Callable[[Page, Draw], None]) -> Callable[[Page, Draw], None]:
    LIES[act.__name__.replace("_", " ")] = act
    return act


def _other(page: Page, number: int) -> bytes | None:
    market, slice_name, _ = page.key
    return page.others.get((market, slice_name, number))


# --- pages -------------------------------------------------------------------------------------------------------


@lie
def page_is_the_next_one(page: Page, draw: Draw) -> None:
    if (other := _other(page, page.key[2] + 1)) is not None and page.status == 200:
        page.body = other


@lie
def page_is_the_one_before(page: Page, draw: Draw) -> None:
    if (other := _other(page, page.key[2] - 1)) is not None:
        page.status, page.body = 200, other


@lie
def paging_is_ignored(page: Page, draw: Draw) -> None:
    if (other := _other(page, 0)) is not None:
        page.status, page.body = 200, other


@lie
def page_of_random_number(page: Page, draw: Draw) -> None:
    numbers = [number for market, name, number in page.others if (market, name) == page.key[:2]]
    if page.status == 200 and numbers and (other := _other(page, draw.choice(numbers))) is not None:
        page.body = other


@lie
def page_loses_its_end(page: Page, draw: Draw) -> None:
    if records := page.records():
        page.replace_records(records[: draw.randrange(len(records))])


@lie
def page_is_empty(page: Page, draw: Draw) -> None:
    if page.records():
        page.replace_records([])


@lie
def page_is_longer(page: Page, draw: Draw) -> None:
    if records := page.records():
        page.replace_records([*records, *draw.sample(records, k=draw.randint(1, len(records)))])


@lie
def a_record_hides_another(page: Page, draw: Draw) -> None:
    records = page.records()
    if records and len(records) > 1:
        hidden, shown = draw.sample(range(len(records)), k=2)
        records[hidden] = records[shown]
        page.replace_records(records)
        page.is_consistent_lie = True  # a duplicate that explains the difference is no shortfall


@lie
def records_are_shuffled(page: Page, draw: Draw) -> None:
    if records := page.records():
        page.replace_records(draw.sample(records, k=len(records)))


@lie
def records_are_no_objects(page: Page, draw: Draw) -> None:
    if records := page.records():
        records[draw.randrange(len(records))] = draw.choice([None, 5, "a car", [], True])
        page.replace_records(records)


@lie
def identity_is_missing(page: Page, draw: Draw) -> None:
    records = page.records()
    for record in draw.sample(records, k=draw.randint(1, len(records))) if records else []:
        for path in page.endpoint.identities if isinstance(record, dict) else ():
            *parents, last = path.split(".")
            node = value_at(record, parents)
            if isinstance(node, dict):
                node[last] = draw.choice([None, "", {"id": 1}, [7], True])
    page.replace_records(records or [])


@lie
def records_have_another_name(page: Page, draw: Draw) -> None:
    if page.records() is not None:
        page.replace_records(draw.choice([None, {}, "none", 0, ...]))


# --- totals ------------------------------------------------------------------------------------------------------


@lie
def total_is_missing(page: Page, draw: Draw) -> None:
    page.set_total(draw.choice([None, ...]))


@lie
def total_is_smaller(page: Page, draw: Draw) -> None:
    if total := whole_number(page.total()):
        page.set_total(draw.randrange(total))


@lie
def total_is_larger(page: Page, draw: Draw) -> None:
    if total := whole_number(page.total()):
        page.set_total(total + draw.choice([1, 50, 5_000, 10**9, 10**18]))


@lie
def total_is_no_number(page: Page, draw: Draw) -> None:
    page.set_total(draw.choice(["many", {}, [3], True, -5, "1.300", "12e3", ""]))


@lie
def total_is_text(page: Page, draw: Draw) -> None:
    if total := whole_number(page.total()):
        page.set_total(draw.choice([str(total), float(total)]))


@lie
def total_of_400_digits(page: Page, draw: Draw) -> None:
    if page.total() is not None and page.records() is not None:
        page.set_total("@")
        page.body = page.body.replace(b'"@"', b"9" * 400)


@lie
def total_moves(page: Page, draw: Draw) -> None:
    if total := whole_number(page.total()):
        page.set_total(max(0, total + draw.randint(-total // 2, total)))


# --- statuses and headers ----------------------------------------------------------------------------------------


def _status(status: int, body: bytes = b'{"message": "no"}', **headers: str) -> Callable[[Page, Draw], None]:
    def act(page: Page, draw: Draw) -> None:
        page.status, page.body = status, body
        page.headers = {"Content-Type": "application/json", **headers}

    return act


for _number in (204, 301, 400, 401, 403, 404, 408, 418, 429, 500, 502, 503):
    LIES[f"status {_number}"] = _status(_number)
LIES["status 202 and nothing"] = _status(202, b"")
LIES["status 404 in HTML"] = _status(404, HTML, **{"Content-Type": "text/html"})
LIES["status 400 in HTML"] = _status(400, HTML, **{"Content-Type": "text/html"})
LIES["status 200 in HTML"] = _status(200, HTML, **{"Content-Type": "text/html"})


@lie
def absurd_retry_after(page: Page, draw: Draw) -> None:
    if draw.random() < 0.5:
        page.status, page.body = draw.choice([429, 503]), b""
    page.headers["Retry-After"] = draw.choice(
        ["0", "soon", "-1", "1e400", "9" * 30, "Wed, 21 Oct 99999999999999999999 07:28:00 GMT", "0x10", "٣"]
    )


@lie
def absurd_date(page: Page, draw: Draw) -> None:
    page.headers["Date"] = draw.choice(["yesterday", "Wed, 21 Oct 99999999999999999999 07:28:00 GMT", "0"])
    page.headers["Retry-After"] = draw.choice(["Wed, 21 Oct 2015 07:28:00 GMT", "now"])


@lie
def odd_encoding(page: Page, draw: Draw) -> None:
    """An encoding that the body does not have. `identity` and unknown names change nothing for a reader."""
    name = draw.choice(["gzip", "deflate", "br", "zstd", "x-gzip", "identity", "rot13"])
    page.headers["Content-Encoding"] = name
    page.is_unreadable = name not in ("identity", "rot13")


@lie
def odd_content_type(page: Page, draw: Draw) -> None:
    page.headers["Content-Type"] = draw.choice(["text/html", "application/json; charset=utf-32", "", "*/*;;;"])


@lie
def header_without_end(page: Page, draw: Draw) -> None:
    page.headers["X-Request-Id"] = "x" * draw.choice([100, 5_000, 200_000])
    page.is_unreadable = len(page.headers["X-Request-Id"]) > 8_000


@lie
def connection_is_dropped(page: Page, draw: Draw) -> None:
    page.is_dropped = True


# --- bodies ------------------------------------------------------------------------------------------------------


def change_bytes(body: bytes, draw: Draw) -> bytes:
    """A body with bytes changed, removed, doubled or put in, or replaced by another body altogether."""
    if not body:
        return b"{"
    at = draw.randrange(len(body))
    cut = slice(at, at + draw.choice([1, 1, 8, 200]))
    junk = draw.choice(
        [b"\x00", b"\xff\xfe", b'"', b"}", b"[", b"NaN", b"\\ud800", b"1e999", b"9" * 400, b"\xef\xbb\xbf"]
    )
    return draw.choice(
        [
            body[: cut.start] + body[cut.stop :],
            body[:at],
            body[:at] + junk + body[at:],
            body[:at] + bytes([body[at] ^ (1 << draw.randrange(8))]) + body[at + 1 :],
            body[: cut.stop] + body[cut],
            junk + body,
            b"[" * 10_000 + body,
            draw.choice([b"", b"null", b"[]", b"{}", b"0", b'"text"', b"\xef\xbb\xbf"]),
        ]
    )


@lie
def bytes_are_changed(page: Page, draw: Draw) -> None:
    page.body = change_bytes(page.body, draw)
    page.is_consistent_lie = True  # it may have changed an identity or a total into another


@lie
def body_has_a_byte_order_mark(page: Page, draw: Draw) -> None:
    page.body = b"\xef\xbb\xbf" + page.body
