"""What is kept of exemptions, on each kind of database: sealed, once, and unchangeable."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime

import pytest
from inbox_stage import Stage
from sqlalchemy import func, select

from app.core import clock
from app.core.actor import Actor, acting
from app.core.clock import CHINA
from app.core.db import Database, current_session, unit_of_work
from app.core.errors import Conflict, Invalid, NotFound
from app.rules.exemption import asking
from app.rules.exemption.applying import Exempted, applying, exempted
from app.rules.exemption.models import ExemptionSet
from app.rules.exemption.scopes import shown_value
from app.rules.registry.shipped import shipped_ruleset
from app.rules.shadow import running
from app.rules.shadow.models import ShadowDay

NOW = datetime(2026, 11, 2, 9, tzinfo=CHINA)
PERSONAL, CORPORATE = "submission.personal_loan_account", "submission.corporate_loan_account"
NUMBER = "11010119900307123X"


@pytest.fixture
def house(database: Database) -> Iterator[Stage]:
    with clock.frozen(NOW):
        yield Stage()


def ask(ruleset: str = PERSONAL, until: date = date(2026, 11, 30), **changes: str) -> str:
    given = {"rule": "P210-002", "scope": "subject", "document": "10", "number": NUMBER.lower(), **changes}
    with acting(Actor("he.lan", "何岚", "person")), unit_of_work():
        return asking.ask(asking.Wish(ruleset, until=until, reason="纸质合同已核实", **given)).id


def grant(exemption: str, by: str = "xu.wen") -> None:
    with unit_of_work():
        asking.grant(asking.find(exemption), by, "已核对")


def test_what_applies_is_kept_once_and_read_again(house: Stage) -> None:
    first = ask()
    assert applying(date(2026, 11, 1), [PERSONAL, CORPORATE]) == {}, "it is not granted yet"
    with unit_of_work(), pytest.raises(Conflict, match=r"rules\.four_eyes"):
        asking.grant(asking.find(first), "he.lan", "自己批准")
    grant(first)
    grant(first, "gao.yi")

    found = applying(date(2026, 11, 30), [PERSONAL, CORPORATE])

    assert found == applying(date(2026, 11, 1), [PERSONAL])
    assert exempted(found[PERSONAL]) == (Exempted(first, "P210-002", "subject", f"10|{NUMBER}"),)
    assert applying(date(2026, 12, 1), [PERSONAL]) == {}, "its last day is over"
    assert exempted("") == ()
    with pytest.raises(NotFound, match="exemptions_gone"):
        exempted("0" * 64)
    second = ask(scope="branch", number="A1111111111111")
    grant(second)
    other = applying(date(2026, 11, 1), [PERSONAL])
    assert other[PERSONAL] != found[PERSONAL]
    assert [each.exemption for each in exempted(other[PERSONAL])] == sorted([first, second])
    with unit_of_work() as session:
        asking.end(asking.find(first), "系统已改造")
        asking.end(asking.find(second), "系统已改造")
        assert session.scalar(select(func.count()).select_from(ExemptionSet)) == 2
        assert asking.find(first).decided_by == "xu.wen"
    assert len(exempted(found[PERSONAL])) == 1, "what applied is read as long as days are kept"
    with unit_of_work() as session:
        session.get_one(ExemptionSet, found[PERSONAL]).content = []
    with pytest.raises(Invalid, match="exemptions_changed"):
        exempted(found[PERSONAL])


def test_there_is_one_at_a_time_until_it_is_over(house: Stage) -> None:
    exemption = ask()
    with pytest.raises(Conflict, match="exempt_already"):
        ask(number=f" {NUMBER} ")
    grant(exemption)
    with pytest.raises(Conflict, match="exempt_already"):
        ask()
    with clock.frozen(datetime(2026, 12, 1, 9, tzinfo=CHINA)):
        with unit_of_work(reading=True):
            assert asking.standing(asking.find(exemption)) == "expired"
        with unit_of_work(), pytest.raises(Conflict, match="exemption_over"):
            asking.end(asking.find(exemption), "已经到期")
        assert ask(until=date(2026, 12, 31)) != exemption
    with unit_of_work(reading=True):
        assert len(asking.exemptions_of(PERSONAL)) == 2
        assert asking.exemptions_of(CORPORATE) == []


def test_numbers_of_persons_are_masked_and_those_of_enterprises_are_not(house: Stage) -> None:
    personal, corporate = shipped_ruleset(PERSONAL), shipped_ruleset(CORPORATE)
    assert shown_value(personal, "subject", f"10|{NUMBER}").endswith("110****123X")
    assert shown_value(personal, "account", "ACC20260001234567") == "****4567"
    assert shown_value(corporate, "subject", "10|91110000QQ0000012P").endswith(" 91110000QQ0000012P")
    assert shown_value(personal, "branch", "A1111111111111") == "A1111111111111"
    assert NUMBER not in shown_value(None, "subject", f"10|{NUMBER}"), "of whom nothing is known counts as a person"
    with pytest.raises(asking.WishRefused) as refused:
        ask(scope="account", document="", number="x" * 61, rule="none", until=date(2028, 1, 1))
    assert refused.value.errors.keys() == {"rule", "number", "until"}


def test_days_of_shadows_are_told_in_sums_on_each_database(house: Stage) -> None:
    from app.rules.registry import drafts
    from app.rules.shadow import totals

    with acting(Actor("he.lan", "何岚", "person")), unit_of_work():
        draft = drafts.open_draft("submission.personal_credit_agreement_deletion")
        file = next(each for each in draft.texts if each.endswith("deletion/ruleset.yaml"))
        drafts.save(draft.ruleset, draft.lock, {file: draft.texts[file].replace("severity: block", "severity: warn")})
        shadow = running.start(draft.ruleset, date(2026, 11, 20))
        for day in (5, 3, 4):
            state = "done" if day < 5 else "failed"
            row = ShadowDay(shadow=shadow.id, day=date(2026, 11, day), state=state, seconds=0.1, judged_at=clock.now())
            row.records, row.newly, row.no_longer = (100, day, 1) if state == "done" else (0, 0, 0)
            current_session().add(row)
    with unit_of_work(reading=True):
        far = totals.progress_of([shadow.id, "none"])
        assert far == {shadow.id: totals.Progress(2, 1, 200, 7, 2, date(2026, 11, 5))}
        assert [each.day.day for each in totals.days_of(shadow.id)] == [3, 4, 5]
        assert totals.samples_of(shadow.id) == []
