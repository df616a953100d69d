"""Exemptions from their request to their end: decided in the process `rules.rule_exemption` by a second person."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, cast

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from app.core import clock
from app.core.actor import current_actor
from app.core.crypto.keyring import key_ring
from app.core.db import current_session, unit_of_work
from app.core.errors import Conflict, Invalid, NotFound
from app.core.events import publish
from app.core.text import Text
from app.rules.exemption.events import (
    ExemptionAsked,
    ExemptionEnded,
    ExemptionGranted,
    ExemptionRefused,
    ExemptionWithdrawn,
)
from app.rules.exemption.models import Exemption
from app.rules.exemption.scopes import (
    SCOPES,
    Scope,
    documents_of,
    number_fits,
    scopes_of_ruleset,
    shown_value,
    written_value,
)
from app.rules.model import Ruleset
from app.rules.registry.force import in_force
from app.rules.statistics import reported_rulesets
from app.web.parts import Tone
from app.workflow import host
from app.workflow.intervention import cancel
from app.workflow.models import ProcessInstance

PROCESS: Final = "rules.rule_exemption"
WITHDRAWN: Final = "rules.exemption_withdrawn"
"""The message by which a request is taken back."""
LONGEST: Final = 366
"""Days for which an exemption may be asked at most."""
SHORTEST_REASON: Final = 4
LONGEST_REASON: Final = 500

STATES: Final[Mapping[str, Text]] = {
    "asked": Text("待批准", "To be decided"),
    "granted": Text("豁免中", "In force"),
    "expired": Text("已到期", "Expired"),
    "ended": Text("已提前终止", "Ended early"),
    "refused": Text("未批准", "Refused"),
    "withdrawn": Text("已撤回", "Withdrawn"),
}
"""As people see them: what was granted and whose day has passed is `expired`."""
TONES: Final[Mapping[str, Tone]] = {
    "asked": "warning",
    "granted": "success",
    "refused": "danger",
}


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody asks for, as it was typed: `document` is the type of a subject's document."""

    ruleset: str
    rule: str
    scope: str
    document: str
    number: str
    until: date | None
    reason: str


class WishRefused(Invalid):
    """An exemption cannot be asked for like that; `errors` are all of the reasons, by field."""

    def __init__(self, errors: Mapping[str, Text]) -> None:
        words = errors.values()
        super().__init__(
            "rules.exemption_wish", Text("；".join(each.zh for each in words), "; ".join(each.en for each in words))
        )
        self.errors = errors


def latest_end() -> date:
    """The last day that may be asked for."""
    return clock.today() + timedelta(days=LONGEST)


def ask(wish: Wish) -> Exemption:
    """Ask that whoever the wish names be exempt from the rule. Raises WishRefused, and Conflict (`rules.exempt_already`)
    where they are, or somebody has asked for it."""
    reason = " ".join(wish.reason.split())
    ruleset = ruleset_named(wish.ruleset)
    errors = _errors(wish, ruleset, reason)
    if errors or ruleset is None or wish.until is None:
        raise WishRefused(errors)
    scope = cast(Scope, wish.scope)
    value = written_value(scope, wish.document, wish.number)
    exemption = _begun(ruleset, wish, value, wish.until, reason)
    publish(ExemptionAsked(exemption.id, exemption.ruleset, exemption.rule, exemption.until))
    shown = f"{exemption.rule} · {shown_value(ruleset, scope, value)}"
    exemption.instance_id = host.start(PROCESS, exemption.id, {"exemption": exemption.id}, subject=shown)
    current_session().flush()
    return exemption


def ruleset_named(name: str) -> Ruleset | None:
    """The ruleset in force today, if there is one."""
    force = in_force(clock.today())
    return force.ruleset(name) if name in force.places else None


def _errors(wish: Wish, ruleset: Ruleset | None, reason: str) -> dict[str, Text]:
    errors: dict[str, Text] = {}
    scopes = scopes_of_ruleset(ruleset) if ruleset else {}
    if ruleset is None or not scopes or ruleset.name not in {each.name for each in reported_rulesets()}:
        errors["ruleset"] = Text("请选择判断上报记录的规则集", "choose a ruleset that judges reported records")
    elif wish.rule not in {rule.id for rule in ruleset.rules}:
        errors["rule"] = Text("规则集中没有这条规则", "the ruleset has no such rule")
    if wish.scope not in SCOPES or (scopes and wish.scope not in scopes):
        errors["scope"] = Text("这类记录不能按此豁免", "records of this type cannot be exempt by that")
    elif wish.scope == "subject" and ruleset is not None:
        table = documents_of(ruleset)
        if table is not None and wish.document not in table.values:
            errors["document"] = Text("请选择证件类型", "choose the type of document")
    if not number_fits(wish.number):
        errors["number"] = Text("请填写完整的号码或代码", "give the whole number or code")
    if wish.until is None or not clock.today() <= wish.until <= latest_end():
        errors["until"] = Text(
            f"截止日须在今天与 {latest_end():%Y-%m-%d} 之间",
            f"the last day must lie between today and {latest_end():%Y-%m-%d}",
        )
    if not SHORTEST_REASON <= len(reason) <= LONGEST_REASON:
        errors["reason"] = Text(
            f"请用 {SHORTEST_REASON}–{LONGEST_REASON} 字说明理由",
            f"say why in {SHORTEST_REASON} to {LONGEST_REASON} characters",
        )
    return errors


