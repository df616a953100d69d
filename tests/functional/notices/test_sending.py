"""Handing over: tried again, given up, sent again; a sender that is killed in between leaves a mark and no second message."""

from __future__ import annotations

import os
import random
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from reached import DAY, House, at, process, registry

from app.audit.models import AuditEntry
from app.core import clock
from app.core.actor import SYSTEM, acting
from app.core.config import override, settings
from app.core.crypto import key_ring
from app.core.db import database, unit_of_work
from app.core.errors import Conflict, NotFound
from app.notices.channels import CHANNELS, usable
from app.notices.channels.channel import NotNow, Parcel
from app.notices.contacts import Wishes, keep_wishes
from app.notices.models import Delivery, Message, Notice
from app.notices.rounds import look_after
from app.notices.sending import FIRST_PAUSE, MAX_ATTEMPTS, send_again
from app.notices.set_back import notices_made_good
from app.notices.trying import try_channels

PARCEL = Parcel("m-1", "lin.hai@example.cn", "1 条预警", "1 条预警\n", 1, "")


def only() -> Message:
    with unit_of_work(reading=True) as session:
        return session.query(Message).one()


def told_one(house: House, channel: str = "mail") -> None:
    """One notice to one person by one channel."""
    house.tell("23T10:00", kind="workflow.mention", people=("lin.hai",))
    with unit_of_work() as session:
        session.query(Delivery).one().channel = channel


