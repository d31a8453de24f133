"""The lake on a folder and on a real S3 server (moto in a process of its own)."""

import uuid
from pathlib import Path

import boto3
import pytest

from tasks.shared.settings import LakeSettings
from tasks.shared.store.lake import Lake


@pytest.fixture
def s3_lake(aws_url: str, tmp_path: Path) -> Lake:
    """A lake in a bucket of its own."""
    bucket = f"lake-{uuid.uuid4().hex[:12]}"
    boto3.client("s3", endpoint_url=aws_url, region_name="us-east-1").create_bucket(Bucket=bucket)
    root = f"s3://{bucket}/some/prefix"
    scratch = str(tmp_path / "scratch")
    return Lake.open(LakeSettings(root=root, scratch=scratch, s3_endpoint_url=aws_url, s3_region="us-east-1"))


@pytest.fixture
def local_lake(tmp_path: Path) -> Lake:
    """A lake in a folder whose name needs quoting."""
    return Lake.open(LakeSettings(root=str(tmp_path / "the lake's [home]")))


@pytest.fixture(params=["local_lake", "s3_lake"])
def lake(request: pytest.FixtureRequest) -> Lake:
    """A lake on each kind of storage."""
    return request.getfixturevalue(request.param)
