"""A prefix of an S3 bucket."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from app.core.errors import Unavailable
from app.core.text import Text
from app.submission.sources.credentials import Credential
from app.submission.sources.places.place import Brought, Place, Wanted, chosen, inside, missing, too_large, unreachable

_MOST_FILES = 1_000


@dataclass(frozen=True)
class S3Place(Place):
    """`prefix` may hold `{date:…}`. The credential's user is the access key, its secret the secret key."""

    bucket: str
    prefix: str
    credential: Credential
    endpoint: str | None = None
    region: str = "us-east-1"
    timeout_seconds: int = 60
    limit_bytes: int = Place.limit_bytes
    kind = "s3"

    def bring(self, wanted: Wanted, into: Path) -> Brought:
        client, failures = self._client()
        prefix = self._prefix(wanted.business_date)
        try:
            listed = client.get_paginator("list_objects_v2").paginate(
                Bucket=self.bucket, Prefix=prefix, PaginationConfig={"MaxItems": _MOST_FILES}
            )
            lying = {
                entry["Key"][len(prefix) :]: entry
                for page in listed
                for entry in page.get("Contents", ())
                if not entry["Key"].endswith("/")
            }
            names = chosen(list(lying), wanted)
            if not names:
                raise missing(wanted.mapping.source)
            if sum(lying[name]["Size"] for name in names) > self.limit_bytes:
                raise too_large(prefix, self.limit_bytes)
            for name in names:
                client.download_file(self.bucket, prefix + name, str(inside(into, name)))
        except failures as problem:
            raise unreachable(wanted.mapping.source, type(problem).__name__) from problem
        return Brought(into)

    def _client(self) -> tuple[Any, tuple[type[Exception], ...]]:
        try:
            import boto3
            from botocore.config import Config
            from botocore.exceptions import BotoCoreError, ClientError
        except ImportError as problem:
            raise Unavailable(
                "submission.place_extra",
                Text("读取 S3 须安装 creditlink[sources]", "Reading S3 needs creditlink[sources] to be installed"),
            ) from problem
        client = boto3.client(
            "s3",
            endpoint_url=self.endpoint,
            region_name=self.region,
            aws_access_key_id=self.credential.user,
            aws_secret_access_key=self.credential.secret,
            config=Config(
                connect_timeout=self.timeout_seconds, read_timeout=self.timeout_seconds, retries={"max_attempts": 3}
            ),
        )
        return client, (BotoCoreError, ClientError, boto3.exceptions.Boto3Error)

    def _prefix(self, business_date: date) -> str:
        return self.prefix.format(date=business_date).rstrip("/") + "/"

    def address(self, business_date: date) -> str:
        return f"s3://{self.bucket}/{self._prefix(business_date)}"
