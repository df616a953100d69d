"""A shadow on a real day: started from a draft, compared once by its own task whatever happens to that, ended by itself."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
import reported_days
from judged_anew import judge_anew, registry
from reported_days import DAYS, ReportedDays
from sqlalchemy import func, select

from app.core import clock
from app.core.actor import Actor, acting
from app.core.clock import CHINA
from app.core.config import override
from app.core.db import database, unit_of_work
from app.core.errors import Conflict, CreditLinkError, Invalid, NotFound
from app.core.events import publish
from app.core.jobs import JobRun, TaskRow, Worker
from app.core.jobs.tasks import finish, take
from app.core.outbox import OutboxEvent
from app.rules.loading import load_ruleset
from app.rules.model import RulesetInvalid
from app.rules.registry import drafts, in_force
from app.rules.registry.backtest import Trial, backtest
from app.rules.registry.editions import edition, editions_of, remember
from app.rules.registry.events import EditionReleased
from app.rules.shadow import running, totals
from app.rules.shadow.days import COMPARE, compare_again, compare_day
from app.rules.shadow.events import DayJudged
from app.rules.shadow.models import Shadow, ShadowDay
from app.submission.lake import forget, lake
from app.submission.models import Batch, StageRun
from app.submission.tables import FINDING

DAY = DAYS[2]
UNTIL = clock.today() + timedelta(days=20)
NAME, FOLDER = "submission.personal_loan_account", "submission/personal_loan_account"
FILE = f"{FOLDER}/ruleset.yaml"


@pytest.fixture
def reported(made_once, tmp_path: Path) -> Iterator[ReportedDays]:
    found = reported_days.copied(made_once(reported_days.build), tmp_path / "lender")
    with override(found.settings):
        yield found
        forget()
        database().dispose()


def drafted(batch: str) -> str:
    """A draft without one of the rules that have found something in the batch: which one."""
    found = {
        rule
        for (rule,) in lake().rows(
            f"SELECT DISTINCT rule FROM {FINDING.path} WHERE batch = ? AND record_type = '210'", [batch]
        )
    }
    with acting(Actor("he.lan", "何岚", "person")), unit_of_work():
        draft = drafts.open_draft(NAME)
        conditions = in_force(DAY).ruleset(NAME).conditions()
        needed = {need for needs in conditions.values() for need in needs}
        taken = next(rule for rule in sorted(found - needed) if f"\n  - id: {rule}\n" in draft.texts[FILE])
        text = re.sub(rf"\n  - id: {taken}\n.*?(?=\n  - id: |\Z)", "", draft.texts[FILE], flags=re.DOTALL)
        assert text != draft.texts[FILE]
        drafts.save(NAME, draft.lock, {FILE: text, f"{FOLDER}/cases/{taken}.yaml": None})
    return taken


def started() -> str:
    with acting(Actor("he.lan", "何岚", "person")), unit_of_work():
        return running.start(NAME, UNTIL, "看看去掉它会怎样").id


def begun(batch: str) -> str:
    """A shadow whose candidate has not been checked, which takes most of the time of starting one."""
    drafted(batch)
    with unit_of_work():
        texts = drafts.content(drafts.find(NAME))
        row = remember(load_ruleset(texts), texts, "console")
    return another(row.edition)


def another(candidate: str, until: date = UNTIL) -> str:
    with unit_of_work() as session:
        made = Shadow(
            id=f"SH-{session.scalar(select(func.count()).select_from(Shadow))}",
            ruleset=NAME,
            edition=candidate,
            record_type="210",
            until=until,
            state="running",
            started_by="he.lan",
            started_at=clock.now(),
            open_mark=NAME,
        )
        session.add(made)
    return made.id


def work() -> None:
    Worker(registry()).run_until_idle()


def the_days(shadow: str) -> list[ShadowDay]:
    with unit_of_work(reading=True):
        return totals.days_of(shadow)


def state(shadow: str) -> str:
    with unit_of_work(reading=True):
        return running.find(shadow).state


def heard(name: str) -> int:
    with unit_of_work(reading=True) as session:
        return session.scalar(select(func.count()).select_from(OutboxEvent).filter_by(name=name)) or 0


def tell(event: DayJudged | EditionReleased) -> None:
    with unit_of_work():
        publish(event)


@pytest.mark.whole
def test_a_real_day_is_compared_once_and_nothing_else_changes(reported: ReportedDays) -> None:
    batch = reported.waiting
    taken = drafted(batch)
    shadow = started()
    with unit_of_work(reading=True):
        assert [row.origin for row in editions_of(NAME)] == ["console", "shipped"]
        assert running.shadow_running(NAME).edition == editions_of(NAME)[0].edition
    said = judge_anew(batch)
    with unit_of_work(reading=True) as session:
        before = session.get_one(Batch, batch).counts
    assert the_days(shadow) == [], "nothing is compared within the batch's own step"

    work()

    (day,) = the_days(shadow)
    hit = lake().value(
        f"SELECT count(DISTINCT record_id) FROM {FINDING.path} WHERE batch = ? AND rule = ?", [batch, taken]
    )
    assert (day.day, day.state, day.newly, day.no_longer) == (DAY, "done", 0, hit)
    with unit_of_work(reading=True) as session:
        candidate = edition(running.find(shadow).edition)
        alone = backtest(Trial(NAME, candidate, "210"), [DAY])
        timed = ("samples", "seconds", "judging_seconds", "records_per_second")
        assert {k: v for k, v in day.result.items() if k not in timed} == {
            k: v for k, v in alone.items() if k not in timed
        }
        assert totals.samples_of(shadow)
        assert session.get_one(Batch, batch).counts == before
        assert said["blocked"]["210"] == before["210"]["blocked"]

    for _ in range(2):
        tell(DayJudged(batch, DAY, ("110", "210")))
        work()
    tell(DayJudged(batch, DAYS[1], ("110",)))
    tell(DayJudged(batch, UNTIL + timedelta(days=1), ("210",)))
    work()
    assert len(the_days(shadow)) == 1, "told again, of other records or of days after its last, it compares nothing"
    assert heard("rules.shadow_day_compared") == 1

    tell(DayJudged(reported.second, DAYS[1], ("210",)))
    work()
    days = the_days(shadow)
    assert [each.day for each in days] == [DAYS[1], DAY]
    found = totals.totals_of(days)
    assert found.records == sum(each.records for each in days) > 0
    assert found.no_longer["records"] == sum(each.no_longer for each in days)
    (line,) = [row for row in found.rules if row.name == taken]
    assert line.before - line.after == line.no_longer == found.no_longer["findings"]
    assert sum(each.no_longer for each in found.branches) == found.no_longer["findings"]
    with unit_of_work(reading=True):
        assert totals.progress_of([shadow])[shadow].done == 2


def test_a_task_of_a_killed_worker_is_done_by_another_and_once(reported: ReportedDays) -> None:
    shadow = begun(reported.waiting)
    tell(DayJudged(reported.waiting, DAY, ("210",)))
    Worker(registry())._dispatcher.run_until_idle()
    alive = Worker(registry()).name.split(":")
    killed = take([COMPARE], ":".join([alive[0], "999999999", *alive[2:]]), timedelta(seconds=30))
    assert killed is not None

    work()

    (day,) = the_days(shadow)
    assert day.state == "done"
    compare_day(killed)
    with pytest.raises(Conflict, match="taken_over"):
        finish(killed)
    (again,) = the_days(shadow)
    assert again.judged_at == day.judged_at
    with unit_of_work(reading=True) as session:
        runs = session.scalars(select(JobRun.outcome).filter_by(name=COMPARE).order_by(JobRun.id)).all()
        assert runs == ["lost", "done"]


def test_a_failure_stays_with_the_shadow_and_is_mended_by_another_try(reported: ReportedDays) -> None:
    batch = reported.waiting
    shadow = begun(batch)
    with unit_of_work() as session:
        run = session.scalars(select(StageRun).filter_by(batch_id=batch, stage="judge", part="210/0")).one()
        good, run.detail = run.detail, {**run.detail, "snapshot": 10**9}
        before = session.get_one(Batch, batch).status
    tell(DayJudged(batch, DAY, ("210",)))

    work()

    (day,) = the_days(shadow)
    assert (day.state, day.result, bool(day.error)) == ("failed", {}, True)
    with unit_of_work() as session:
        assert session.get_one(Batch, batch).status == before
        assert totals.progress_of([shadow])[shadow].failed == 1
        session.scalars(select(TaskRow).filter_by(name=COMPARE)).one().due_at = clock.now() - timedelta(days=1)
    with unit_of_work(), pytest.raises(Conflict, match="task_not_failed"):
        compare_again(running.find(shadow), DAY)
    for _ in range(2):
        work()
        with unit_of_work() as session:
            session.scalars(select(TaskRow).filter_by(name=COMPARE)).one().due_at = clock.now() - timedelta(days=1)
    with unit_of_work() as session:
        assert session.scalars(select(TaskRow).filter_by(name=COMPARE)).one().state == "failed"
        session.scalars(select(StageRun).filter_by(batch_id=batch, stage="judge", part="210/0")).one().detail = good
        with pytest.raises(NotFound, match="shadow_day"):
            compare_again(running.find(shadow), DAYS[0])
        compare_again(running.find(shadow), DAY)
    work()
    (day,) = the_days(shadow)
    assert (day.state, day.error) == ("done", "")
    assert day.records > 0


def test_it_ends_by_itself_and_by_hand(reported: ReportedDays) -> None:
    first = begun(reported.waiting)
    with pytest.raises(Conflict, match=r"rules\.shadow_runs"):
        started()
    with unit_of_work(reading=True):
        candidate = running.find(first).edition
    tell(EditionReleased(NAME, "RR-1", "0" * 64, 3, DAY, "xu.wen"))
    work()
    assert state(first) == "running", "another edition was released"
    tell(EditionReleased(NAME, "RR-2", candidate, 2, DAY, "xu.wen"))
    work()
    assert state(first) == "released"

    second = another(candidate)
    with unit_of_work():
        running.stop(running.find(second))
    with unit_of_work(), pytest.raises(Conflict, match=r"rules\.shadow_over"):
        running.stop(running.find(second))
    tell(DayJudged(reported.waiting, DAY, ("210",)))
    work()
    assert (state(second), the_days(second)) == ("stopped", [])

    third = another(candidate)
    assert running.last_report_day(date(2026, 11, 20)) == date(2026, 11, 23), "Friday's records are due on Monday"
    due = running.last_report_day(UNTIL)
    for moment, expected in ((due, "running"), (due + timedelta(days=1), "over")):
        with clock.frozen(datetime(moment.year, moment.month, moment.day, 1, tzinfo=CHINA)), unit_of_work():
            registry().tasks["rules.shadow_ends"].run(None)
        assert state(third) == expected
    with unit_of_work(reading=True):
        assert [each.state for each in running.shadows_of(NAME)].count("over") == 1

    fourth = another(candidate, until=DAY)
    tell(DayJudged(reported.waiting, DAY, ("210",)))
    work()
    assert (state(fourth), len(the_days(fourth))) == ("over", 1), "its last day has been compared"
    assert heard("rules.shadow_stopped") == 4


def test_what_cannot_run_is_refused_with_every_reason(reported: ReportedDays) -> None:
    def refused(ruleset: str = NAME, until: date = UNTIL) -> CreditLinkError:
        with acting(Actor("he.lan", "何岚", "person")), unit_of_work(), pytest.raises(CreditLinkError) as caught:
            running.start(ruleset, until)
        return caught.value

    assert isinstance(refused(), NotFound)
    assert isinstance(refused(until=DAY), Invalid)
    assert isinstance(refused(until=UNTIL + timedelta(days=365)), Invalid)
    with acting(Actor("he.lan", "何岚", "person")), unit_of_work():
        draft = drafts.open_draft(NAME)
        drafts.save(NAME, draft.lock, {FILE: draft.texts[FILE].replace("severity: block", "severity: blok", 2)})
    problem = refused()
    assert isinstance(problem, RulesetInvalid)
    assert len(problem.faults) == 2
    with unit_of_work(reading=True) as session:
        assert session.scalar(select(func.count()).select_from(Shadow)) == 0
