"""Verdicts in the operational database: asked for in batches, inferred in the background, each written exactly once.

A request is done in the commit that writes its verdicts, and only by who finds it undone; so whatever is killed in between
costs the work since the last commit and nothing else.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, cast

from sqlalchemy import Table, func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from app.core import clock
from app.core.crypto import key_ring
from app.core.db import current_session, database, unit_of_work
from app.core.errors import CreditLinkError, Invalid, NotFound
from app.core.jobs import TaskContext, enqueue
from app.core.text import Text
from app.rules.inference.content import policy_of
from app.rules.inference.facts import Facts, read_facts
from app.rules.inference.inferring import Judged, infer_all
from app.rules.inference.models import InferenceRequest, RuleVerdict
from app.rules.inference.outcome import plain
from app.rules.inference.policy import Policy
from app.rules.inference.supervision import EngineFailed

INFER: Final = "rules.infer"
CHUNK: Final = 100
"""So many requests are judged together and committed together."""

_request: Final = cast(Table, InferenceRequest.__table__)
_verdict: Final = cast(Table, RuleVerdict.__table__)


@dataclass(frozen=True, slots=True)
class Waiting:
    """A request that has no verdicts yet."""

    id: int
    key: str
    facts: Facts


def mark_of(kind: str, subject: str) -> str:
    """The mark by which verdicts on a subject are found."""
    return key_ring().fingerprint("rule_verdict.subject", f"{kind}:{subject}")


def ask_for_verdicts(ruleset: str, batch: str, cases: Mapping[str, object]) -> int:
    """Ask a policy, in its present edition, to judge each set of facts under its key; gives the number of the task.

    A key that was asked before is not asked again. Belongs to the running unit of work. Raises NotFound, and Invalid for
    facts that do not fit.
    """
    policy = policy_of(ruleset)
    for facts in cases.values():
        read_facts(policy.shapes, facts)
    make = postgresql.insert if database().kind == "postgresql" else sqlite.insert
    rows = [
        {"ruleset": policy.name, "edition": policy.edition, "batch": batch, "key": key, "facts": facts}
        | {"asked_at": clock.now()}
        for key, facts in cases.items()
    ]
    if rows:
        current_session().execute(make(_request).on_conflict_do_nothing(), rows)
    which = hashlib.sha256("\n".join(sorted(cases)).encode()).hexdigest()[:16]
    params = {"ruleset": policy.name, "edition": policy.edition, "batch": batch}
    return enqueue(INFER, params, f"{policy.name}:{policy.edition[:16]}:{batch}:{which}")


def infer_batch(context: TaskContext) -> None:
    """The task: judge what is undone of a batch, chunk by chunk. What cannot be judged is told when all else is done."""
    ruleset, edition, batch = (str(context.params[name]) for name in ("ruleset", "edition", "batch"))
    policy = policy_of(ruleset)
    if policy.edition != edition:
        message = Text(f"{ruleset} 的版本 {edition[:12]} 已不在", f"the edition {edition[:12]} of {ruleset} is gone")
        raise NotFound("rules.edition", message)
    after, done, total, troubles = 0, 0, _undone(policy, batch), list[CreditLinkError]()
    while chunk := _next(policy, batch, after):
        after = chunk[-1].id
        judged = _judged(policy, chunk)
        context.check()
        _write(policy, list(zip(chunk, judged, strict=True)))
        troubles += [each for each in judged if isinstance(each, CreditLinkError)]
        done += len(chunk)
        context.progress(done, max(total, done))
    _tell(troubles)


def _tell(troubles: Sequence[CreditLinkError]) -> None:
    """Fail the attempt for requests that have no verdict: again later where the engine failed, for good where facts or rules
    are at fault."""
    for each in troubles:
        if isinstance(each, EngineFailed):
            raise each
    if troubles:
        first = troubles[0].message
        message = Text(
            f"{len(troubles)}组事实无法推理，首个原因：{first.zh}",
            f"{len(troubles)} sets of facts cannot be judged, the first because: {first.en}",
        )
        raise Invalid("rules.not_judged", message)


def _undone(policy: Policy, batch: str) -> int:
    with unit_of_work(reading=True) as session:
        return session.scalar(select(func.count()).select_from(_request).where(*_of(policy, batch))) or 0


def _of(policy: Policy, batch: str) -> tuple[Any, ...]:
    return (
        _request.c.ruleset == policy.name,
        _request.c.edition == policy.edition,
        _request.c.batch == batch,
        _request.c.judged_at.is_(None),
    )


def _next(policy: Policy, batch: str, after: int) -> list[Waiting]:
    columns = select(_request.c.id, _request.c.key, _request.c.facts)
    query = columns.where(*_of(policy, batch), _request.c.id > after).order_by(_request.c.id).limit(CHUNK)
    with unit_of_work(reading=True) as session:
        return [Waiting(row.id, row.key, read_facts(policy.shapes, row.facts)) for row in session.execute(query)]


def _judged(policy: Policy, chunk: Sequence[Waiting]) -> list[Judged]:
    """All of a chunk at once; one by one where the engine fails, so that one bad request holds up no other."""
    try:
        return infer_all(policy, [each.facts for each in chunk])
    except EngineFailed as failed:
        if len(chunk) == 1:
            return [failed]
        return [judged for each in chunk for judged in _judged(policy, [each])]


def _write(policy: Policy, judged: Sequence[tuple[Waiting, Judged]]) -> None:
    """Write the verdicts of a chunk and mark its requests as judged, in one commit; those that another has judged are left."""
    now = clock.now()
    good = [each.id for each, found in judged if not isinstance(found, CreditLinkError)]
    with unit_of_work() as session:
        mine = update(_request).where(_request.c.id.in_(good), _request.c.judged_at.is_(None))
        taken = set(session.scalars(mine.values(judged_at=now, error=None).returning(_request.c.id))) if good else set()
        rows = []
        for each, found in judged:
            if isinstance(found, CreditLinkError):
                session.execute(update(_request).where(_request.c.id == each.id).values(error=str(found.message.zh)))
            elif each.id in taken:
                for outcome in found.outcomes:
                    value = plain(outcome.value)
                    rows.append(
                        {
                            "request_id": each.id,
                            "ruleset": policy.name,
                            "edition": policy.edition,
                            "key": each.key,
                            "kind": policy.about,
                            "subject": outcome.key,
                            "subject_mark": mark_of(policy.about, outcome.key),
                            "outcome": None if value is None else str(value),
                            "rules": list(outcome.rules),
                            "reasons": [reason.as_data() for reason in outcome.reasons],
                            "made_at": now,
                        }
                    )
        if rows:
            session.execute(insert(_verdict), rows)
