"""Where a delivery lies: one interface, one small file a kind of place."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from app.core.errors import Invalid, Unavailable
from app.core.text import Text

if TYPE_CHECKING:
    from app.submission.mapping import SourceMapping

MEGABYTE = 1 << 20


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a place is asked for: one source's delivery for one day.

    `stamps` are what the place said of each file when it was last taken for another day (an ETag), `watermarks` by table how
    far the source has been read.
    """

    mapping: SourceMapping
    business_date: date
    stamps: Mapping[str, str] = field(default_factory=dict)
    watermarks: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Brought:
    """A delivery on this machine: a folder or a file. `stamps` and `watermarks` are for the next time."""

    path: Path
    stamps: Mapping[str, str] = field(default_factory=dict)
    watermarks: Mapping[str, str] = field(default_factory=dict)
    serial: str = ""


class Place(ABC):
    """One kind of place with its address."""

    limit_bytes: int = 20 * 1024 * MEGABYTE

    @abstractmethod
    def bring(self, wanted: Wanted, into: Path) -> Brought:
        """Bring the delivery of a day, into the empty folder `into` where it lies elsewhere.

        Raises Unavailable (`submission.delivery_missing`, `submission.place`), Invalid (`submission.delivery_size`).
        """

    def size(self, business_date: date) -> int:
        """Bytes that lie ready, where that can be known without asking anybody; else 0."""
        del business_date
        return 0

    @property
    @abstractmethod
    def kind(self) -> str:
        """The word for it in the list of sources."""

    @abstractmethod
    def address(self, business_date: date) -> str:
        """Where it is, for people; never holds a secret."""


def missing(source: str) -> Unavailable:
    return Unavailable(
        "submission.delivery_missing",
        Text("{source} 的数据尚未送达", "The delivery of {source} has not come yet").format(source=source),
    )


def missing_file(name: str) -> Unavailable:
    return Unavailable(
        "submission.delivery_missing", Text("缺少文件 {name}", "The file {name} is missing").format(name=name)
    )


def unreachable(source: str, why: object) -> Unavailable:
    """The place cannot be asked now; `why` must not quote a secret."""
    return Unavailable(
        "submission.place",
        Text("暂时取不到 {source} 的数据：{why}", "{source} cannot be fetched now: {why}").format(
            source=source, why=why or "?"
        ),
    )


def too_large(name: str, limit: int) -> Invalid:
    return Invalid(
        "submission.delivery_size",
        Text("{name} 超过 {limit} MB 的上限", "{name} is larger than the limit of {limit} MB").format(
            name=name, limit=limit // MEGABYTE
        ),
    )


def inside(folder: Path, name: str) -> Path:
    """Where a file of that name goes; raises Invalid for a name that would lead out of the folder."""
    parts = name.replace("\\", "/").split("/")
    if not name or name.startswith("/") or any(part in ("", ".", "..") for part in parts) or "\0" in name:
        raise Invalid(
            "submission.delivery_name",
            Text("文件名 {name} 不可用", "The file name {name} cannot be used").format(name=name),
        )
    target = folder.joinpath(*parts)
    target.parent.mkdir(parents=True, exist_ok=True)
    return target


def chosen(names: Sequence[str], wanted: Wanted) -> list[str]:
    """Of the files that lie there those that the mapping reads, the control file last: its presence says that all are there."""
    control = wanted.mapping.control
    files = [name for name in names if name != control and not name.rpartition("/")[2].startswith(".")]
    return [*sorted(files), *([control] if control and control in names else [])]
