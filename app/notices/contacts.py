"""How people are reached: addresses, quiet hours of their own, and what they do without. Everybody keeps this of themselves."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import select

from app.audit import Thing, record
from app.core import clock
from app.core.actor import current_actor
from app.core.db import current_session
from app.core.errors import Invalid
from app.core.text import Text
from app.notices.house_rules import HouseRules
from app.notices.models import Contact
from app.notices.reading import read_time
from app.notices.timing import QuietHours

_MAIL: Final = re.compile(r"[A-Za-z0-9._%+-]{1,64}@([A-Za-z0-9-]{1,63}\.){1,8}[A-Za-z]{2,24}")
_MOBILE: Final = re.compile(r"(\+[1-9][0-9]{6,14}|1[0-9]{10})", re.ASCII)
_APART: Final = re.compile(r"[\s-]")


@dataclass(frozen=True, slots=True)
class Wishes:
    """What somebody has said. `mail` and `mobile` None: as they were; empty: none. `quiet`: house, own or none."""

    mail: str | None = None
    mobile: str | None = None
    quiet: str = "house"
    quiet_from: str = ""
    quiet_until: str = ""
    unwanted: frozenset[str] = field(default_factory=frozenset)


class ContactFaults(Invalid):
    """Everything that is wrong with what somebody said, by field."""

    def __init__(self, faults: Mapping[str, Text]) -> None:
        words = faults.values()
        super().__init__("notices.contact", Text("；".join(x.zh for x in words), "; ".join(x.en for x in words)))
        self.faults = faults


def contact_of(person: str) -> Contact | None:
    """What somebody has said of how they are reached."""
    return current_session().get(Contact, person)


def contacts_of(people: Collection[str]) -> dict[str, Contact]:
    """Of many at once, by person."""
    query = select(Contact).where(Contact.person.in_(people))
    return {each.person: each for each in current_session().scalars(query)}


def quiet_hours(contact: Contact | None, rules: HouseRules) -> QuietHours:
    """Those of somebody: their own, else the house's."""
    start = read_time(contact.quiet_from or "") if contact else None
    end = read_time(contact.quiet_until or "") if contact else None
    return rules.quiet if start is None or end is None else QuietHours(start, end)


def address_of(contact: Contact | None, channel: str) -> str:
    """Where somebody is reached by a channel; empty for nowhere."""
    if contact is None:
        return ""
    return (contact.mail if channel == "mail" else contact.mobile) or ""


def does_without(contact: Contact | None, kind: str, channel: str) -> bool:
    """Whether somebody does not want a kind by a channel."""
    return contact is not None and f"{kind}|{channel}" in contact.unwanted


def keep_wishes(person: str, wishes: Wishes) -> Contact:
    """Keep what somebody wants. Raises ContactFaults with everything that is wrong."""
    mail = wishes.mail.strip() if wishes.mail is not None else None
    mobile = _APART.sub("", wishes.mobile) if wishes.mobile is not None else None
    faults: dict[str, Text] = {}
    if mail and not _MAIL.fullmatch(mail):
        faults["mail"] = Text("请填写邮箱，例如 li.lei@example.cn", "give a mail address such as li.lei@example.cn")
    if mobile and not _MOBILE.fullmatch(mobile):
        faults["mobile"] = Text(
            "请填写 11 位手机号码，境外号码以 + 和国家代码开头",
            "give a Chinese mobile number of 11 digits, or + and country code",
        )
    times = (wishes.quiet_from, wishes.quiet_until) if wishes.quiet == "own" else ("00:00", "00:00")
    for name, given in zip(("quiet_from", "quiet_until"), times, strict=True):
        if read_time(given) is None:
            faults[name] = Text("请填写时刻，如 22:00", "give a time such as 22:00")
    if faults:
        raise ContactFaults(faults)
    session = current_session()
    found = contact_of(person) or Contact(person=person)
    if mail is not None:
        found.mail = mail or None
    if mobile is not None:
        found.mobile = mobile or None
    found.quiet_from, found.quiet_until = (None, None) if wishes.quiet == "house" else times
    found.unwanted = sorted(wishes.unwanted)
    found.changed_at, found.changed_by = clock.now(), current_actor().id
    session.add(found)
    session.flush()
    record("notices.contact_changed", Thing("person", person), detail={"quiet": wishes.quiet})
    return found
