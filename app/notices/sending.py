"""Handing messages over: noted before and after, so that a kill between leaves a mark and never a silent second message.

One sender works at a time, under a lease. What it finds as `sending` was left by one that is gone: where the other side knows
messages by their id it is handed over again, else it is `unknown` until an operator has looked.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import structlog
from sqlalchemy import func, select, update

from app.audit import Thing, record
from app.audit.record import Outcome
from app.core import clock
from app.core.backoff import delay
from app.core.db import current_session, unit_of_work
from app.core.errors import Conflict, CreditLinkError, NotFound
from app.core.lease import Lease, guard
from app.core.people import directory
from app.core.text import Text
from app.notices.channels import CHANNELS
from app.notices.channels.channel import Channel, NotKnown, NotNow, NotTaken, Parcel
from app.notices.contacts import address_of, contact_of
from app.notices.models import Delivery, Message, Notice, NoticeCause

SENDER: Final = "notices.sender"
MAX_ATTEMPTS: Final = 8
FIRST_PAUSE: Final = timedelta(seconds=30)
AGAIN: Final = ("failed", "unknown")
"""States of which an operator may send again."""
_MOST: Final = 500

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Sent:
    """What a round of sending came to."""

    sent: int = 0
    again: int = 0
    failed: int = 0
    unknown: int = 0


def send_due(lease: Lease, lost: Callable[[], bool] = lambda: False) -> Sent:
    """Hand over all that is due. Opens its own units of work; stops when the lease is lost."""
    done = Sent()
    pick_up(lease)
    with unit_of_work(reading=True) as session:
        due = select(Message.id).where(Message.state == "waiting", Message.due_at <= clock.now())
        numbers = list(session.scalars(due.order_by(Message.due_at, Message.id).limit(_MOST)))
    for number in numbers:
        if lost():
            break
        state = send_one(number, lease)
        done.sent += state == "sent"
        done.again += state == "waiting"
        done.failed += state == "failed"
        done.unknown += state == "unknown"
    return done


def pick_up(lease: Lease) -> None:
    """Decide about what a sender that is gone has left between handing over and noting."""
    with unit_of_work(reading=True) as session:
        if session.scalars(select(Message.id).where(Message.state == "sending").limit(1)).first() is None:
            return
    with unit_of_work() as session:
        guard(lease)
        for message in session.scalars(select(Message).where(Message.state == "sending")):
            if CHANNELS[message.channel].repeatable:
                message.state, message.due_at = "waiting", clock.now()
            else:
                _note(message, "unknown", Text("交出后发送进程中断", "the sender ended after handing it over"))


def send_one(number: str, lease: Lease) -> str:
    """Hand one message over and note what came of it; its state afterwards. Other failures than expected ones go up."""
    with unit_of_work() as session:
        guard(lease)
        message = session.get_one(Message, number)
        if message.state != "waiting":
            return message.state
        channel, parcel = CHANNELS[message.channel], _parcel(message)
        problem = _hindrance(message, channel, parcel)
        if problem is not None:
            state, words = problem
            _note(message, state, words)
            return state

    def about_to() -> None:
        with unit_of_work() as session:
            guard(lease)
            mine = update(Message).where(Message.id == number, Message.state == "waiting")
            if not session.execute(mine.values(state="sending")).rowcount:  # type: ignore[attr-defined] # an UPDATE has one
                raise Conflict("notices.message_taken", Text("消息已被处理", "the message was dealt with meanwhile"))

    try:
        receipt = channel.hand_over(parcel, about_to)
    except (NotTaken, NotNow, NotKnown) as failure:
        return _failed(number, channel, failure)
    with unit_of_work() as session:
        message = session.get_one(Message, number, populate_existing=True)
        message.sent_at, message.receipt = clock.now(), receipt[:200]
        message.attempts += 1
        _note(message, "sent", Text("", ""))
        return message.state


def _parcel(message: Message) -> Parcel:
    address = address_of(contact_of(message.person), message.channel)
    return Parcel(message.id, address, message.subject, message.body, message.count, message.link)


def _hindrance(message: Message, channel: Channel, parcel: Parcel) -> tuple[str, Text] | None:
    """Why a message is not to be sent at all."""
    if not channel.wanted() or channel.faults():
        return "failed", Text("渠道未配置完整", "the channel is not configured wholly")
    if directory().person(message.person) is None:
        return "failed", Text("收件人已停用", "who should get it is locked or gone")
    if not parcel.address:
        return "failed", Text("收件人没有留地址", "who should get it has left no address")
    session = current_session()
    of_it = (
        select(func.count(), func.count().filter(NoticeCause.ended_at.is_(None), Notice.read_at.is_(None)))
        .select_from(Delivery)
        .join(Notice, Notice.id == Delivery.notice_id)
        .join(NoticeCause, NoticeCause.id == Notice.cause_id)
        .where(Delivery.message_id == message.id)
    )
    told, still = session.execute(of_it).one()
    if told and not still:
        return "withdrawn", Text("所述情况均已解除或已读", "all that it tells of is over or was read")
    return None


def _failed(number: str, channel: Channel, failure: CreditLinkError) -> str:
    with unit_of_work() as session:
        message = session.get_one(Message, number, populate_existing=True)
        message.attempts += 1
        if isinstance(failure, NotKnown) and not channel.repeatable:
            state = "unknown"
        elif isinstance(failure, NotTaken) or message.attempts >= MAX_ATTEMPTS:
            state = "failed"
        else:
            state, message.due_at = "waiting", clock.now() + delay(message.attempts, FIRST_PAUSE)
        _note(message, state, failure.message)
        return state


def _note(message: Message, state: str, problem: Text) -> None:
    message.state, message.error_zh, message.error_en = state, problem.zh[:500], problem.en[:500]
    current_session().flush()
    thing, detail = Thing("message", message.id), {"channel": message.channel, "person": message.person}
    if state == "waiting":
        log.info("message_waits", message=message.id, channel=message.channel, attempts=message.attempts)
        return
    outcome: Outcome = "failed" if state in AGAIN else "done"
    record(f"notices.message_{state}", thing, outcome, detail | ({"why": problem.en} if problem.en else {}))
    if state in AGAIN:
        log.warning("message_not_sent", message=message.id, channel=message.channel, state=state, why=problem.en)


def send_again(number: str) -> Message:
    """Let a message that failed, or of which nobody knows, be sent again.

    Raises NotFound (`notices.message`) and Conflict (`notices.message_state`).
    """
    found = current_session().scalar(select(Message).where(Message.id == number))
    if found is None:
        raise NotFound("notices.message", Text("没有这条消息", "There is no such message"))
    if found.state not in AGAIN:
        raise Conflict(
            "notices.message_state",
            Text("只有失败或结果不明的消息可以重新发送", "Only a message that failed or is unknown can be sent again"),
        )
    before = found.state
    found.state, found.attempts, found.due_at = "waiting", 0, clock.now()
    current_session().flush()
    record("notices.message_again", Thing("message", found.id), detail={"before": before})
    return found
