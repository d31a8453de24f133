"""What every table of nightjar.toml is, and what is safe to say of an address."""

from typing import Annotated
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field

Positive = Annotated[int, Field(ge=1)]
Share = Annotated[float, Field(ge=0, le=1)]


class Section(BaseModel):
    """A table of nightjar.toml; an unknown key is an error, not a typo that does nothing."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


def userinfo(url: str) -> str:
    """The `user:password@` of *url*; empty without."""
    before, at, _ = urlsplit(url).netloc.rpartition("@")
    return before + at


def without_password(url: str) -> str:
    """*url* without the user and password that may be in it: messages and reports are passed around."""
    said = userinfo(url)
    return url.replace(said, "", 1) if said else url
