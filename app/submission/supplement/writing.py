"""Writing supplements: drafts that are saved as they stand, and handed to review when nothing by itself is wrong."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from app.core import clock
from app.core.actor import current_actor
from app.core.crypto.keyring import key_ring
from app.core.db import current_session, unit_of_work
from app.core.errors import Conflict, Invalid, Refused
from app.core.events import publish
from app.core.text import Text
from app.submission.prints import key_print as subject_print_of
from app.submission.supplement.deciding import LONGEST_REASON, PROCESS, SHORTEST_REASON, find, not_draft
from app.submission.supplement.entry import EntryForm, entry_form, fields
from app.submission.supplement.events import SupplementsSubmitted
from app.submission.supplement.given import Presence, faults, presences, written
from app.submission.supplement.models import Supplement, SupplementRequest
from app.submission.supplement.nearby import Nearby, Row, nearby, standing
from app.submission.supplement.verdict import Entry, Verdict, verdict
from app.workflow import host

LONGEST: Final = 1_096
"""Days for which a supplement may apply at most: three years."""
USUAL: Final = 365


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody has typed for a legal entity: values by tag, the items that are to be empty, why, and for which business days."""

    provider: str
    form: str
    values: Mapping[str, str]
    emptied: frozenset[str] = frozenset()
    reason: str = ""
    valid_from: date | None = None
    valid_until: date | None = None


@dataclass(frozen=True, slots=True)
class Look:
    """What a wish amounts to: the items that would be laid over, what the source says, and all that is to be said of it.

    `errors` are by tag, and by `reason`, `valid_from`, `valid_until` and `items` for what is no item.
    """

    provider: str
    form: EntryForm
    key: str
    subject: str
    source: Row | None
    items: Mapping[str, str]
    values: Mapping[str, str]
    stands: Mapping[str, Presence]
    errors: Mapping[str, Text] = field(default_factory=dict)

    @property
    def whole(self) -> bool:
        """Whether no source has the row."""
        return self.source is None

    @property
    def entry(self) -> Entry:
        return Entry(self.provider, self.form.name, self.key, self.subject, self.items)

    @property
    def seen(self) -> dict[str, Any]:
        """The source's value of each item."""
        return {tag: (self.source or {}).get(tag) for tag in self.items}


class WishRefused(Invalid):
    """An entry cannot be handed to review like that; `errors` are all of the reasons, by field."""

    def __init__(self, errors: Mapping[str, Text]) -> None:
        words = errors.values()
        super().__init__(
            "submission.supplement_wish", Text("；".join(e.zh for e in words), "; ".join(e.en for e in words))
        )
        self.errors = errors


def cleaned(form: EntryForm, given: Mapping[str, str]) -> dict[str, str]:
    """The values of a form's items, blanks around them gone; what is no item of it is left out."""
    return {each.tag: value for each in fields(form) if (value := written(given.get(each.tag)))}


def look(wish: Wish, near: Nearby | None = None) -> Look:
    """Read a wish against what there is of its subject. Raises NotFound (`submission.entry_form`)."""
    form = entry_form(wish.form)
    values = cleaned(form, wish.values)
    key, subject = form.key_of(values), form.subject_of(values)
    known = all(values.get(name) for name in form.subject_key)
    around = near if near is not None else nearby(wish.provider, form.record, subject) if known else None
    source = around.row(form, key) if around is not None else None
    items = {tag: value for tag, value in values.items() if tag not in form.key}
    items |= dict.fromkeys((wish.emptied - values.keys() - set(form.key)) & {each.tag for each in fields(form)}, "")
    if source is None:
        items = {tag: value for tag, value in items.items() if value}
        items |= {**form.fixed, **{name: values.get(name, "") for name in form.key}}
    own = {name: value for name, value in (source or {}).items() if isinstance(value, str) and name[0] != "_"}
    both = {**own, **values, **dict.fromkeys(wish.emptied - values.keys(), "")}
    stands = presences(form, both, _beside(form, around))
    errors = faults(form, values, stands, whole=source is None)
    if source is not None and not items:
        errors["items"] = Text("还没有补录任何数据项", "no item has been entered yet")
    return Look(wish.provider, form, key, subject, source, items, values, stands, errors | _errors(wish))


def _beside(form: EntryForm, near: Nearby | None) -> dict[str, str]:
    """What the main row of the subject says that conditions of other rows ask for."""
    mains = {"210": "personal_account", "410": "corporate_account"}
    entity = mains.get(form.record, form.entity)
    rows = near.rows.get(entity, ()) if near is not None and entity != form.entity else ()
    row = rows[0] if rows else {}
    return {name: value for name in ("AcctType", "BusiLines", "BusiDtlLines", "Flag") if (value := row.get(name))}


def _errors(wish: Wish) -> dict[str, Text]:
    errors: dict[str, Text] = {}
    if not SHORTEST_REASON <= len(" ".join(wish.reason.split())) <= LONGEST_REASON:
        errors["reason"] = Text(
            f"请用 {SHORTEST_REASON}–{LONGEST_REASON} 字说明理由",
            f"say why in {SHORTEST_REASON} to {LONGEST_REASON} characters",
        )
    first, last = wish.valid_from, wish.valid_until
    if first is None:
        errors["valid_from"] = Text("请填写起始业务日", "give the first business day")
    if last is None or (first is not None and not first <= last <= first + timedelta(days=LONGEST)):
        errors["valid_until"] = Text(
            f"截止业务日不早于起始日，至多 {LONGEST} 天",
            f"the last business day lies not before the first, and at most {LONGEST} days after it",
        )
    return errors


