"""Stage 4: the pre-check. Every rule of the rulesets in force over every derived record, set-wise; findings are rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from app.lake.tables import put_rows
from app.rules.exemption.applying import applying
from app.rules.model import Ruleset
from app.rules.registry import in_force
from app.rules.registry.editions import edition, remember_shipped
from app.standard import catalogue
from app.standard.catalogue import SUBJECTS, Subject
from app.submission import judging
from app.submission.at_hand import FEW, AtHand
from app.submission.counts import held_by_type
from app.submission.facts import Surroundings
from app.submission.rulings import surroundings
from app.submission.stages.together import together
from app.submission.stages.work import Outcome, Part, Work
from app.submission.tables import FINDING, record_table, record_type, reported_types


def judge(work: Work, due: dict[str, int]) -> dict[str, Any]:
    """Judge all derived records; blocked and exempt ones by type, the share of the blocked in what is due, and whether it
    passes the limit."""
    given = surroundings(work.settings, work.provider)
    codes = [code for code in sorted(reported_types(), key=lambda code: -due.get(code, 0)) if due.get(code)]
    rulesets = rulesets_of(work, codes)
    exempt = applying(work.business_date, [ruleset.name for ruleset in rulesets.values() if ruleset])
    parts = [
        judging.Part(work.batch, work.business_date, work.precheck, code, bucket, subject)
        for code, subject in rulesets
        for bucket in range(work.buckets(code))
    ]
    few = {part.name: part for part in parts if due[part.code] <= FEW}
    together(work, "judge", list(few), partial(_sweep_few, work, few, rulesets, given, exempt))
    acts: dict[str, Part] = {
        part.name: partial(_sweep, work, part, _edition(rulesets[part.code, part.subject]), given, exempt)
        for part in parts
        if part.name not in few
    }
    if acts:
        work.parts("judge", acts)
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


def rulesets_of(work: Work, codes: list[str]) -> dict[tuple[str, Subject | None], Ruleset | None]:
    """The rulesets in force on the business day, by record type and, where a type is for both, by the subjects that have
    records; None where there is none. Shipped ones are remembered."""
    force = in_force(work.business_date)
    places = {(code, subject): force.about_record(code, subject) for code in codes for subject in _subjects(work, code)}
    found = {about: place.ruleset() if place else None for about, place in places.items()}
    for ruleset in found.values():
        if ruleset is not None:
            remember_shipped(ruleset)
    return found


def _subjects(work: Work, code: str) -> tuple[Subject | None, ...]:
    record = record_type(code)
    if not record.shared or "InfoIDType" not in {item.tag for item in record.segments[0].plain}:
        return (None,)
    table = record_table(code).path
    conditions = ", ".join(f"coalesce(bool_or({judging.of_subject(code, each)}), FALSE)" for each in SUBJECTS)
    ((*present,),) = work.lake.rows(f"SELECT {conditions} FROM {table} WHERE batch = ?", [work.batch])
    return tuple(each for each, there in zip(SUBJECTS, present, strict=True) if there)


def _edition(ruleset: Ruleset | None) -> str:
    return ruleset.edition if ruleset else ""


def _ruleset(work: Work, part: judging.Part, wanted: str) -> Ruleset | None:
    """The edition to judge by; mostly the one in force, which this process has ready. A release may have come meanwhile."""
    if not wanted:
        return None
    place = in_force(work.business_date).about_record(part.code, part.subject)
    found = place.ruleset() if place else None
    return found if found is not None and found.edition == wanted else edition(wanted)


def _sweep(
    work: Work,
    part: judging.Part,
    wanted: str,
    given: Surroundings,
    exempt: Mapping[str, str],
    again: bool,
) -> Outcome:
    ruleset = _ruleset(work, part, wanted)
    basis = _basis(ruleset, work.lake.snapshot(), given, exempt)
    with work.lake.read() as connection:
        found = judging.find(connection, part, ruleset, basis)
    _put(work, {part: found}, again)
    return _outcome(found, basis)


def _sweep_few(
    work: Work,
    parts: Mapping[str, judging.Part],
    rulesets: Mapping[tuple[str, Subject | None], Ruleset | None],
    given: Surroundings,
    exempt: Mapping[str, str],
    names: Sequence[str],
    again: bool,
) -> dict[str, Outcome]:
    """Judge some parts in one go, for which what they rest on is taken out of the lake once."""
    snapshot = work.lake.snapshot()
    found: dict[judging.Part, judging.Found] = {}
    done: dict[str, Outcome] = {}
    with work.lake.read() as connection:
        hand = AtHand(connection, snapshot)
        with hand.at_once():
            for part in (parts[name] for name in names):
                ruleset = rulesets[part.code, part.subject]
                basis = _basis(ruleset, snapshot, given, exempt)
                found[part] = judging.find(connection, part, ruleset, basis, hand, few=True)
                done[part.name] = _outcome(found[part], basis)
    _put(work, found, again)
    return done


def _basis(ruleset: Ruleset | None, snapshot: int, given: Surroundings, exempt: Mapping[str, str]) -> judging.Basis:
    return judging.Basis(
        edition=_edition(ruleset),
        standard=catalogue.current().digest,
        snapshot=snapshot,
        given=given,
        exemptions=exempt.get(ruleset.name, "") if ruleset else "",
    )


def _outcome(found: judging.Found, basis: judging.Basis) -> Outcome:
    return found.rows.num_rows, basis.as_data() | {"findings": found.digest}


def _put(work: Work, found: Mapping[judging.Part, judging.Found], again: bool) -> None:
    """Put findings in the place of what an earlier try may have left; where there is neither, nothing is written."""
    filled = {part: each.rows for part, each in found.items() if each.rows.num_rows or again}
    if not filled:
        return
    import pyarrow as pa  # it takes long to load, and only a worker needs it

    rows = pa.concat_tables(filled.values())
    where = " OR ".join(f"({part.found})" for part in filled)
    work.lake.write_part(lambda writer, again: put_rows(writer, FINDING, where, rows, again=again), again)
