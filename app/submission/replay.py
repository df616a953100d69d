"""A past day judged again as it was judged then: same editions, same code tables, same lake; the findings must be the same."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

from sqlalchemy import select

from app.core.config import override
from app.core.db import unit_of_work
from app.core.errors import CreditLinkError, NotFound
from app.core.text import Text
from app.lake.connection import EngineError
from app.rules.registry import edition
from app.standard import catalogue
from app.submission import judging
from app.submission.judging import Basis, Part
from app.submission.lake import lake
from app.submission.models import Batch, StageRun
from app.submission.tables import FINDING


@dataclass(frozen=True, slots=True)
class PartReplayed:
    """One part of a day. `kept` is the hash of its findings when it was judged, `stored` that of those in the lake now,
    `again` that of those found now; `problem` says why it could not be judged again, else it is None."""

    part: str
    edition: str
    standard: str
    snapshot: int
    findings: int
    kept: str
    stored: str
    again: str
    problem: Text | None = None

    @property
    def reproduced(self) -> bool:
        return self.problem is None and self.kept == self.stored == self.again

    def as_data(self) -> dict[str, Any]:
        problem = None if self.problem is None else {"zh": self.problem.zh, "en": self.problem.en}
        return asdict(self) | {"problem": problem, "reproduced": self.reproduced}


@dataclass(frozen=True, slots=True)
class BatchReplayed:
    """A batch with all parts of its pre-check."""

    batch: str
    parts: tuple[PartReplayed, ...]

    @property
    def reproduced(self) -> bool:
        return all(part.reproduced for part in self.parts)


def replay(day: date, standards: tuple[Path, ...] = ()) -> tuple[BatchReplayed, ...]:
    """Judge the batches of a business day again. Nothing is written.

    `standards` are folders of editions of the standard beside those that come with the product, should the day have been
    judged with one of them. Raises NotFound (`submission.replay`) where nothing was judged for the day.
    """
    with unit_of_work(reading=True) as session:
        query = (
            select(Batch.id, Batch.precheck, StageRun.part, StageRun.rows, StageRun.detail)
            .join(StageRun, StageRun.batch_id == Batch.id)
            .where(Batch.business_date == day, StageRun.stage == "judge")
            .order_by(Batch.id, StageRun.part)
        )
        judged = session.execute(query).all()
    if not judged:
        raise NotFound(
            "submission.replay",
            Text("{day} 没有做过预校验", "Nothing was judged for {day}").format(day=day.isoformat()),
        )
    found: dict[str, list[PartReplayed]] = {}
    for batch, precheck, name, rows, detail in judged:
        part = Part.of(batch, day, precheck, name)
        found.setdefault(batch, []).append(_again(part, name, rows, detail, standards))
    return tuple(BatchReplayed(batch, tuple(parts)) for batch, parts in found.items())


def _again(part: Part, name: str, rows: int, detail: dict[str, Any], standards: tuple[Path, ...]) -> PartReplayed:
    try:
        basis = Basis.of(detail)
    except KeyError:
        return PartReplayed(name, "", "", 0, rows, "", "", "", _NOT_KEPT)
    digest, problem = "", None
    try:
        with _standard(basis.standard, standards):
            ruleset = edition(basis.edition) if basis.edition else None
            with lake().read() as connection:
                digest = judging.find(connection, part, ruleset, basis).digest
    except CreditLinkError as error:
        problem = error.message
    except EngineError as error:
        problem = _LAKE.format(snapshot=basis.snapshot, why=str(error).splitlines()[0])
    stored = _stored(part)
    return PartReplayed(
        name, basis.edition, basis.standard, basis.snapshot, rows, detail["findings"], stored, digest, problem
    )


_NOT_KEPT = Text("判断时没有留下依据", "what it was judged on was not kept")
_LAKE = Text("数据湖快照 {snapshot} 已不可读：{why}", "snapshot {snapshot} of the lake can no longer be read: {why}")


def _stored(part: Part) -> str:
    with lake().read() as connection:
        return judging.digest_of(connection, f"(SELECT * FROM {FINDING.path} WHERE {part.found})")


@contextmanager
def _standard(digest: str, standards: tuple[Path, ...]) -> Iterator[None]:
    """Within the block the edition of the standard with that digest is in force. Raises NotFound (`submission.standard`)."""
    shipped = sorted(each for each in catalogue.PACKAGED.parent.iterdir() if each.is_dir())
    if catalogue.current().digest == digest:
        chosen: Any = nullcontext()
    else:
        folder = next((each for each in (*standards, *shipped) if catalogue.edition_at(each).digest == digest), None)
        if folder is None:
            raise NotFound(
                "submission.standard",
                Text(
                    "当日所用接口标准版本 {digest} 不在本机，请用 --standard 指明其目录",
                    "the edition {digest} of the standard used that day is not here; name its folder with --standard",
                ).format(digest=digest[:12]),
            )
        chosen = override(standard_edition_dir=folder)
    with chosen:
        yield
