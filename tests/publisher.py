"""A publisher on this machine that behaves as badly as real ones, when it is told to."""

from __future__ import annotations

import contextlib
import hashlib
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

CONTENT = bytes(range(256)) * 4000  # 1 MB, so that a cut falls in the middle
# A day for each version of a file, by its first byte.
DAYS = {b"\x00": "Sun, 22 Nov 2026 00:00:00 GMT", b"\xff": "Mon, 23 Nov 2026 00:00:00 GMT"}


class Publisher(ThreadingHTTPServer):
    """Serves `files`; `cuts` holds after how many bytes the next answers break off."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.files = {"/results": CONTENT}
        self.cuts = []
        self.statuses = []
        self.has_etags = self.obeys_if_range = True
        self.loops = False
        self.stalls = []
        self.has_dates = False
        self.content_type = "application/octet-stream"
        self.asked = []
        self.sent = 0

    @property
    def url(self):
        """Address of its root."""
        return f"http://127.0.0.1:{self.server_port}"

    def handle_error(self, request, client_address):
        """Keep quiet when a client hangs up."""


class Handler(BaseHTTPRequestHandler):
    """Answers as the publisher is told to."""

    def do_HEAD(self):
        """Say how large a file is."""
        self.do_GET()

    def do_GET(self):
        """Send a file, a piece of it, that it is unchanged, or a refusal."""
        publisher = self.server
        publisher.asked.append((self.path, dict(self.headers)))
        if self.path.startswith("/moved"):
            target = self.path if publisher.loops else self.path.removeprefix("/moved")
            return self._answer(302, {"Location": target})
        status = publisher.statuses.pop(0) if publisher.statuses else 200
        body = publisher.files.get(self.path)
        if status != 200 or body is None:
            return self._answer(status if status != 200 else 404, {"Retry-After": "0"})
        etag = f'"{hashlib.md5(body).hexdigest()}"' if publisher.has_etags else ""
        headers = {"Content-Type": publisher.content_type} | ({"ETag": etag} if etag else {})
        if publisher.has_dates:
            headers["Last-Modified"] = DAYS[body[:1]]
        if etag and self.headers.get("If-None-Match") == etag:
            return self._answer(304, headers)
        asked = self.headers.get("Range", "")
        same = self.headers.get("If-Range", etag) == etag
        if asked and (same or not publisher.obeys_if_range):
            start = int(asked.removeprefix("bytes=").rstrip("-"))
            headers["Content-Range"] = f"bytes {start}-{len(body) - 1}/{len(body)}"
            return self._answer(206, headers, body[start:])
        return self._answer(200, headers, body)

    def _answer(self, status, headers, body=b""):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if status != 304:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        publisher = self.server
        if self.command == "HEAD":
            return
        if body and publisher.cuts:
            body = body[: publisher.cuts.pop(0)]
            self.close_connection = True
        if body and publisher.stalls:
            at, until = publisher.stalls.pop(0)
            self.wfile.write(body[:at])
            publisher.sent += at
            until.wait(10)
            return
        publisher.sent += len(body)
        self.wfile.write(body)

    def log_message(self, *_):
        """Keep quiet."""


@contextlib.contextmanager
def serving():
    """Run a publisher."""
    server = Publisher()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
