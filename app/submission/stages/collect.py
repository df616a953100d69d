"""Stage 1: every source's delivery into landing. A source that is late, short or damaged stops itself and not the others."""

from __future__ import annotations

from typing import Any

from app.core.errors import Invalid, Unavailable
from app.core.text import Text
from app.submission.content import mappings
from app.submission.sources import deliveries, land
from app.submission.stages.work import Work


def collect(work: Work) -> dict[str, Any]:
    """Land all sources; rows by source and, for those that failed, why. Raises Unavailable when none could be landed."""
    expected = deliveries(work.settings.sources_file, work.business_date)
    known = mappings()
    landed: dict[str, int] = {}
    failed: dict[str, dict[str, str]] = {}
    for number, delivery in enumerate(expected):
        mapping = known.get(delivery.source)
        if mapping is None:
            message = Text("没有该来源的映射", "There is no mapping for this source")
            failed[delivery.source] = {"code": "submission.no_mapping", "zh": message.zh, "en": message.en}
            continue

        def one(mapping: Any = mapping, delivery: Any = delivery) -> tuple[int, dict[str, Any]]:
            counts = land(work.lake, mapping, delivery, work.business_date)
            return sum(counts.values()), {"tables": counts, "mapping": mapping.edition}

        try:
            landed[delivery.source], _ = work.part("collect", delivery.source, one)
        except (Invalid, Unavailable) as problem:
            failed[delivery.source] = {"code": problem.code, "zh": problem.message.zh, "en": problem.message.en}
        work.progress(number + 1, len(expected))
    if not landed:
        raise Unavailable(
            "submission.nothing_collected",
            Text("没有任何来源送达可用的数据", "No source has delivered anything usable"),
        )
    return {"landed": landed, "failed": failed}