def _begun(ruleset: Ruleset, wish: Wish, value: str, until: date, reason: str) -> Exemption:
    mark = key_ring().fingerprint("rules_exemption.open_mark", "\n".join((ruleset.name, wish.rule, wish.scope, value)))
    session = current_session()
    over = select(Exemption).where(
        Exemption.open_mark == mark, Exemption.state == "granted", Exemption.until < clock.today()
    )
    for each in session.scalars(over):
        each.open_mark = None
    session.flush()
    exemption = Exemption(
        id=f"EX-{clock.today():%Y%m%d}-{secrets.token_hex(4)}",
        ruleset=ruleset.name,
        rule=wish.rule,
        scope=wish.scope,
        value=value,
        until=until,
        reason=reason,
        state="asked",
        asked_by=current_actor().id,
        asked_at=clock.now(),
        answer="",
        ended_because="",
        open_mark=mark,
    )
    try:
        with unit_of_work():
            session.add(exemption)
            session.flush()
    except IntegrityError:
        raise Conflict(
            "rules.exempt_already",
            Text(
                "该对象已豁免这条规则，或已有申请在办理", "it is exempt from this rule already, or somebody has asked"
            ),
        ) from None
    return exemption


def find(exemption_id: str) -> Exemption:
    """Raises NotFound (`rules.exemption`)."""
    found = current_session().get(Exemption, exemption_id)
    if found is None:
        raise NotFound("rules.exemption", Text("没有这项豁免", "there is no such exemption"))
    return found


def standing(exemption: Exemption) -> str:
    """Where it stands, as people see it: one of STATES."""
    over = exemption.state == "granted" and exemption.until < clock.today()
    return "expired" if over else exemption.state


def exemptions_of(ruleset: str) -> list[Exemption]:
    """All exemptions from a ruleset's rules, in force or not, the newest first; at most 200."""
    query = select(Exemption).filter_by(ruleset=ruleset).order_by(Exemption.asked_at.desc(), Exemption.id)
    return list(current_session().scalars(query.limit(200)))


def grant(exemption: Exemption, approver: str, words: str) -> None:
    """It applies from now on; a second time changes nothing.

    Raises Conflict: `rules.four_eyes` where whoever asked approved it, `rules.day_past` where its last day is over.
    """
    if exemption.state == "granted":
        return
    if approver == exemption.asked_by:
        raise Conflict(
            "rules.four_eyes",
            Text("申请人不能批准，须由他人批准", "whoever asked may not approve it; somebody else must"),
        )
    if exemption.until < clock.today():
        raise Conflict(
            "rules.day_past", Text("截止日 {day} 已过", "its last day, {day}, is over").format(day=exemption.until)
        )
    if _decide(exemption, "granted", approver, words):
        publish(ExemptionGranted(exemption.id, exemption.ruleset, exemption.rule, exemption.until, approver))


def refuse(exemption: Exemption, by: str | None, words: str) -> None:
    """It is not granted; a second time changes nothing."""
    if _decide(exemption, "refused", by, words):
        publish(ExemptionRefused(exemption.id, exemption.ruleset, exemption.rule))


def withdraw(exemption: Exemption) -> None:
    """Take back what is not decided, or whose process has failed or was ended by hand.

    Raises Conflict (`rules.not_withdrawable`).
    """
    if exemption.state != "asked" or not (host.send_message(WITHDRAWN, exemption.id) or _given_up(exemption)):
        raise Conflict(
            "rules.not_withdrawable",
            Text("该申请已处理，不能撤回", "this request has been decided and cannot be withdrawn"),
        )
    note_withdrawal(exemption)


def note_withdrawal(exemption: Exemption) -> None:
    """It has been taken back; a second time changes nothing."""
    if _decide(exemption, "withdrawn", None, ""):
        publish(ExemptionWithdrawn(exemption.id, exemption.ruleset, exemption.rule))


def end(exemption: Exemption, reason: str) -> None:
    """Let it apply no more from now on, before its day.

    Raises Conflict (`rules.exemption_over`) where it does not apply, Invalid (`rules.note`) without a reason.
    """
    words = " ".join(reason.split())
    if not SHORTEST_REASON <= len(words) <= LONGEST_REASON:
        raise Invalid(
            "rules.note",
            Text(
                f"请用 {SHORTEST_REASON}–{LONGEST_REASON} 字说明理由",
                f"say why in {SHORTEST_REASON} to {LONGEST_REASON} characters",
            ),
        )
    if standing(exemption) != "granted":
        raise Conflict("rules.exemption_over", Text("这项豁免不在生效中", "this exemption is not in force"))
    exemption.state, exemption.open_mark, exemption.ended_because = "ended", None, words
    exemption.ended_by, exemption.ended_at = current_actor().id, clock.now()
    current_session().flush()
    publish(ExemptionEnded(exemption.id, exemption.ruleset, exemption.rule))


def _decide(exemption: Exemption, state: str, by: str | None, words: str) -> bool:
    if exemption.state != "asked":
        return False
    exemption.state, exemption.answer = state, words[:4000]
    exemption.decided_by, exemption.decided_at = by, clock.now()
    if state != "granted":
        exemption.open_mark = None
    current_session().flush()
    return True


def _given_up(exemption: Exemption) -> bool:
    """Whether its process goes no further; one that has failed is ended."""
    instance = current_session().get(ProcessInstance, exemption.instance_id) if exemption.instance_id else None
    if instance is not None and instance.status == "incident":
        cancel(instance.id, "申请已撤回 / the request was withdrawn")
        return True
    return instance is None or instance.status in ("cancelled", "done")
