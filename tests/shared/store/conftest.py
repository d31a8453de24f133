"""The lake on a folder and on a real S3 server (moto in a process of its own)."""

import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import boto3
import httpx
import pytest

from tasks.shared.settings import LakeSettings
from tasks.shared.store.lake import Lake


@pytest.fixture(scope="session")
def s3_url() -> Iterator[str]:
    """Base URL of a moto server; the environment holds credentials for it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    with (
        pytest.MonkeyPatch.context() as environment,
        subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server,
    ):
        environment.setenv("AWS_ACCESS_KEY_ID", "test")
        environment.setenv("AWS_SECRET_ACCESS_KEY", "test")
        try:
            wait_until_up(url)
            yield url
        finally:
            server.kill()


def wait_until_up(url: str) -> None:
    for _ in range(300):
        try:
            httpx.get(url)
        except httpx.TransportError:
            time.sleep(0.1)
        else:
            return
    raise TimeoutError(f"moto did not answer at {url} within 30 s")


@pytest.fixture
def s3_lake(s3_url: str, tmp_path: Path) -> Lake:
    """A lake in a bucket of its own."""
    bucket = f"lake-{uuid.uuid4().hex[:12]}"
    boto3.client("s3", endpoint_url=s3_url, region_name="us-east-1").create_bucket(Bucket=bucket)
    root = f"s3://{bucket}/some/prefix"
    scratch = str(tmp_path / "scratch")
    return Lake.open(LakeSettings(root=root, scratch=scratch, s3_endpoint_url=s3_url, s3_region="us-east-1"))


@pytest.fixture
def local_lake(tmp_path: Path) -> Lake:
    """A lake in a folder whose name needs quoting."""
    return Lake.open(LakeSettings(root=str(tmp_path / "the lake's [home]")))


@pytest.fixture(params=["local_lake", "s3_lake"])
def lake(request: pytest.FixtureRequest) -> Lake:
    """A lake on each kind of storage."""
    return request.getfixturevalue(request.param)
