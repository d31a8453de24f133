"""Where things are: the lake, the servers, the local stack."""

import tempfile
import uuid
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, SecretStr

from tasks.shared.settings.section import Positive, Section


class LakeSettings(Section):
    """Where the Parquet lake lies and how much memory its queries may use."""

    root: str = Field(".nightjar/lake", description="folder, or s3://bucket/prefix")
    scratch: str = Field("", description="local folder for temporary files of an S3 lake; the system's when empty")
    memory_limit_mib: Positive = Field(1024, description="DuckDB memory limit; beyond it queries spill to disk")
    s3_endpoint_url: str | None = Field(None, description="S3 endpoint, for MinIO, moto and the like")
    s3_region: str | None = Field(None, description="S3 region")
    s3_timeout_seconds: float = Field(20.0, gt=0, description="connect and request timeout for S3")

    @property
    def local_root(self) -> Path:
        """The root as an absolute folder."""
        return Path(self.root).expanduser().resolve()

    @property
    def local_scratch(self) -> Path:
        """Folder for temporary files: on the lake's own file system, so that a rename is atomic."""
        if self.root.startswith("s3://"):
            return Path(self.scratch or tempfile.gettempdir()) / "nightjar-staging"
        return self.local_root / ".staging"

    def new_temporary_file(self, name: str) -> Path:
        """A fresh temporary path ending in *name*; the folder exists."""
        self.local_scratch.mkdir(parents=True, exist_ok=True)
        return self.local_scratch / f"{uuid.uuid4().hex}-{name}.tmp"


class PhoenixSettings(Section):
    """How to reach Phoenix, and how gently."""

    url: str = Field("http://127.0.0.1:6006", description="base URL of the Phoenix server")
    api_key: SecretStr | None = Field(None, description="system or member key; a viewer key takes the slower route")
    headers: dict[str, SecretStr] = Field(default_factory=dict, description="further HTTP headers")
    route: Literal["auto", "fast", "paged"] = Field("auto", description="how spans are fetched")
    in_flight: Positive = Field(1, description="requests in flight at most")
    traces_per_call: Annotated[int, Field(ge=1, le=1000)] = Field(150, description="traces per call, fast route")
    page_size: Annotated[int, Field(ge=1, le=1000)] = Field(500, description="spans per page, paged route")
    pause_seconds: float = Field(0.0, ge=0, description="pause between two requests")
    timeout_seconds: float = Field(60.0, gt=0, description="per request")
    attempts: Positive = Field(4, description="tries per request before giving up")
    backoff_seconds: float = Field(0.5, ge=0, description="first wait between tries; doubles, with jitter")
    extra_attributes: tuple[str, ...] = Field((), description="attribute paths to fetch beside the declared ones")
    sampled_spans: int = Field(200, ge=0, description="spans sampled per run to discover undeclared attributes")


class MlflowSettings(Section):
    """How to reach MLflow and what to call things there."""

    tracking_uri: str = Field("http://127.0.0.1:5000", description="tracking server")
    experiment: str = Field(
        "{project}_{tier}_{use_case}_{version}", description="experiment name; {project} {tier} {use_case} {version}"
    )
    timeout_seconds: Positive = Field(10, description="per request")
    retries: int = Field(2, ge=0, le=9, description="retries per request; MLflow's client takes nine at most")
    trend_days: Positive = Field(90, description="days in the rolling trend run")


class LocalSettings(Section):
    """The local stack of `make up`."""

    postgres_url: SecretStr | None = Field(
        None, description="PostgreSQL to use instead of the embedded one: postgresql://user:password@host:5432"
    )
    phoenix_url: str = Field("", description="where its Phoenix listens; `make up` writes it")
