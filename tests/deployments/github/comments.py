"""GitHub's comment API as far as the gate's action uses it, over HTTP, two comments a page, and failing as told."""

import json
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

PER_PAGE = 2
TOKEN = "a-token"


@dataclass
class Comments:
    """The comments of pull request 7 of `me/app`; `fail` are statuses of the next answers, the last one for good."""

    login: str = "github-actions[bot]"
    stored: list[dict[str, Any]] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    fail: list[int] = field(default_factory=list)

    def add(self, login: str, body: str) -> None:
        """A comment of somebody."""
        number = max((comment["id"] for comment in self.stored), default=100) + 1
        self.stored.append({"id": number, "user": {"login": login}, "body": body})

    def __enter__(self) -> Self:
        """Listen."""
        comments = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                comments._handle(self)

            do_POST = do_PATCH = do_DELETE = do_GET  # noqa: N815

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def _handle(self, request: Any) -> None:
        self.asked.append(f"{request.command} {request.path}")
        text = request.rfile.read(int(request.headers.get("content-length", 0)))
        links = {}
        if self.fail:
            status, answer = (self.fail.pop(0) if len(self.fail) > 1 else self.fail[0]), {"message": "no"}
        elif request.headers["authorization"] != f"Bearer {TOKEN}":
            status, answer = 401, {"message": "who are you?"}
        else:
            status, answer, links = self._answer(request.command, request.path, json.loads(text or b"{}"))
        content = b"" if answer is None else json.dumps(answer).encode()
        request.send_response(status)
        for name, value in {**links, "content-length": str(len(content))}.items():
            request.send_header(name, value)
        request.end_headers()
        request.wfile.write(content)

    def _answer(self, method: str, path: str, content: dict[str, Any]) -> tuple[int, Any, dict[str, str]]:
        where = urlsplit(path)
        number = int(where.path.rpartition("/")[2]) if "/issues/comments/" in where.path else None
        if method == "GET" and where.path == "/repos/me/app/issues/7/comments":
            page = int(parse_qs(where.query).get("page", ["1"])[0])
            last = -(-len(self.stored) // PER_PAGE)
            following = f'<{self.url}{where.path}?per_page=100&page={page + 1}>; rel="next"' if page < last else ""
            return 200, self.stored[(page - 1) * PER_PAGE : page * PER_PAGE], {"link": following} if following else {}
        if method == "POST" and where.path == "/repos/me/app/issues/7/comments":
            self.add(self.login, content["body"])
            return 201, self.stored[-1], {}
        for comment in [comment for comment in self.stored if comment["id"] == number]:
            if method == "DELETE":
                self.stored.remove(comment)
                return 204, None, {}
            comment["body"] = content["body"]
            return 200, comment, {}
        return 404, {"message": "Not Found"}, {}
