"""Keep one comment on the pull request: written the first time, changed afterwards, found by a hidden marker.

Whatever goes wrong here is a warning, never a failure: the gate's exit code is the job's. Only the standard library, so
that any Python runs it.
"""

import json
import os
import re
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

Json = dict[str, Any]
PER_PAGE = 100
TRIES = 3
TIMEOUT_SECONDS = 30
# GitHub's own limit is 65,536.
LONGEST_BODY = 65_000
CUT = "\n\n*The rest is in the job's summary.*\n"
NEXT_PAGE = re.compile(r'<([^>]+)>;\s*rel="next"')
NO_ACCESS = (401, 403, 404)
TO_TRY_AGAIN = (429, 500, 502, 503, 504)


class NotSaid(Exception):
    """The comment could not be kept; the text says why and what to do."""


@dataclass(frozen=True)
class PullRequest:
    """Where the comment goes."""

    repository: str
    number: int
    from_fork: bool


def main(environment: Mapping[str, str]) -> int:
    """Keep the comment of the gate that *environment* describes; returns 0."""
    name = environment["GATE_NAME"]
    target = pull_request(environment)
    if target is None:
        say("notice", "This run belongs to no pull request: no comment.")
    elif target.from_fork:
        say("notice", "The pull request comes from a fork, whose token cannot write: no comment. See the summary.")
    else:
        github = GitHub(environment["GITHUB_API_URL"], environment["COMMENT_TOKEN"])
        text = (Path(environment["GATE_OUTPUT"]) / "comment.md").read_text(encoding="utf-8")
        try:
            done = keep(github, target, environment["COMMENT_AUTHOR"], name, text)
        except NotSaid as error:
            say("warning", f"The gate's comment was not written: {error}")
        else:
            sys.stdout.write(f"The comment on #{target.number} is {done}.\n")
    return 0


def pull_request(environment: Mapping[str, str]) -> PullRequest | None:
    """The pull request that the event is about; None where it is about none."""
    event = json.loads(Path(environment["GITHUB_EVENT_PATH"]).read_text(encoding="utf-8"))
    found = event.get("pull_request")
    if not found:
        return None
    repository = environment["GITHUB_REPOSITORY"]
    head = found["head"]["repo"] or {}  # null where the fork was deleted
    return PullRequest(repository, int(found["number"]), head.get("full_name") != repository)


def keep(github: "GitHub", target: PullRequest, author: str, name: str, text: str) -> str:
    """Make *text* the one comment of gate *name*; says what was done.

    A comment counts as ours when *author* wrote it: anybody else could have put the marker into theirs.
    """
    marker = f"<!-- nightjar-gate: {name} -->"
    body = body_of(marker, text)
    comments = f"/repos/{target.repository}/issues"
    ours = [
        comment
        for comment in github.pages(f"{comments}/{target.number}/comments?per_page={PER_PAGE}")
        if (comment["user"] or {}).get("login") == author and comment["body"].startswith(marker)
    ]
    if not ours:
        github.send("POST", f"{comments}/{target.number}/comments", {"body": body})
        return "new"
    first, *doubles = ours
    for double in doubles:  # two jobs at the same time
        github.send("DELETE", f"{comments}/comments/{double['id']}")
    if first["body"] == body:
        return "as it was"
    github.send("PATCH", f"{comments}/comments/{first['id']}", {"body": body})
    return "up to date"


def body_of(marker: str, text: str) -> str:
    """The comment, no longer than GitHub takes; a gate's own begins with the marker already."""
    body = (text if text.startswith(marker) else f"{marker}\n{text}").rstrip()
    return body if len(body) <= LONGEST_BODY else body[: LONGEST_BODY - len(CUT)] + CUT.rstrip()


class GitHub:
    """GitHub's REST API, as far as comments need it."""

    def __init__(self, url: str, token: str) -> None:
        if not url.startswith(("https://", "http://")):
            raise ValueError(f"GITHUB_API_URL {url!r} is not a web address.")
        self._url, self._token = url.rstrip("/"), token

    def pages(self, path: str) -> Iterator[Json]:
        """Every member of a list, page by page."""
        url: str | None = self._url + path
        while url:
            members, links = self._ask("GET", url)
            yield from members
            following = NEXT_PAGE.search(links)
            url = following.group(1) if following else None

    def send(self, method: str, path: str, content: Json | None = None) -> None:
        """Send *content* to *path*."""
        self._ask(method, self._url + path, content)

    def _ask(self, method: str, url: str, content: Json | None = None) -> tuple[Any, str]:
        """What the answer holds, and its links. Raises NotSaid when GitHub says no or is away."""
        if not url.startswith(self._url):
            raise NotSaid(f"GitHub's list goes on at another host: {url}.")
        request = urllib.request.Request(  # noqa: S310 - the address was looked at
            quote(url, safe=":/?&=%"), method=method, data=None if content is None else json.dumps(content).encode()
        )
        request.add_header("accept", "application/vnd.github+json")
        request.add_header("authorization", f"Bearer {self._token}")
        request.add_header("content-type", "application/json")
        request.add_header("x-github-api-version", "2022-11-28")
        trouble = ""
        for attempt in range(TRIES):
            try:
                with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as answer:  # noqa: S310
                    text = answer.read()
                    return (json.loads(text) if text else None), answer.headers.get("link", "")
            except urllib.error.HTTPError as error:
                trouble = f"GitHub answered {error.code} {error.reason} to {method} {request.selector}"
                if error.code not in TO_TRY_AGAIN:
                    raise NotSaid(f"{trouble}. {advice(error.code)}") from error
            except (OSError, ValueError) as error:
                trouble = f"{method} {request.selector} failed: {error}"
            time.sleep(2**attempt if attempt + 1 < TRIES else 0)
        raise NotSaid(f"{trouble}, {TRIES} times. Run the job again.")


def advice(status: int) -> str:
    """What to do about a refusal."""
    if status in NO_ACCESS:
        return "Give the job the permission `pull-requests: write`."
    return "Run the job again, or set the action's input comment to false."


def say(level: str, text: str) -> None:
    """Show *text* as an annotation of the job."""
    escaped = text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    sys.stdout.write(f"::{level} title=Nightjar gate::{escaped}\n")


if __name__ == "__main__":
    sys.exit(main(os.environ))
