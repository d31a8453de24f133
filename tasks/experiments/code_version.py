"""Which code is about to run: the commit, and a digest of what differs from it."""

import hashlib
import subprocess
from dataclasses import dataclass

GIT_SECONDS = 10


@dataclass(frozen=True)
class CodeVersion:
    """The commit (None outside of git), and what tells this code from other code: the commit, or it with a digest."""

    sha: str | None
    text: str


def code_version() -> CodeVersion:
    """Of the folder that Nightjar runs in."""
    sha = _git("rev-parse", "HEAD")
    if not sha:
        return CodeVersion(None, "")
    changes = _git("diff", "HEAD")
    return CodeVersion(sha, f"{sha}+{hashlib.sha256(changes.encode()).hexdigest()[:8]}" if changes else sha)


def _git(*arguments: str) -> str:
    """What git prints; nothing where there is no git, or no repository."""
    try:
        done = subprocess.run(["git", *arguments], capture_output=True, text=True, timeout=GIT_SECONDS, check=False)  # noqa: S603, S607
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
