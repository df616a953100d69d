"""Files that are pulled over HTTPS: verified TLS, a bounded size, no other host, and nothing that has not been renewed.

An unchanged ETag or date of change says that the file is still that of an earlier day, which has been taken already.
"""

from __future__ import annotations

import base64
import http.client
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from urllib.parse import quote, urljoin, urlsplit

from app.core.errors import Unavailable
from app.core.text import Text
from app.submission.sources.credentials import Credential
from app.submission.sources.places.place import (
    Brought,
    Place,
    Wanted,
    inside,
    missing_file,
    too_large,
    unreachable,
)

_BLOCK = 1 << 18
_MOST_REDIRECTS = 3


@dataclass(frozen=True)
class HttpsPlace(Place):
    """`url` is the folder of the files and may hold `{date:…}`. A credential with a user is sent as Basic, without as Bearer."""

    url: str
    credential: Credential | None = None
    ca: str | None = None
    timeout_seconds: int = 60
    limit_bytes: int = Place.limit_bytes
    kind = "https"

    def bring(self, wanted: Wanted, into: Path) -> Brought:
        base = self.url.format(date=wanted.business_date).rstrip("/") + "/"
        stamps: dict[str, str] = {}
        left = self.limit_bytes
        # The file that tells whether there is anything new is asked for first, and it alone on condition.
        first = wanted.mapping.control or wanted.mapping.files[0]
        names = [first, *(name for name in wanted.mapping.files if name != first)]
        try:
            for name in names:
                target = inside(into, name)
                stamp = wanted.stamps.get(name, "") if name == first else ""
                stamps[name] = self._fetch(urljoin(base, quote(name)), target, wanted.mapping.source, name, left, stamp)
                left -= target.stat().st_size
        except (OSError, http.client.HTTPException) as problem:
            raise unreachable(wanted.mapping.source, problem) from problem
        return Brought(into, stamps)

    def _fetch(self, url: str, target: Path, source: str, name: str, limit: int, stamp: str) -> str:
        deadline = time.monotonic() + self.timeout_seconds * 60
        for _ in range(_MOST_REDIRECTS):
            with self._asked(url, stamp) as answer:
                if answer.status in (301, 302, 303, 307, 308):
                    url = self._followed(url, answer.headers.get("Location", ""), source)
                    continue
                if answer.status in (304, 404):
                    raise missing_file(name) if answer.status == 404 else _unchanged(name)
                if answer.status != 200:
                    raise unreachable(source, f"HTTP {answer.status}")
                _store(answer, target, name, limit, self.limit_bytes, deadline)
                return answer.headers.get("ETag") or answer.headers.get("Last-Modified") or ""
        raise unreachable(source, "redirects")

    @contextmanager
    def _asked(self, url: str, stamp: str) -> Iterator[http.client.HTTPResponse]:
        parts = urlsplit(url)
        context = ssl.create_default_context(cafile=self.ca)
        connection = http.client.HTTPSConnection(
            parts.hostname or "", parts.port or 443, timeout=self.timeout_seconds, context=context
        )
        try:
            path = parts.path + (f"?{parts.query}" if parts.query else "")
            connection.request("GET", path, headers=self._headers(stamp))
            yield connection.getresponse()
        finally:
            connection.close()

    def _headers(self, stamp: str) -> dict[str, str]:
        headers = {"Accept-Encoding": "identity", "User-Agent": "CreditLink"}
        if stamp:
            headers["If-None-Match" if stamp.startswith(('"', "W/")) else "If-Modified-Since"] = stamp
        if self.credential is not None and self.credential.user:
            pair = f"{self.credential.user}:{self.credential.secret}".encode()
            headers["Authorization"] = "Basic " + base64.b64encode(pair).decode()
        elif self.credential is not None:
            headers["Authorization"] = "Bearer " + self.credential.secret
        return headers

    def _followed(self, url: str, location: str, source: str) -> str:
        """Where a redirect leads, if that is the same host: the credential must not be carried to another."""
        target = urljoin(url, location)
        before, after = urlsplit(url), urlsplit(target)
        if (after.scheme, after.hostname, after.port) != (before.scheme, before.hostname, before.port):
            raise unreachable(source, f"redirect to {after.scheme}://{after.hostname}")
        return target

    def address(self, business_date: date) -> str:
        return self.url.format(date=business_date)


def _store(answer: http.client.HTTPResponse, target: Path, name: str, limit: int, told: int, deadline: float) -> None:
    announced = answer.headers.get("Content-Length", "")
    if announced.isdigit() and int(announced) > limit:
        raise too_large(name, told)
    size = 0
    with target.open("wb") as file:
        while block := answer.read(_BLOCK):
            size += len(block)
            if size > limit:
                raise too_large(name, told)
            if time.monotonic() > deadline:
                raise TimeoutError(f"{name}: {size} bytes")
            file.write(block)
    if announced.isdigit() and int(announced) != size:
        raise OSError(f"{name}: {size} of {announced} bytes")


def _unchanged(name: str) -> Unavailable:
    return Unavailable(
        "submission.delivery_missing",
        Text("{name} 自上次取走后没有更新", "{name} has not been renewed since it was last taken").format(name=name),
    )
