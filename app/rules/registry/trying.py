"""The back-test that somebody asks for: run by the executor with its progress, kept under a number known from the start."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from sqlalchemy import select

from app.core import clock
from app.core.actor import Actor, acting, current_actor
from app.core.db import current_session, unit_of_work
from app.core.errors import Conflict, CreditLinkError, Invalid, NotFound
from app.core.jobs import TaskContext, TaskRow, TaskState, enqueue, task_state
from app.core.text import Text
from app.rules.loading import load_ruleset
from app.rules.model import Ruleset
from app.rules.registry import drafts
from app.rules.registry.backtest import USUAL_DAYS, Trial, backtest, keep, kept
from app.rules.registry.editions import edition
from app.rules.registry.models import Backtest
from app.rules.registry.stored import stored_days

BACKTEST: Final = "rules.backtest"
"""The executor's task."""
MOST_DAYS: Final = 62
"""So many stored days at most are tried at once: two months."""
_STORED_MOST: Final = 4_000

DRAFT, NOTHING = "draft", "nothing"
"""What is tried beside an edition by its hash: the draft, or nothing at all, as after a retirement."""


@dataclass(frozen=True, slots=True)
class Tried:
    """A back-test by its number: kept once it is done, before that (or where it has failed) its task."""

    id: str
    ruleset: str
    row: Backtest | None
    task: TaskState | None
    candidate: str
    days: tuple[str, ...]

    @property
    def over(self) -> bool:
        return self.row is not None or self.failed

    @property
    def failed(self) -> bool:
        return self.row is None and self.task is not None and self.task.state == "failed"

    @property
    def why(self) -> Text:
        """Why it failed, for people; of what nobody foresaw only that it did."""
        told = (self.task.error or "") if self.task else ""
        zh, between, en = told.partition(": ")[2].partition(" / ")
        if not between:
            number = self.task.id if self.task else 0
            return Text(
                "系统错误，请告知系统管理员：任务 {number}",
                "an error of the system; tell the administrator: task {number}",
            ).format(number=number)
        return Text(zh, en)


def days_stored(code: str, most: int = _STORED_MOST) -> tuple[date, ...]:
    """The stored days of a record type, the newest first."""
    return tuple(stored_days().days(code, most))


def chosen_days(code: str, choice: str, first: date | None = None, last: date | None = None) -> tuple[date, ...]:
    """The stored days that are meant, the earliest first: `last`, `usual` (the newest five), `month` (all of the calendar
    month before this one) or `range`.

    Raises Invalid (`rules.range`, `rules.many_days`), NotFound (`rules.no_days`).
    """
    if choice == "month":
        first, last = last_month()
    if choice in ("range", "month"):
        if first is None or last is None or first > last:
            raise Invalid("rules.range", Text("请填写起止业务日，起不晚于止", "give a first and a last day in order"))
        days = [day for day in days_stored(code) if first <= day <= last]
    else:
        days = list(days_stored(code, 1 if choice == "last" else USUAL_DAYS))
    if not days:
        raise NotFound("rules.no_days", Text("这段时间没有已判断的记录", "no judged records are stored of that time"))
    if len(days) > MOST_DAYS:
        raise Invalid(
            "rules.many_days",
            Text("一次至多试跑 {most} 个业务日", "at most {most} days can be tried at once").format(most=MOST_DAYS),
        )
    return tuple(sorted(days))


def last_month() -> tuple[date, date]:
    """The first and the last day of the calendar month before the present one."""
    end = clock.today().replace(day=1) - timedelta(days=1)
    return end.replace(day=1), end


def ask(ruleset: str, candidate: str, days: Sequence[date]) -> str:
    """Have a candidate tried on stored days by the executor; the number under which it will be found.

    Raises NotFound (`rules.untryable`, `rules.draft`, `rules.edition`), and RulesetInvalid for a draft that is wrong.
    """
    tried = _candidate(ruleset, candidate)
    Trial.of(ruleset, tried, clock.today())
    token, actor = secrets.token_hex(8), current_actor()
    wish = {
        "ruleset": ruleset,
        "candidate": candidate,
        "edition": tried.edition if tried else None,
        "days": [day.isoformat() for day in days],
        "by": actor.id,
        "name": actor.name,
    }
    enqueue(BACKTEST, wish, token)
    return f"BT-{token}"


def run(context: TaskContext) -> None:
    """The executor's task, in the name of who has asked for it. What hinders it is kept in both languages."""
    wish = context.params
    with acting(Actor(wish["by"], wish["name"], "person")):
        try:
            with unit_of_work(reading=True):
                tried = _candidate(wish["ruleset"], wish["candidate"])
                if wish["edition"] != (tried.edition if tried else None):
                    raise Conflict(
                        "rules.draft_changed",
                        Text(
                            "试跑开始前草稿又有修改，请重新试跑",
                            "the draft was changed before the trial began; try it anew",
                        ),
                    )
                trial = Trial.of(wish["ruleset"], tried, clock.today())
            days = [date.fromisoformat(day) for day in wish["days"]]
            keep(trial, backtest(trial, days, context.progress), context.key)
        except CreditLinkError as problem:
            if problem.code.startswith("core."):
                raise
            raise Invalid(problem.code, _both(problem.message)) from problem


def _both(message: Text) -> Text:
    """The message as it is kept with a task, which has room for one text."""
    return Text(message.zh, f"{message.zh} / {message.en}")


def _candidate(ruleset: str, candidate: str) -> Ruleset | None:
    if candidate == NOTHING:
        return None
    if candidate == DRAFT:
        return load_ruleset(drafts.content(drafts.find(ruleset)))
    found = edition(candidate)
    if found.name != ruleset:
        raise NotFound("rules.edition", Text("没有这个规则版本", "There is no such edition of a ruleset"))
    return found


def find(backtest_id: str) -> Tried:
    """A back-test, done or not. Raises NotFound (`rules.backtest`)."""
    row, task = kept(backtest_id), _task_of(backtest_id)
    if row is not None:
        return Tried(row.id, row.ruleset, row, None, row.candidate or "", tuple(row.days))
    if task is None:
        raise NotFound("rules.backtest", Text("没有这次试跑", "there is no such trial"))
    return _waiting(task)


def _waiting(task: TaskRow) -> Tried:
    wish: dict[str, Any] = task.params
    days = tuple(wish["days"])
    return Tried(f"BT-{task.key}", wish["ruleset"], None, task_state(task.id), wish["edition"] or "", days)


def _task_of(backtest_id: str) -> TaskRow | None:
    return current_session().scalar(select(TaskRow).filter_by(name=BACKTEST, key=backtest_id.removeprefix("BT-")))


def trials_of(ruleset: str, most: int = 50) -> list[Tried]:
    """The back-tests of a ruleset, those that are not done first, then the newest."""
    session = current_session()
    query = select(Backtest).filter_by(ruleset=ruleset).order_by(Backtest.created_at.desc()).limit(most)
    done = [
        Tried(row.id, row.ruleset, row, None, row.candidate or "", tuple(row.days)) for row in session.scalars(query)
    ]
    return [*_not_done(ruleset, {each.id for each in done}), *done]


def _not_done(ruleset: str, done: set[str]) -> Iterable[Tried]:
    wanted = (
        select(TaskRow).where(TaskRow.name == BACKTEST, TaskRow.state != "done").order_by(TaskRow.id.desc()).limit(50)
    )
    for task in current_session().scalars(wanted):
        if task.params.get("ruleset") == ruleset and f"BT-{task.key}" not in done:
            yield _waiting(task)