def wait_until(met: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not met():
        assert time.monotonic() < deadline, "it never came to it"
        time.sleep(0.02)


def test_what_a_clock_that_ran_ahead_has_put_off_comes_in_time(house: House) -> None:
    house.mail.behave("later")
    house.tell("26T10:00", kind="workflow.mention", people=("lin.hai",))
    house.round("26T10:10")
    assert only().state == "waiting"
    with at("23T10:00"):
        assert notices_made_good() == 1
        assert notices_made_good() == 0
        assert only().due_at == clock.now() + FIRST_PAUSE
    house.mail.behave("well")
    house.round("23T10:01")
    assert only().state == "sent"


def test_what_is_not_taken_now_is_tried_again_with_longer_pauses(house: House) -> None:
    house.mail.behave("later")
    told_one(house)
    moments = []
    now = "23T10:10"
    house.round(now)
    for _ in range(2):
        message = only()
        assert message.state == "waiting"
        moments.append(message.due_at)
        with clock.frozen(message.due_at), acting(SYSTEM):
            look_after(registry().notice_kinds)
    assert moments[1] - moments[0] == timedelta(seconds=60)
    assert only().attempts == 3
    assert "451" in only().error_en
    house.mail.behave("")
    with clock.frozen(only().due_at), acting(SYSTEM):
        look_after(registry().notice_kinds)
    assert (only().state, only().attempts, len(house.mail.mails())) == ("sent", 4, 1)


def test_after_too_many_tries_it_is_given_up_and_can_be_sent_again(house: House) -> None:
    told_one(house)
    with override(settings().changed(smtp_port=1)):
        house.round("23T10:10")
        with unit_of_work() as session:
            session.query(Message).one().attempts = MAX_ATTEMPTS - 1
        house.round("23T10:12")
    failed = only()
    assert (failed.state, failed.error_en.split(":")[0]) == ("failed", "reaching the mail server failed")
    house.round("23T11:00")
    assert only().state == "failed", "not by itself"
    with at("23T11:00"), unit_of_work():
        send_again(failed.id)
    house.round("23T11:00")
    assert only().state == "sent"
    with at("23T11:01"), unit_of_work(), pytest.raises(Conflict):
        send_again(failed.id)
    with at("23T11:01"), unit_of_work(), pytest.raises(NotFound):
        send_again("no-such")
    with unit_of_work(reading=True) as session:
        actions = [each.action for each in session.query(AuditEntry).filter_by(object_id=failed.id)]
    assert actions == ["notices.message_failed", "notices.message_again", "notices.message_sent"]


@pytest.mark.parametrize("channel", ["mail", "sms"])
def test_what_is_refused_for_good_is_not_tried_again(house: House, channel: str) -> None:
    getattr(house, channel).behave("refuse")
    told_one(house, channel)
    house.round("23T10:10")
    assert only().state == "failed"
    assert only().attempts == 1
    assert "example.cn" not in only().error_en + only().error_zh


def test_what_is_over_before_it_could_be_sent_is_withdrawn(house: House) -> None:
    house.mail.behave("later")
    told_one(house)
    house.round("23T10:10")
    with at("23T10:10"), unit_of_work() as session:
        session.query(Notice).one().read_at = clock.now()
    house.mail.behave("")
    house.round("23T10:12")
    assert only().state == "withdrawn"
    assert house.mail.mails() == []


@contextmanager
def killed_once(met: Callable[[], bool], moment: str) -> Iterator[None]:
    """A sender in a process of its own, killed as soon as `met`."""
    database().dispose()
    child = os.fork()
    if child == 0:
        try:
            with at(moment):
                look_after(registry().notice_kinds)
        finally:
            os._exit(0)
    try:
        wait_until(met)
        yield
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


def test_a_mail_of_which_nobody_noted_what_became_is_not_sent_again(house: House) -> None:
    house.mail.behave("hold")
    told_one(house)
    with killed_once(lambda: len(house.mail.mails()) == 1, "23T10:10"):
        pass
    assert only().state == "sending"
    house.mail.behave("")
    house.round("23T10:11")
    house.round("23T10:30")
    assert only().state == "unknown"
    assert "sender ended" in only().error_en
    assert len(house.mail.mails()) == 1
    with at("23T10:40"), unit_of_work():
        send_again(only().id)
    house.round("23T10:40")
    assert (only().state, len(house.mail.mails())) == ("sent", 2), "an operator has looked"


def test_a_text_message_is_handed_over_again_and_goes_out_once(house: House) -> None:
    house.sms.behave("hold")
    told_one(house, "sms")
    with killed_once(lambda: len(house.sms.texts()) == 1, "23T10:10"):
        pass
    assert only().state == "sending"
    house.sms.behave("")
    house.round("23T10:11")
    message = only()
    assert (message.state, message.receipt) == ("sent", f"G-{message.id}")
    assert house.sms.lines("asked") == [message.id, message.id]
    assert len(house.sms.texts()) == 1


def test_a_mail_server_that_hangs_up_after_taking_leaves_the_mail_unknown(house: House) -> None:
    house.mail.behave("hang")
    told_one(house)
    house.round("23T10:10")
    assert only().state == "unknown"
    assert len(house.mail.mails()) == 1


def test_two_senders_do_not_send_the_same(house: House) -> None:
    house.mail.behave("hold")
    told_one(house)
    with killed_once(lambda: len(house.mail.mails()) == 1, "23T10:10"):
        assert house.round("23T10:10").sent == 0, "the other holds the lease"
        assert only().state == "sending"


def test_tls_from_the_first_byte_and_no_plain_talk(staff: None, certificate: Path, tmp_path: Path) -> None:
    with process("mail_server.py", tmp_path / "box", certificate, "--tls") as server:
        common = {
            "smtp_host": "localhost",
            "smtp_port": server.port,
            "smtp_user": "lender",
            "mail_from": "c@example.cn",
        }
        with override(settings().changed(smtp_security="tls", smtp_ca=certificate, **common)):
            assert CHANNELS["mail"].hand_over(PARCEL, lambda: None) == "<m-1@example.cn>"
        with (
            override(settings().changed(smtp_security="tls", **common)),
            pytest.raises(NotNow, match="SSLCertVerificationError"),
        ):
            CHANNELS["mail"].hand_over(PARCEL, lambda: None)
        assert len(server.mails()) == 1


def test_the_test_says_of_every_channel_what_happened(house: House) -> None:
    house.sms.behave("refuse")
    with acting(SYSTEM):
        tried = {each.channel: each for each in try_channels("lin.hai")}
    assert [each.went for each in tried.values()] == [True, True, False]
    assert tried["mail"].address == "l***@example.cn"
    assert tried["sms"].address == "138****0001"
    assert "400" in tried["sms"].words.en
    assert "测试" in house.mail.mails()[0]["Subject"]
    with unit_of_work(), acting(SYSTEM):
        keep_wishes("lin.hai", Wishes(mobile=""))
    with override(settings().changed(mail_from="")), acting(SYSTEM):
        tried = {each.channel: each for each in try_channels("lin.hai")}
        assert "mail" not in usable()
    assert tried["mail"].words.en == "CREDITLINK_MAIL_FROM is not set"
    assert (tried["mail"].went, tried["sms"].went) == (False, None)
    with pytest.raises(NotFound), acting(SYSTEM):
        try_channels("nobody")


def test_a_secret_that_is_missing_is_said(staff: None) -> None:
    with override(settings().changed(sms_url="https://localhost:1/", sms_credential="sms-2")):
        assert [each.en for each in CHANNELS["sms"].faults()] == [
            "CREDITLINK_SMS_TEMPLATE is not set",
            "there is no sms-2.secret in the key ring",
        ]
        key_ring().keep_secret("sms-2", b"x")
        assert len(CHANNELS["sms"].faults()) == 1


def test_whatever_happens_every_notice_goes_out_once_or_says_why_not(house: House) -> None:
    """A day of chance with a server that is at times away: what waits at the end has a reason, and no mail came twice."""
    chance = random.Random(17)
    moment = datetime(2026, 11, 23, 9, tzinfo=clock.CHINA)
    kinds = ["submission.delivery", "workflow.mention", "workflow.mention"]
    for number in range(11):
        moment += timedelta(minutes=chance.randrange(0, 50))
        text = moment.strftime("%dT%H:%M")
        house.mail.behave(chance.choice(["", "", "later"]))
        kind = chance.choice(kinds)
        low = kind == "submission.delivery" and chance.random() < 0.3
        people = tuple(chance.sample(["lin.hai", "gao.yi", "tang.jun"], 2))
        severity = "low" if low else "normal"
        house.tell(text, str(number), kind, severity=severity, people=people, day=chance.choice([DAY, None]))
        house.round(text)
    house.mail.behave("")
    for later in (timedelta(hours=1), timedelta(hours=14), timedelta(hours=15), timedelta(hours=26)):
        house.round((moment + later).strftime("%dT%H:%M"))
    with unit_of_work(reading=True) as session:
        rows = list(session.query(Delivery))
        messages = {each.id: each for each in session.query(Message)}
    assert all((each.state == "bundled") == (each.message_id is not None) for each in rows)
    assert all(each.reason for each in rows if each.state != "bundled")
    assert not [each for each in rows if each.state == "waiting"]
    counted = Counter(each.message_id for each in rows if each.message_id)
    assert {number: each.count for number, each in messages.items()} == counted
    assert {each.state for each in messages.values()} <= {"sent", "withdrawn"}
    told = [str(mail["Message-ID"]) for mail in house.mail.mails()]
    assert len(told) == len(set(told)) == sum(each.state == "sent" for each in messages.values())
