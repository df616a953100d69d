"""Stage 1: every source's delivery into landing. A source that is late, short or damaged stops itself and not the others."""

from __future__ import annotations

from functools import partial
from typing import Any

from app.core.errors import Invalid, Unavailable
from app.core.text import Text
from app.submission.content import mappings
from app.submission.sources import Delivery, deliveries, land
from app.submission.stages.work import Outcome, Work


def collect(work: Work) -> dict[str, Any]:
    """Land all sources; rows by source and, for those that failed, why. Raises Unavailable when none could be landed."""
    expected = deliveries(work.settings.sources_file, work.business_date)
    known = mappings()
    landed: dict[str, int] = {}
    failed: dict[str, dict[str, str]] = {}

    def one(delivery: Delivery, again: bool) -> Outcome:
        mapping = known.get(delivery.source)
        if mapping is None:
            raise Invalid("submission.no_mapping", Text("没有该来源的映射", "There is no mapping for this source"))
        counts = land(work.lake, mapping, delivery, work.business_date, provider=work.provider, again=again)
        return sum(counts.values()), {"tables": counts, "mapping": mapping.edition}

    expected.sort(key=lambda delivery: -delivery.size)
    acts = {each.source: partial(work.part, "collect", each.source, partial(one, each)) for each in expected}
    for source, outcome in work.side_by_side(acts, writing=True):
        if isinstance(outcome, Invalid | Unavailable):
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
