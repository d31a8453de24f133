"""Channels by which people and machines are told; each kind checks keys of its own when it is used."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, Secret, StringConstraints

from tasks.shared.settings.section import Positive

# A name is part of file names, and of a variable where a key comes from the environment.
ChannelName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")]


class ChannelSettings(BaseModel):
    """One channel. Keys that are not declared here are the kind's own; any of them may be a secret, so all are."""

    model_config = ConfigDict(extra="allow", frozen=True, hide_input_in_errors=True)
    __pydantic_extra__: dict[str, Secret[Any]] = Field(init=False)

    kind: str = Field(min_length=1, description="file, slack, ses ...: name of a file in tasks/shared/channels/kinds")
    attempts: Positive = Field(4, description="tries per message")
    backoff_seconds: float = Field(1.0, ge=0, description="first wait between tries; doubles, with jitter")
    secret_blocks: dict[str, str] = Field(
        default_factory=dict, description="by key of the kind: name of the Prefect Secret block that holds its value"
    )

    @property
    def own(self) -> dict[str, Any]:
        """The kind's own keys, in the open."""
        return {key: value.get_secret_value() for key, value in (self.__pydantic_extra__ or {}).items()}

    def with_own(self, values: dict[str, Any]) -> "ChannelSettings":
        """The channel with *values* for some of the kind's keys."""
        return ChannelSettings(**{**self.model_dump(include=set(type(self).model_fields)), **self.own, **values})
