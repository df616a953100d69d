"""Taking a source's delivery for a day: bring it, hold it against what was taken before, land it, write down what became of it.

A source that is stopped has no rows for that day, and its earlier days stay as they were. Nothing is derived of it that day, so
nothing is reported as unchanged that was not looked at; and nothing counts as gone, so no exception is withdrawn (see
`incomplete_entities`). Its changes are found when it comes again, since what is due is told by the accepted state.
"""

from __future__ import annotations

import dataclasses
import errno
from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from app.core.config import settings
from app.core.errors import CreditLinkError, Invalid, Unavailable
from app.core.text import Text
from app.lake.connection import LAKE_BUSY, Lake
from app.submission.mapping import SourceMapping
from app.submission.sources import loads
from app.submission.sources.landing import Delivery, Landed, control_of, digest_of, land
from app.submission.sources.listing import Listed
from app.submission.sources.loads import Arrival
from app.submission.sources.places import Wanted
from app.submission.sources.places.place import unreachable

_LONGEST_GAP = 31
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EROFS)


def take(
    lake: Lake, mapping: SourceMapping, listed: Listed, day: date, *, again: bool = True, late: bool = False
) -> Landed:
    """Take the delivery of a day into landing; days of changes that came too late for their own batch are taken first.

    Raises what `Place.bring` and `land` raise, and Invalid for a delivery that was taken before, or whose predecessors are
    missing (`submission.delivery_gap`). Whatever comes of it stands in the ledger, but for a trouble of our own: what the engine or
    the system raises for want of room, and `LAKE_BUSY`.
    """
    arrival = Arrival(listed.provider, listed.source, day, listed.address(day))
    try:
        place = listed.place()
        known = loads.before(listed.provider, mapping.source, day)
        if _builds_on_days(mapping) and known is not None and not _gap_allowed(mapping):
            _fill_gap(lake, mapping, listed, known.base.day, day)
            known = loads.before(listed.provider, mapping.source, day)
        marks: Mapping[str, str] = known.watermarks if known else {}
        with TemporaryDirectory(dir=_spool()) as folder:
            brought = place.bring(Wanted(mapping, day, known.stamps if known else {}, marks), Path(folder))
            delivery = Delivery(listed.provider, listed.source, brought.path)
            digest, size = digest_of(mapping, delivery)
            arrival = dataclasses.replace(arrival, digest=digest, size=size, stamps=brought.stamps)
            control = control_of(mapping, delivery)
            arrival = dataclasses.replace(arrival, serial=brought.serial or control.serial)
            loads.refuse_repeated(arrival, changes=_builds_on_days(mapping))
            if _builds_on_days(mapping) and known is None and not control.full:
                raise _no_base(mapping.source)
            base = known.base if known else None
            landed = land(lake, mapping, delivery, day, again=again, base=base)
            arrival = dataclasses.replace(arrival, watermarks={**marks, **landed.watermarks, **brought.watermarks})
    except CreditLinkError as problem:
        if problem.code == LAKE_BUSY:
            raise
        loads.note_stopped(arrival, mapping, problem)
        raise
    except OSError as problem:
        if problem.errno in _NO_ROOM:
            raise  # the day waits for room; no source is to blame
        # A file that may not be read, or went away meanwhile.
        told = unreachable(listed.source, problem.strerror or type(problem).__name__)
        loads.note_stopped(arrival, mapping, told)
        raise told from problem
    loads.note_landed(arrival, mapping, landed, late=late)
    return landed


def _no_base(source: str) -> Invalid:
    return Invalid(
        "submission.no_base",
        Text(
            "{source} 首次须送达全量（控制文件 load: full），之后才能送变更",
            "{source} must first deliver in full (control file with load: full), then changes",
        ).format(source=source),
    )


def _fill_gap(lake: Lake, mapping: SourceMapping, listed: Listed, last: date, day: date) -> None:
    """Take the days between the last load and this one, in their order: changes mean nothing without those before."""
    days = [last + timedelta(days=number) for number in range(1, (day - last).days)]
    if len(days) > _LONGEST_GAP:
        raise _gap(mapping.source, days[0])
    for missed in days:
        try:
            take(lake, mapping, listed, missed, late=True)
        except (Invalid, Unavailable) as problem:
            raise _gap(mapping.source, missed) from problem


def _gap(source: str, day: date) -> Invalid:
    return Invalid(
        "submission.delivery_gap",
        Text(
            "{source} 缺少 {day} 的变更，须补送该日或送达全量",
            "{source} lacks the changes of {day}: deliver that day, or in full",
        ).format(source=source, day=day),
    )


def _builds_on_days(mapping: SourceMapping) -> bool:
    return any(table.load and table.load.kind == "changes" for table in mapping.tables.values())


def _gap_allowed(mapping: SourceMapping) -> bool:
    loaded = [table.load for table in mapping.tables.values() if table.load and table.load.kind == "changes"]
    return all(load.gaps for load in loaded)


def _spool() -> Path:
    """Where deliveries are kept while they are read; only this user may look."""
    folder = settings().data_dir / "deliveries"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder
