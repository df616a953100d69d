"""What is exempt when records are judged: kept as it was at that moment, and read again by its digest."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from sqlalchemy import select

from app.core import clock
from app.core.crypto.keyring import key_ring
from app.core.db import current_session, database, unit_of_work
from app.core.db.rows import inserting_if_new
from app.core.errors import Invalid, NotFound
from app.core.text import Text
from app.rules.exemption.models import Exemption, ExemptionSet

_CONTEXT: Final = "rules_exemption_set.digest"


@dataclass(frozen=True, slots=True)
class Exempted:
    """One exemption as it applied: `value` names the subject, account or branch as records write it."""

    exemption: str
    rule: str
    scope: str
    value: str


def applying(day: date, rulesets: Collection[str]) -> dict[str, str]:
    """What is exempt from these rulesets on a business day: by ruleset the digest under which it is kept from now on.
    Rulesets without any exemption are left out; where there is none at all nothing is written."""
    with unit_of_work(reading=True) as session:
        query = (
            select(Exemption)
            .where(Exemption.state == "granted", Exemption.until >= day, Exemption.ruleset.in_(rulesets))
            .order_by(Exemption.id)
        )
        granted = [(each.ruleset, [each.id, each.rule, each.scope, each.value]) for each in session.scalars(query)]
    found = {}
    for name in sorted({name for name, _ in granted}):
        content = [row for ruleset, row in granted if ruleset == name]
        found[name] = digest_of(content)
        with unit_of_work() as session:
            kept = {"digest": found[name], "ruleset": name, "content": content, "created_at": clock.now()}
            session.execute(inserting_if_new(database().kind, ExemptionSet).values(kept))
    return found


def exempted(digest: str) -> tuple[Exempted, ...]:
    """What was exempt, by the digest that a judgement refers to; nothing for ''.

    Raises NotFound (`rules.exemptions_gone`), and Invalid (`rules.exemptions_changed`) where it is not what it was.
    """
    if not digest:
        return ()
    with unit_of_work(reading=True):
        row = current_session().get(ExemptionSet, digest)
        if row is None:
            raise NotFound("rules.exemptions_gone", Text("当时的豁免没有留存", "what was exempt then is not kept"))
        content = row.content
    if digest_of(content) != digest:
        raise Invalid(
            "rules.exemptions_changed", Text("留存的豁免被改动过", "what was exempt then has been changed since")
        )
    return tuple(Exempted(*each) for each in content)


def digest_of(content: Sequence[Sequence[str]]) -> str:
    """A keyed fingerprint: of a bare hash the numbers of persons could be guessed."""
    text = json.dumps([list(each) for each in content], ensure_ascii=False, separators=(",", ":"))
    return key_ring().fingerprint(_CONTEXT, text)
