"""A lender with two reported days behind it and a third that waits: people supplement what its sources lack."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import reported_days
from judged_anew import registry
from reported_days import DAYS, ReportedDays

from app.core import clock
from app.core.actor import Actor, acting
from app.core.config import override, settings
from app.core.db import database, unit_of_work
from app.demo.stage import Stage
from app.submission.lake import forget, lake
from app.submission.supplement import writing
from app.submission.supplement.models import Supplement, SupplementRequest
from app.submission.tables import FINDING, standard_tables

DAY = DAYS[2]
NEXT = DAY + timedelta(days=1)
LAST = NEXT + timedelta(days=60)
AUTHOR, REVIEWER = Actor("lin.hai", "林海", "person"), Actor("xu.wen", "许文", "person")


@contextmanager
def opened(built: Path, root: Path) -> Iterator[ReportedDays]:
    """A copy of the reported days, its settings in force, with the author acting."""
    registry()  # processes and steps are announced with the rooms
    found = reported_days.copied(built, root)
    with override(found.settings), acting(AUTHOR):
        yield found
        forget()
        database().dispose()


def delivered_again(stage: Stage) -> None:
    """Have the sources deliver the next day just what they delivered the last, as the next day's: control files and ledger say so."""
    folder = stage.deliveries(NEXT)
    shutil.copytree(stage.deliveries(DAY), folder)
    for file in (*folder.glob("*/control.json"), folder / "general_ledger" / "GL_POSITION.csv"):
        said = file.read_text(encoding="utf-8")
        for written in ("%Y-%m-%d", "%Y%m%d"):
            said = said.replace(format(DAY, written), format(NEXT, written))
        file.write_text(said, encoding="utf-8")


def held(record_type: str, tag: str) -> str:
    """The key of a record that the newest day's pre-check holds back because of an item alone."""
    rows = lake().rows(
        f"""SELECT key FROM {FINDING.path} WHERE business_date = ? AND record_type = ? AND severity = 'block'
            GROUP BY key HAVING bool_and(tag = ?) ORDER BY key""",
        [DAYS[2], record_type, tag],
    )
    return str(rows[0][0])


def some(entity: str, nth: int = 0) -> dict[str, Any]:
    """A row of the newest day's standard layer."""
    table = standard_tables()[entity]
    order = ", ".join(f'"{name}"' for name in list(table.columns)[:3])
    statement = f"SELECT * FROM {table.path} WHERE business_date = ? ORDER BY {order} LIMIT 1 OFFSET {nth}"
    (row,) = lake().records(statement, [DAYS[2]])
    return row


def wish(form: str, values: dict[str, str], until: date = LAST, **changes: object) -> writing.Wish:
    given = {"reason": "柜面核对客户资料", "valid_from": DAY, "valid_until": until, **changes}
    return writing.Wish(settings().provider_code or "", form, values, **given)  # type: ignore[arg-type]


def written(given: writing.Wish) -> str:
    """A draft; its number."""
    with unit_of_work():
        return writing.save(given).id


def approved(given: writing.Wish) -> str:
    """A supplement as it stands once a second person has approved it; the way there is for other tests to go."""
    with unit_of_work() as session:
        draft = writing.drafted(writing.look(given), given)
        draft.state, draft.reviewer, draft.decided_at = "approved", REVIEWER.id, clock.now()
        draft.open_mark, draft.force_mark = None, draft.key_print
        session.add(draft)
    return draft.id


def stored(number: str) -> Supplement:
    with unit_of_work(reading=True) as session:
        found = session.get_one(Supplement, number)
        session.expunge(found)
        return found


def request_of(number: str) -> SupplementRequest:
    with unit_of_work(reading=True) as session:
        found = session.get_one(SupplementRequest, stored(number).request_id)
        session.expunge(found)
        return found
