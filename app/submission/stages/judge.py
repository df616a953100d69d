"""Stage 4: the pre-check. Every rule of the rulesets in force over every derived record, set-wise; findings are rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
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
from app.submission.stages.together import parts_with_few
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
    editions = {key: ruleset.edition if ruleset else "" for key, ruleset in rulesets.items()}
    court = _Court(work, editions, given, exempt)
    alone: dict[str, Part] = {part.name: partial(court.judge, part) for part in parts if due[part.code] > FEW}
    few = {part.name: part for part in parts if part.name not in alone}
    parts_with_few(work, "judge", alone, list(few), partial(court.judge_few, few))
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


@dataclass(frozen=True, slots=True)
class _Court:
    """Judges parts of a day: by which editions of the rules, by what is known of the legal entity, and whom exemptions let
    through."""

    work: Work
    editions: Mapping[tuple[str, Subject | None], str]
    given: Surroundings
    exempt: Mapping[str, str]

    def judge(self, part: judging.Part, again: bool) -> Outcome:
        """Judge a part and put its findings in the place of what an earlier try may have left."""
        ruleset = self._ruleset(part)
        basis = self._basis(ruleset, self.work.lake.snapshot())
        with self.work.lake.read() as connection:
            found = judging.find(connection, part, ruleset, basis)
        self._put({part: found}, again)
        return found.rows.num_rows, basis.as_data() | {"findings": found.digest}

    def judge_few(self, parts: Mapping[str, judging.Part], names: Sequence[str], again: bool) -> dict[str, Outcome]:
        """As `judge`, of several parts, for which what they rest on is taken out of the lake once."""
        snapshot = self.work.lake.snapshot()
        found: dict[judging.Part, judging.Found] = {}
        done: dict[str, Outcome] = {}
        with self.work.lake.read() as connection:
            hand = AtHand(connection, snapshot)
            with hand.at_once():
                for part in (parts[name] for name in names):
                    ruleset = self._ruleset(part)
                    basis = self._basis(ruleset, snapshot)
                    each = judging.find(connection, part, ruleset, basis, hand, few=True)
                    found[part] = each
                    done[part.name] = each.rows.num_rows, basis.as_data() | {"findings": each.digest}
        self._put(found, again)
        return done

    def _ruleset(self, part: judging.Part) -> Ruleset | None:
        """The edition to judge by; mostly the one in force, which this process has ready. A release may have come meanwhile."""
        wanted = self.editions[part.code, part.subject]
        if not wanted:
            return None
        place = in_force(self.work.business_date).about_record(part.code, part.subject)
        found = place.ruleset() if place else None
        return found if found is not None and found.edition == wanted else edition(wanted)

    def _basis(self, ruleset: Ruleset | None, snapshot: int) -> judging.Basis:
        return judging.Basis(
            edition=ruleset.edition if ruleset else "",
            standard=catalogue.current().digest,
            snapshot=snapshot,
            given=self.given,
            exemptions=self.exempt.get(ruleset.name, "") if ruleset else "",
        )

    def _put(self, found: Mapping[judging.Part, judging.Found], again: bool) -> None:
        filled = {part: each.rows for part, each in found.items() if each.rows.num_rows or again}
        if not filled:
            return
        import pyarrow as pa  # it takes long to load, and only a worker needs it

        rows = pa.concat_tables(filled.values())
        where = " OR ".join(f"({part.found})" for part in filled)
        self.work.lake.write_part(lambda writer, again: put_rows(writer, FINDING, where, rows, again=again), again)
