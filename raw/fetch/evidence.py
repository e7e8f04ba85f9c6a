"""What a market's pages prove: how many records came, how many distinct listings, and what the OEM says there is.

Counted in bounded memory while the pages come; no page is kept.
"""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Iterable

from raw.endpoint.declaration import Endpoint
from raw.fetch.page_reader import PageContent
from resources.failures import Cause


class Evidence:
    """The counts of one attempt at a market. Whatever is archived as a page is in the counts, and nothing else."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._identities = IdentityCounter()
        self._totals: dict[str, tuple[int, int]] = {}  # slice -> (page that reported last, total)
        self._full_pages: dict[str, set[bytes]] = {}  # slice -> fingerprints
        self.responses = 0
        self.body_bytes = 0
        self.pages = 0

    def add_response(self, body: bytes) -> None:
        self.responses += 1
        self.body_bytes += len(body)

    def is_repeated(self, slice_name: str, content: PageContent, body: bytes) -> bool:
        """Whether the same full page came before in this slice; remembers a full page that did not."""
        page_size = self._endpoint.pages.page_size
        if page_size is None:
            return False
        seen = self._full_pages.setdefault(slice_name, set())
        mark = _fingerprint(content, body)
        if mark in seen:
            return True
        if content.count >= page_size:
            seen.add(mark)
        return False

    def add_page(self, slice_name: str, number: int, content: PageContent) -> None:
        self.pages += 1
        self._identities.add(content.identities)
        if content.total is not None and number >= self._totals.get(slice_name, (0, 0))[0]:
            self._totals[slice_name] = number, content.total

    def collected(self) -> int:
        """Records in the pages."""
        return self._identities.collected()

    def unique(self) -> int:
        """Distinct listings among them."""
        return self._identities.unique()

    def reported_total(self) -> int | None:
        """What the OEM says there is, None where it does not say."""
        return sum(total for _, total in self._totals.values()) if self._totals else None

    def shortfall(self) -> int:
        return max(0, (self.reported_total() or 0) - self.unique())

    def incompleteness(self) -> tuple[Cause, str] | None:
        """Why the pages, each of them good, do not prove what the market holds."""
        endpoint, unique, reported = self._endpoint, self.unique(), self.reported_total()
        if unique < endpoint.minimum_expected:
            return Cause.EMPTY_FEED, f"{unique} records, expected at least {endpoint.minimum_expected}"
        if endpoint.trusted_total and self.shortfall() > endpoint.total_tolerance * (reported or 0):
            return Cause.SHORTFALL, f"{unique} distinct records of {reported} reported"
        return None


def _fingerprint(content: PageContent, body: bytes) -> bytes:
    """What tells a page from another: its identities in their order, or its bytes where it has none."""
    known = any(content.identities)
    text = (
        "\0".join(identity or "" for identity in content.identities).encode(errors="surrogatepass") if known else body
    )
    return hashlib.blake2b(text, digest_size=8).digest()


class IdentityCounter:
    """Counts distinct identities at 8 bytes a record: 64-bit hashes, compared once at the end.

    Among a million records the chance that two share a hash is below one in ten million.
    """

    def __init__(self) -> None:
        self._hashes = array("Q")
        self._without = 0

    def add(self, identities: Iterable[str | None]) -> None:
        for identity in identities:
            if identity is None:
                self._without += 1
            else:
                encoded = identity.encode(errors="surrogatepass")
                self._hashes.append(int.from_bytes(hashlib.blake2b(encoded, digest_size=8).digest()))

    def collected(self) -> int:
        return len(self._hashes) + self._without

    def unique(self) -> int:
        """Distinct identities; records without one count each."""
        import pyarrow as pa
        import pyarrow.compute as pc

        if not self._hashes:
            return self._without
        hashes = pa.Array.from_buffers(pa.uint64(), len(self._hashes), [None, pa.py_buffer(self._hashes)])
        return int(pc.count_distinct(hashes).as_py()) + self._without
