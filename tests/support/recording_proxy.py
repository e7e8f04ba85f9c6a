"""An HTTP proxy that notes which AWS actions pass it, named as an IAM policy names them.

Belongs here: forwarding to a server on loopback, and the names of S3's and Glue's requests. Does not belong here: what
may be called. The Host header goes on as it came, because it is part of the signature.
"""

from __future__ import annotations

import http.client
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from urllib.parse import parse_qs, urlsplit

_HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length"}


@dataclass
class Recorder:
    """`actions` holds what has passed so far."""

    endpoint: str = ""
    actions: set[str] = field(default_factory=set)
    _lock: Lock = field(default_factory=Lock)

    def note(self, actions: set[str]) -> None:
        with self._lock:
            self.actions |= actions


def aws_actions(method: str, path: str, headers: http.client.HTTPMessage) -> set[str]:
    """The IAM actions that AWS would ask for: of Glue by the request's target, of S3 by method, path and query.

    AWS, "Actions, resources, and condition keys for Amazon S3": the parts of a multipart upload need s3:PutObject,
    HEAD needs what GET needs, DeleteObjects needs s3:DeleteObject.
    """
    target = headers.get("X-Amz-Target", "")
    if target.startswith("AWSGlue."):
        return {f"glue:{target.removeprefix('AWSGlue.')}"}
    url = urlsplit(path)
    query = parse_qs(url.query, keep_blank_values=True)
    is_bucket = "/" not in url.path.strip("/")
    if is_bucket:
        if method == "POST" and "delete" in query:
            return {"s3:DeleteObject"}
        if method in ("GET", "HEAD"):
            if "uploads" in query:
                return {"s3:ListBucketMultipartUploads"}
            return {"s3:GetBucketLocation"} if "location" in query else {"s3:ListBucket"}
        return {f"s3:{method}Bucket"}
    if method in ("GET", "HEAD"):
        return {"s3:ListMultipartUploadParts"} if "uploadId" in query else {"s3:GetObject"}
    if method == "DELETE":
        return {"s3:AbortMultipartUpload"} if "uploadId" in query else {"s3:DeleteObject"}
    return {"s3:PutObject"} | ({"s3:GetObject"} if "x-amz-copy-source" in headers else set())


@contextmanager
def recording(upstream: str) -> Iterator[Recorder]:
    """A proxy in front of `upstream` (http://host:port) until the block ends."""
    recorder = Recorder()
    address = urlsplit(upstream).netloc

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _forward(self) -> None:
            body = self._body()
            recorder.note(aws_actions(self.command, self.path, self.headers))  # type: ignore[arg-type]
            connection = http.client.HTTPConnection(address, timeout=60)
            try:
                connection.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
                for name, value in self.headers.items():
                    if name.lower() not in _HOP_BY_HOP | {"expect"}:
                        connection.putheader(name, value)
                connection.putheader("Content-Length", str(len(body)))
                connection.endheaders(body)
                answer = connection.getresponse()
                content = answer.read()
                self.send_response(answer.status)
                for name, value in answer.getheaders():
                    if name.lower() not in _HOP_BY_HOP:
                        self.send_header(name, value)
                length = answer.getheader("Content-Length", "0") if self.command == "HEAD" else str(len(content))
                self.send_header("Content-Length", length)
                self.end_headers()
                self.wfile.write(content)
            finally:
                connection.close()

        def _body(self) -> bytes:
            if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
                return self.rfile.read(int(self.headers.get("Content-Length") or 0))
            body = b""
            while size := int(self.rfile.readline().split(b";")[0], 16):
                body += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
            return body

        do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = _forward  # noqa: N815

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    recorder.endpoint = f"http://127.0.0.1:{server.server_address[1]}"
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield recorder
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
