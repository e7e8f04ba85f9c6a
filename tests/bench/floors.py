"""What the work of a tier costs at least on the same bytes: `python -m tests.bench.floors <floor> ...`.

land <recording> <origin> <file>   each page over one plain socket, compressed by zstd 3 into a file
parse <file>                       that file read, decompressed, parsed by simdjson
write <lake> <file>                the lake's typed rows of the stock as one Parquet file; only the writing counts

Each prints a JSON object of its CPU seconds, without imports and without making ready.
"""

from __future__ import annotations

import json
import socket
import struct
import sys
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from resources.lake.lake import lake_at
from tests.bench.subject import DAYS, stock_of, subject

_SIZES = struct.Struct(">QQ")  # before each page in the file of pages: bytes compressed, bytes of the page


def land(recording: str, origin: str, target: str) -> Callable[[], None]:
    import pyarrow as pa

    from tests.bench.recording import responses

    host = urlsplit(stock_of(subject()).requests()[0].url).netloc
    urls = [
        urlsplit(str(one["url"])) for one in responses(lake_at(recording), ["kind", "url"]) if one["kind"] == "page"
    ]
    asked = [
        f"GET {url.path}?{url.query} HTTP/1.1\r\nHost: {url.netloc}\r\n\r\n".encode()
        for url in urls
        if url.netloc == host
    ]
    codec = pa.Codec("zstd", compression_level=3)
    address = urlsplit(origin)

    def work() -> None:
        connection = socket.create_connection((address.hostname or "", address.port or 0))
        with connection, Path(target).open("wb") as file:
            for request in asked:
                connection.sendall(request)
                body = _body(connection)
                page = codec.compress(body, asbytes=True)
                file.write(_SIZES.pack(len(page), len(body)))
                file.write(page)

    return work


def _body(connection: socket.socket) -> memoryview:
    received = bytearray()
    while (end := received.find(b"\r\n\r\n")) < 0:
        received += connection.recv(65_536)
    headers = bytes(received[:end]).lower()
    length = int(headers.split(b"content-length:")[1].split(b"\r\n")[0])
    body = memoryview(bytearray(length))
    at = len(received) - end - 4
    body[:at] = received[end + 4 :]
    while at < length:
        at += connection.recv_into(body[at:])
    return body


def parse(source: str) -> Callable[[], None]:
    import pyarrow as pa
    import simdjson

    codec = pa.Codec("zstd")
    parser = simdjson.Parser()

    def work() -> None:
        with Path(source).open("rb") as file:
            while sizes := file.read(_SIZES.size):
                compressed, whole = _SIZES.unpack(sizes)
                parser.parse(codec.decompress(file.read(compressed), whole, asbytes=True))

    return work


def write(lake: str, target: str) -> Callable[[], None]:
    from transformed.day.output import read_rows
    from transformed.day.report import read_report

    oem = subject()
    stored = lake_at(lake)
    rows = read_rows(stored, read_report(stored, oem.name, stock_of(oem).yields.name, DAYS[0])).rechunk()
    return lambda: rows.write_parquet(target, compression="zstd")


_FLOORS: dict[str, Callable[..., Callable[[], None]]] = {"land": land, "parse": parse, "write": write}


if __name__ == "__main__":
    work = _FLOORS[sys.argv[1]](*sys.argv[2:])
    begun = time.process_time()
    work()
    print(json.dumps({"cpu_seconds": time.process_time() - begun}))
