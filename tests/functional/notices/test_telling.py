"""What happens is told to whom the rules name, once; it goes out together, waits at night, and goes further up."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from reached import DAY, OTHER, OWN, House, at, registry
from sqlalchemy import select

from app.audit.models import AuditEntry
from app.core import clock
from app.core.actor import Actor, acting
from app.core.config import settings
from app.core.db import unit_of_work
from app.core.events import publish
from app.core.jobs import TaskContext
from app.core.outbox import Dispatcher
from app.notices.contacts import Wishes, keep_wishes
from app.notices.models import Notice, NoticeCause
from app.notices.rounds import look_after
from app.notices.telling import read_notice
from app.security.accounts import get_user, lock_user
from app.submission.models import Batch
from app.submission.service import begin_batch
from app.submission.sources.events import SourceStopped
from app.submission.warning.models import Warning
from app.submission.warning.watching import acknowledge, judge_batch, judge_days, silence
from app.workflow.clocks.events import ClockMissed, ClockWarned, told
from app.workflow.inbox.comments import add_comment
from app.workflow.models import Clock, ProcessInstance, ProcessTask, ProcessVersion


def told_to(kind: str) -> dict[str, int]:
    with unit_of_work(reading=True) as session:
        query = select(Notice.person, Notice.level).join(Notice.cause).where(NoticeCause.kind == kind)
        return dict(session.execute(query).all())


def warned(moment: str) -> str:
    """A batch of which nothing has come, judged at a moment."""
    with at("23T01:30"), unit_of_work():
        batch = begin_batch(DAY)
    with at(moment):
        judge_batch(batch)
    return batch


def test_warnings_of_a_day_come_as_one_message_that_names_no_record(house: House) -> None:
    warned("23T08:00")
    with unit_of_work(reading=True) as session:
        count = session.query(Warning).count()
        severities = {each.severity for each in session.query(Warning)}
    assert count > 1
    assert severities == {"warn"} or "block" in severities
    house.round("23T08:00")
    assert house.mail.mails() == [], "the window is open"
    house.round("23T08:10")
    mail = next(each for each in house.mail.mails() if "lin.hai" in str(each["To"]))
    assert f"{count} 条预警" in mail["Subject"]
    assert str(DAY) in mail["Subject"]
    body = mail.get_content()
    assert f"https://credit.example.cn/notices?kind=submission.warning&entity={OWN}&day={DAY}" in body
    assert "core_banking" not in str(mail)
    assert str(mail["X-Envelope"]).upper() == "MAIL FROM:<CREDIT@EXAMPLE.CN>"
    house.round("23T08:30")
    assert sum("lin.hai" in str(each["To"]) for each in house.mail.mails()) == 1
    with unit_of_work(reading=True) as session:
        entries = session.query(AuditEntry).filter_by(action="notices.message_sent", outcome="done").count()
    assert entries == len(house.messages())


def test_a_warning_that_is_silenced_or_seen_to_is_not_sent(house: House) -> None:
    batch = warned("23T08:00")
    house.round("23T08:00")
    with at("23T08:05"), unit_of_work() as session:
        first, *others = session.query(Warning).order_by(Warning.id)
        silence(first, clock.now() + timedelta(hours=1), "已知")
        for each in others:
            acknowledge(each, "在查")
    house.round("23T08:20")
    assert house.mail.mails() == []
    assert set(house.deliveries()) == {("dropped", "over")}
    with at("23T09:30"):
        judge_batch(batch)
    house.round("23T09:30")
    house.round("23T09:40")
    assert {mail["Subject"].split("，")[0] for mail in house.mail.mails()} == {"【紧急】1 条预警"}, (
        "its silence is over"
    )


def test_people_hear_of_their_own_entities_only(house: House) -> None:
    house.tell("23T10:00", "a", "submission.source_stopped", provider=OWN)
    house.tell("23T10:00", "b", "submission.source_stopped", provider=OTHER)
    with unit_of_work(reading=True) as session:
        query = select(Notice.person, NoticeCause.provider).join(Notice.cause)
        found = sorted(tuple(row) for row in session.execute(query))
    people = [("lin.hai", OWN), ("lin.hai", OTHER), ("song.ke", OWN), ("song.ke", OTHER), ("xu.wen", OTHER)]
    assert found == sorted(people)


def test_the_same_is_told_once_and_again_when_it_is_worse(house: House) -> None:
    for severity in ("normal", "normal", "high", "normal"):
        house.tell("23T10:00", "7", "submission.warning", severity=severity)
    with unit_of_work(reading=True) as session:
        causes = [(each.severity, each.ended_because) for each in session.query(NoticeCause).order_by(NoticeCause.id)]
    assert causes == [("normal", "raised"), ("high", "")]
    assert house.deliveries()[0] == ("dropped", "raised")


def test_night_holds_back_what_is_not_urgent(house: House) -> None:
    with unit_of_work() as session:
        session.add(a_warning(1))
    house.tell("23T22:30", "a")
    house.tell("23T22:30", "1", "submission.warning", severity="high")
    house.round("23T22:31")
    assert {person for _, person, _, _ in house.messages()} == {"lin.hai", "tang.jun"}
    assert {str(mail["Subject"])[:4] for mail in house.mail.mails()} == {"【紧急】"}
    assert ("waiting", "quiet") in house.deliveries()
    house.round("24T07:29")
    house.mail.forget()
    house.round("24T07:30")
    assert "1 个来源迟到或变了结构" in [str(mail["Subject"]).split("，")[0] for mail in house.mail.mails()]


def test_what_is_low_comes_once_a_day(house: House) -> None:
    for number in range(3):
        house.tell("23T10:00", f"1{number}", "submission.warning", severity="low")
    with unit_of_work() as session:
        for number in range(3):
            session.add(a_warning(10 + number))
    house.round("23T23:00")
    assert ("waiting", "digest") in house.deliveries()
    house.round("24T08:30")
    (mail,) = house.mail.mails()
    assert mail["Subject"].startswith("3 条预警")


def a_warning(number: int, **given: Any) -> Warning:
    now = clock.now()
    values = {
        "id": number, "provider": OWN, "business_date": DAY, "rule": "W000-101", "thing": str(number), "severity": "block",
        "title_zh": "来源未送达", "title_en": "A source has not come", "edition": "e", "state": "open", "opened_at": now,
        "seen_at": now, "open_mark": f"m{number}",
    }  # fmt: skip
    return Warning(**{**values, **given})


def test_what_nobody_acknowledges_goes_further_up(house: House) -> None:
    with unit_of_work() as session:
        session.add_all([a_warning(1), a_warning(2)])
    for number in ("1", "2"):
        house.tell("23T10:00", number, "submission.warning", severity="high")
    house.round("23T10:01")
    assert sorted(house.messages()) == [
        (channel, person, "sent", 2) for channel in ("mail", "sms") for person in ("lin.hai", "tang.jun")
    ]
    (text, _) = house.sms.texts()
    assert text["to"] == "13800000001"
    assert text["template"] == "T-17"
    assert text["params"]["count"] == 2
    assert text["params"]["text"].startswith("【紧急】2 条预警，")
    with at("23T10:20"), acting(Actor("lin.hai", "林海", "person")), unit_of_work() as session:
        read_notice(
            session.scalars(select(Notice.id).join(Notice.cause).where(NoticeCause.mark == "1")).first() or 0, "lin.hai"
        )
    house.round("23T10:29")
    assert "gao.yi" not in told_to("submission.warning")
    house.round("23T10:30")
    house.round("23T10:31")
    assert told_to("submission.warning")["gao.yi"] == 1
    assert ("mail", "gao.yi", "sent", 1) in house.messages()
    assert house.mail.mails()[-1]["Subject"].startswith("【升级：无人确认】1 条预警")
    house.round("23T11:00")
    assert told_to("submission.warning")["song.ke"] == 2
    house.round("23T13:00")
    assert len(told_to("submission.warning")) == 4, "there is nobody above"


def test_what_reaches_nobody_goes_further_up_at_once(house: House) -> None:
    with at("23T09:00"), unit_of_work() as session:
        session.add(a_warning(1))
        for name in ("lin.hai", "tang.jun"):
            lock_user(get_user(name), "离岗")
    house.tell("23T10:00", "1", "submission.warning", severity="high")
    house.round("23T10:00")
    assert told_to("submission.warning") == {"gao.yi": 1}


def test_without_channels_the_console_has_it_all(staff: None) -> None:
    assert settings().smtp_host == ""
    here = House(None, None)  # type: ignore[arg-type]
    here.tell("23T10:00", "a")
    assert here.round("23T11:00").sent == 0
    assert here.deliveries() == [("dropped", "unconfigured")]
    assert told_to("submission.delivery") == {"lin.hai": 0}


def test_what_somebody_does_without_is_not_sent_but_stands_in_the_console(house: House) -> None:
    with at("23T09:00"), unit_of_work():
        keep_wishes("lin.hai", Wishes(unwanted=frozenset({"submission.delivery|mail", "submission.warning|sms"})))
        keep_wishes("song.ke", Wishes(mail=""))
    house.tell("23T10:00", "a")
    house.tell("23T10:00", "b", "submission.warning", severity="high")
    house.tell("23T10:00", "c", "submission.source_stopped")
    states = house.deliveries()
    assert states[0] == ("dropped", "unwanted")
    assert [state for state, _ in states[1:5]] == ["waiting"] * 4, "what must come comes"
    assert ("dropped", "no_address") in states
    assert "lin.hai" in told_to("submission.delivery")


def test_events_of_sources_deadlines_and_comments_are_heard(house: House) -> None:
    lin = Actor("lin.hai", "林海", "person")
    with at("23T10:00"), unit_of_work() as session:
        session.add(ProcessVersion(version="v1", process="test.case", number=1, xml=b"", created_at=clock.now()))
        session.flush()
        session.add(
            ProcessInstance(
                id="i1", process="test.case", version="v1", business_key="K-1", status="waiting", state="{}",
                started_at=clock.now(),
            )
        )  # fmt: skip
        session.flush()
        due = clock.now() + timedelta(days=2)
        common = {
            "instance_id": "i1", "process": "test.case", "business_key": "K-1", "title_zh": "异议答复", "title_en": "Answer",
            "started_at": clock.now(), "due_at": due, "escalate_to": "compliance", "kind": "statutory", "provider": OWN,
        }  # fmt: skip
        near, gone = Clock(name="near", state="running", **common), Clock(name="gone", state="missed", **common)
        session.add_all([near, gone])
        task = {
            "instance_id": "i1", "process": "test.case", "node": "N", "title": "T", "kind": "question", "status": "open",
            "name": "form", "result_name": "r", "opened_at": clock.now(),
        }  # fmt: skip
        session.add_all(
            [
                ProcessTask(id="t1", assignee="song.ke", role="reviewer", **task),
                ProcessTask(id="t2", role="analyst", **task),
                ProcessTask(id="t3", assignee="lin.hai", **{**task, "status": "done"}),
            ]
        )
        session.flush()
        publish(told(ClockWarned, near))
        publish(told(ClockMissed, gone))
        publish(SourceStopped(OWN, "core_banking", DAY, "x", "缺文件", "a file is missing"))
        with acting(lin):
            add_comment("lin.hai", "i1", "请 @高毅 看一下 @林海")
    house.round("23T10:00")
    assert told_to("workflow.deadline_near") == {"tang.jun": 0, "song.ke": 0}
    assert told_to("workflow.deadline_missed") == {"tang.jun": 0, "song.ke": 0, "gao.yi": 0}
    assert told_to("submission.source_stopped") == {"lin.hai": 0, "song.ke": 0}
    assert told_to("workflow.mention") == {"gao.yi": 0}, "who said it knows"
    with at("23T10:05"), unit_of_work() as session:
        session.query(Clock).filter_by(name="near").one().state = "met"
    house.round("23T10:10")
    with unit_of_work(reading=True) as session:
        ended = {each.kind for each in session.query(NoticeCause) if each.ended_at}
    assert ended == {"workflow.deadline_near"}
    subjects = " ".join(str(mail["Subject"]) for mail in house.mail.mails())
    assert "1 条提到您的备注" in subjects
    assert "1 个时限已逾期" in subjects
    assert "K-1" not in subjects + "".join(mail.get_content() for mail in house.mail.mails())


def test_the_clock_judges_and_people_hear(house: House) -> None:
    """A day that never began is told by the five-minute job alone."""
    with at("22T01:30"), unit_of_work() as session:
        session.get_one(Batch, begin_batch(DAY - timedelta(days=1))).status = "done"
    with at("24T09:00"):
        judge_days(TaskContext.__new__(TaskContext))
    house.round("24T09:00")
    house.round("24T09:10")
    assert told_to("submission.warning")["lin.hai"] == 0
    assert Dispatcher(registry()).run_until_idle() == 0
    assert look_after({}).sent == 0