def key_print(provider: str, form: str, key: str) -> str:
    """A keyed fingerprint of a legal entity's row, to find its supplements without storing its key in the open."""
    return key_ring().fingerprint("submission_supplement.key", f"{provider}|{form}|{key}")


def save(wish: Wish, number: str | None = None, lock: int | None = None) -> Supplement:
    """Keep what has been typed, right or wrong; only the key must be whole.

    Raises WishRefused without a key, Conflict where somebody else writes about this row (`submission.supplement_open`), where
    it has been changed meanwhile (`submission.supplement_changed`) or is no draft, Refused for another's draft.
    """
    seen = look(wish)
    errors = {tag: text for tag, text in seen.errors.items() if tag in seen.form.key}
    if errors:
        raise WishRefused(errors)
    draft = drafted(seen, wish, _mine(number, lock) if number else None)
    keep([draft])
    return draft


def _mine(number: str, lock: int | None) -> Supplement:
    found = find(number)
    if found.author != current_actor().id:
        raise Refused("submission.not_the_author", Text("这是别人的草稿", "this is somebody else's draft"))
    if found.state not in ("draft", "returned"):
        raise not_draft()
    if lock is not None and lock != found.lock:
        raise Conflict(
            "submission.supplement_changed",
            Text("草稿已在别处修改，请刷新页面", "the draft has been changed elsewhere; reload the page"),
        )
    return found


def drafted(seen: Look, wish: Wish, found: Supplement | None = None) -> Supplement:
    """A draft that says what a wish amounts to, in the place of `found`; it is not kept yet."""
    mark, now = key_print(seen.provider, seen.form.name, seen.key), clock.now()
    supplement = found or Supplement(
        id=f"SU-{clock.today():%Y%m%d}-{secrets.token_hex(5)}",
        provider=seen.provider,
        author=current_actor().id,
        created_at=now,
        answer="",
        ended_because="",
    )
    supplement.form, supplement.record_type, supplement.key = seen.form.name, seen.form.record, seen.key
    supplement.key_print, supplement.open_mark = mark, mark
    supplement.subject_print = subject_print_of(seen.form.record, seen.subject)
    supplement.whole, supplement.items, supplement.seen = seen.whole, dict(seen.items), seen.seen
    supplement.reason = " ".join(wish.reason.split())[:LONGEST_REASON]
    supplement.valid_from = wish.valid_from or clock.today()
    supplement.valid_until = wish.valid_until or supplement.valid_from
    supplement.state, supplement.changed_at = "draft", now
    supplement.findings, supplement.blocks = [], 0
    return supplement


def keep(drafts: Sequence[Supplement]) -> None:
    """Write drafts down, all or none. Raises Conflict (`submission.supplement_open`)."""
    try:
        with unit_of_work() as session:
            session.add_all(drafts)
            session.flush()
    except IntegrityError:
        raise Conflict(
            "submission.supplement_open",
            Text("这一行已有未办结的补录", "somebody is writing about this row already, or it waits for review"),
        ) from None


def begin(provider: str, form: EntryForm, key: Mapping[str, str]) -> Supplement:
    """A draft about a legal entity's row, holding what is in force of it; nobody has said why yet. Raises as `save`."""
    first = standing(provider).next_day
    wish = Wish(provider, form.name, key, valid_from=first, valid_until=first + timedelta(days=USUAL))
    values = cleaned(form, key)
    query = select(Supplement).filter_by(force_mark=key_print(provider, form.name, form.key_of(values)))
    earlier = current_session().scalar(query)
    if earlier is not None:
        wish = replace(wish_of(earlier), valid_from=first, valid_until=max(first, earlier.valid_until))
    return save(wish)


def wish_of(supplement: Supplement) -> Wish:
    """The wish that a supplement was made of."""
    form = entry_form(supplement.form)
    key = form.values_in(supplement.key)
    items = supplement.items
    return Wish(
        supplement.provider,
        form.name,
        {**{tag: value for tag, value in items.items() if value}, **key},
        frozenset(tag for tag, value in items.items() if not value),
        supplement.reason,
        supplement.valid_from,
        supplement.valid_until,
    )


def submit(supplement: Supplement) -> SupplementRequest:
    """Hand one draft to review. Raises WishRefused with all that is wrong with it, Refused, Conflict."""
    _mine(supplement.id, None)
    seen = look(wish_of(supplement))
    if seen.errors:
        raise WishRefused(seen.errors)
    return hand_in([(supplement, verdict(seen.entry))])


def hand_in(judged: Sequence[tuple[Supplement, Verdict]]) -> SupplementRequest:
    """Hand drafts of one form and legal entity to review together, with what the pre-check says of each."""
    first = judged[0][0]
    request = SupplementRequest(
        id=f"SR-{clock.today():%Y%m%d}-{secrets.token_hex(5)}",
        provider=first.provider,
        form=first.form,
        author=current_actor().id,
        submitted_at=clock.now(),
        count=len(judged),
        blocked=sum(bool(said.blocks) for _, said in judged),
        state="asked",
    )
    session = current_session()
    session.add(request)
    session.flush()
    for supplement, said in judged:
        supplement.state, supplement.request_id = "submitted", request.id
        supplement.findings, supplement.blocks = [each.triple for each in said.said], said.blocks
    title = entry_form(first.form).title
    subject = f"{title.zh} × {len(judged)}"
    request.instance_id = host.start(
        PROCESS, request.id, {"request": request.id}, subject=subject, provider=request.provider
    )
    session.flush()
    publish(SupplementsSubmitted(request.id, request.form, request.count))
    return request
