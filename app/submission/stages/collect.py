"""Stage 1: every source's delivery into landing. A source that is late, short or damaged stops itself and not the others."""

from __future__ import annotations

from functools import partial
from typing import Any, Final

from app.core.errors import CreditLinkError, Invalid, NotFound, Unavailable
from app.core.text import Text
from app.lake.connection import LAKE_BUSY
from app.submission.content import mappings
from app.submission.sources import Listed, listed_sources, take
from app.submission.sources.loads import Arrival, note_stopped
from app.submission.stages.work import Outcome, Work

_SMALL: Final = 8 << 20
"""Bytes of all deliveries up to which the engine's other threads are not worth waking."""


def collect(work: Work) -> dict[str, Any]:
    """Land all sources; rows by source and, for those that failed, why. Raises Unavailable when none could be landed."""
    listed = listed_sources(work.settings.sources_file, work.provider)
    known = mappings(work.business_date)
    landed: dict[str, int] = {}
    failed: dict[str, dict[str, str]] = {}

    def one(source: Listed, again: bool) -> Outcome:
        mapping = known.get(source.source)
        if mapping is None:
            problem = Invalid("submission.no_mapping", Text("没有该来源的映射", "There is no mapping for this source"))
            arrival = Arrival(work.provider, source.source, work.business_date, source.kind)
            note_stopped(arrival, None, problem)
            raise problem
        taken = take(work.lake, mapping, source, work.business_date, again=again)
        return sum(taken.state.values()), {"tables": taken.state, "mapping": mapping.edition}

    sizes = {source: _size(each, work) for source, each in listed.items()}
    expected = sorted(listed.values(), key=lambda each: -sizes[each.source])
    acts = {each.source: partial(work.part, "collect", each.source, partial(one, each)) for each in expected}
    small = sum(sizes.values()) <= _SMALL and all(each.kind == "folder" for each in listed.values())
    for source, outcome in work.side_by_side(acts, writing=not small):
        if isinstance(outcome, Invalid | NotFound | Unavailable) and outcome.code != LAKE_BUSY:
            failed[source] = {"code": outcome.code, "zh": outcome.message.zh, "en": outcome.message.en}
        elif isinstance(outcome, Exception):
            raise outcome
        else:
            landed[source], _ = outcome
    if not landed:
        raise Unavailable(
            "submission.nothing_collected",
            Text("没有任何来源送达可用的数据", "No source has delivered anything usable"),
        )
    return {"landed": landed, "failed": failed}


def _size(source: Listed, work: Work) -> int:
    try:
        return source.place().size(work.business_date) if source.kind == "folder" else 0
    except (CreditLinkError, OSError):
        return 0
