"""Stage 4: the pre-check. Every rule of the rulesets in force over every derived record, set-wise; findings are rows."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from app.lake.tables import put_rows
from app.rules.exemption.applying import applying
from app.rules.model import Ruleset
from app.rules.registry import in_force
from app.rules.registry.editions import remember_shipped
from app.standard import catalogue
from app.submission import judging
from app.submission.counts import held_by_type
from app.submission.facts import Surroundings
from app.submission.rulings import surroundings
from app.submission.stages.work import Outcome, Part, Work
from app.submission.tables import FINDING, reported_types


def judge(work: Work, due: dict[str, int]) -> dict[str, Any]:
    """Judge all derived records; blocked and exempt ones by type, the share of the blocked in what is due, and whether it
    passes the limit."""
    given = surroundings(work.settings, work.provider)
    codes = [code for code in sorted(reported_types(), key=lambda code: -due.get(code, 0)) if due.get(code)]
    rulesets = rulesets_of(work, codes)
    exempt = applying(work.business_date, [ruleset.name for ruleset in rulesets.values() if ruleset])
    parts: dict[str, Part] = {
        f"{code}/{bucket}": partial(_sweep, work, code, bucket, rulesets[code], given, exempt)
        for code in codes
        for bucket in range(work.buckets(code))
    }
    work.parts("judge", parts)
    held = held_by_type(work.batch)
    blocked = {code: each.blocked for code, each in held.items()}
    total = sum(due.values())
    share = sum(blocked.values()) / total if total else 0.0
    return {
        "blocked": blocked,
        "exempt": {code: each.exempt for code, each in held.items()},
        "due": total,
        "share": round(share, 6),
        "share_above_limit": work.precheck and share > work.settings.blocked_share_limit,
    }


def rulesets_of(work: Work, codes: list[str]) -> dict[str, Ruleset | None]:
    """The rulesets in force on the business day, by record type; None where there is none. Shipped ones are remembered."""
    force = in_force(work.business_date)
    places = {code: force.about_record(code) for code in codes}
    found = {code: place.ruleset() if place else None for code, place in places.items()}
    for ruleset in found.values():
        if ruleset is not None:
            remember_shipped(ruleset)
    return found


def _sweep(
    work: Work,
    code: str,
    bucket: int,
    ruleset: Ruleset | None,
    given: Surroundings,
    exempt: Mapping[str, str],
    again: bool,
) -> Outcome:
    basis = judging.Basis(
        edition=ruleset.edition if ruleset else "",
        standard=catalogue.current().digest,
        snapshot=work.lake.snapshot(),
        given=given,
        exemptions=exempt.get(ruleset.name, "") if ruleset else "",
    )
    part = judging.Part(work.batch, work.business_date, work.precheck, code, bucket)
    found = judging.find(work.lake, part, ruleset, basis)
    detail = basis.as_data() | {"findings": found.digest}
    rows = found.rows
    if not rows.num_rows and not again:
        return 0, detail
    where = f"batch = '{work.batch}' AND record_type = '{code}' AND bucket = {bucket}"
    put = work.lake.write_part(lambda writer, again: put_rows(writer, FINDING, where, rows, again=again), again)
    return put, detail
