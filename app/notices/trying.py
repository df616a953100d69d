"""A test message to somebody by every channel, and what came of each."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Final

from app.core import clock
from app.core.db import unit_of_work
from app.core.errors import NotFound
from app.core.lease import Lease, holding
from app.core.masking import mask
from app.core.people import directory
from app.core.text import Text
from app.notices.bundling import languages_of, new_message
from app.notices.channels import CHANNELS
from app.notices.contacts import address_of, contact_of
from app.notices.models import Message, Notice, NoticeCause
from app.notices.sending import SENDER, send_one
from app.notices.wording import TEST, test_words

TITLE: Final = Text("测试通知", "Test notice")


@dataclass(frozen=True, slots=True)
class Tried:
    """What came of a channel. `went`: None where it could not be tried at all."""

    channel: str
    went: bool | None
    address: str
    words: Text


def try_channels(person: str) -> list[Tried]:
    """Send somebody a test message by every channel now. Raises NotFound (`notices.person`)."""
    with unit_of_work(reading=True):
        if directory().person(person) is None:
            raise NotFound("notices.person", Text(f"没有用户 {person}", f"there is no user {person}"))
    _in_console(person)
    tried = [Tried("console", True, "", Text("已放入通知页", "stands on the page of notices"))]
    with holding(SENDER) as keeper:
        tried += [_try(person, name, keeper.lease) for name in CHANNELS]
    return tried


def _in_console(person: str) -> None:
    with unit_of_work() as session:
        now = clock.now()
        cause = NoticeCause(
            kind=TEST, mark=str(uuid.uuid4()), severity="normal", title_zh=TITLE.zh, title_en=TITLE.en, opened_at=now
        )
        session.add(cause)
        session.flush()
        session.add(Notice(cause_id=cause.id, person=person, told_at=now))


def _try(person: str, name: str, lease: Lease) -> Tried:
    channel = CHANNELS[name]
    with unit_of_work() as session:
        if faults := channel.faults():
            words = Text("；".join(each.zh for each in faults), "; ".join(each.en for each in faults))
            return Tried(name, False if channel.wanted() else None, "", words)
        address = address_of(contact_of(person), name)
        if not address:
            return Tried(name, None, "", Text("收件人没有留地址", "who should get it has left no address"))
        language = languages_of([person])[person]
        number = new_message(name, person, TEST, "normal", 1, test_words(language, name), clock.now()).id
        session.flush()
    state = send_one(number, lease)
    with unit_of_work(reading=True) as session:
        message = session.get_one(Message, number, populate_existing=True)
        why = Text(message.error_zh, message.error_en) if message.error_en else Text("已送出", "sent")
    shown = mask("email" if name == "mail" else "phone", address)
    return Tried(name, state == "sent", shown, why)
