"""A web service for tests: it keeps what it hears, and answers as it is told, path by path."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

import orjson


@dataclass(frozen=True)
class Said:
    """An answer; a status of 0 hangs up without one."""

    status: int = 200
    body: Any = b""
    headers: dict[str, str] = field(default_factory=dict)
    after_seconds: float = 0.0


@dataclass(frozen=True)
class Heard:
    """A request."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return orjson.loads(self.body)

    @property
    def form(self) -> dict[str, str]:
        """The body as a form."""
        return {name: values[0] for name, values in parse_qs(self.body.decode()).items()}


@dataclass
class Service:
    """`answer(heard, n)` says what the n-th request (from 1) to a path gets."""

    url: str
    answer: Callable[[Heard, int], Said]
    heard: list[Heard] = field(default_factory=list)

    def at(self, path: str) -> list[Heard]:
        """The requests to *path*."""
        return [each for each in self.heard if each.path == path]


@contextmanager
def serving(answer: Callable[[Heard, int], Said] = lambda _heard, _n: Said()) -> Iterator[Service]:
    """A service on a port of its own until the block ends."""
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            heard = Heard(self.path, {name.lower(): value for name, value in self.headers.items()}, body)
            with lock:
                service.heard.append(heard)
                said = service.answer(heard, len(service.at(self.path)))
            time.sleep(said.after_seconds)
            if not said.status:
                self.close_connection = True
                return
            content = said.body if isinstance(said.body, bytes) else orjson.dumps(said.body)
            self.send_response(said.status)
            for name, value in {"content-length": str(len(content)), **said.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            return

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: object) -> None:
            """A client that gave up waiting is part of the test."""

    server = Server(("127.0.0.1", 0), Handler)
    service = Service(f"http://127.0.0.1:{server.server_port}", answer)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    try:
        yield service
    finally:
        server.shutdown()
        server.server_close()
