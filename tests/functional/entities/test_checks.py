"""Checks of two legal entities: each begun for one's own, compared with one's own, counted and reviewed apart."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from app.core import clock, crypto, packaging
from app.core.actor import SYSTEM, acting
from app.core.config import override
from app.core.crypto.keyring import key_ring
from app.core.db import unit_of_work
from app.core.entities import seeing
from app.core.errors import Conflict, NotFound
from app.core.jobs import TaskContext
from app.submission.checking import announcing, differences, reviewing, two_end
from app.submission.checking.models import EndCheck
from app.submission.checking.reviewing import Limit, Limits, ask_for_reviews
from app.submission.checking.two_end import begin_check, do_check
from app.submission.lake import lake
from app.submission.tables import accepted_table
from app.workflow.models import ProcessInstance, ProcessTask

OWN, OTHER = "A1111111111111", "B2222222222222"
DAY = date(2026, 10, 30)


def test_the_figures_of_rules_are_those_of_the_entities_in_sight(visitor: Any) -> None:
    address = "/rules/statistics?found=yes"
    assert "8,002" in visitor("other.compliance").page(address)
    both = visitor("both.reviewer")
    page = both.page(address)
    assert "15,003" in page
    (trend, *_) = re.findall(r'href="(/rules/statistics/[^"]*P210-002[^"]*)"', page)
    assert "15,003" in both.page(trend)
    assert "8,002" in both.page(f"{trend}&entity={OTHER}")


def test_the_dashboard_shows_the_entity_that_is_asked_for(visitor: Any) -> None:
    both = visitor("both.reviewer")
    board = both.page(f"/submission/quality?entity={OTHER}")
    assert "8,002" in board
    assert "7,001" not in board
    export = both.page(f"/submission/differences.csv?state=open&entity={OTHER}")
    assert OTHER in export
    assert OWN not in export
    assert f"differences.csv?entity={OTHER}" in both.page(f"/submission/differences?state=open&entity={OTHER}")


def test_nobody_checks_or_corrects_what_is_another_entitys(together: Any, visitor: Any) -> None:
    operator = visitor("other.operator")
    assert operator.post("/submission/checks/begin", kind="replay", provider=OWN).status_code == 403
    assert operator.post("/submission/differences/correct", id="difference-7001").status_code == 409
    assert differences.find("difference-7001")["state"] == "open"
    answer = operator.post("/submission/checks/begin", kind="replay")
    assert answer.status_code == 302
    with unit_of_work() as session:
        (begun,) = session.query(EndCheck).filter_by(status="waiting")
        assert begun.provider == OTHER
        assert begun.id in answer.location
        session.delete(begun)


@pytest.fixture
def accepted(together: Any) -> Iterator[None]:
    """Both have had the same account accepted; the lake of the second has lost the line of it."""
    table = accepted_table("210").path
    columns = 'record_id, key, content, file, line, accepted_on, "RptDate"'

    def put(writer: Any) -> None:
        for provider, mark in ((OWN, "7001"), (OTHER, "8002")):
            values = [f"record-{mark}", "ACCOUNT-0001", "c", f"{provider}2026103121000100", 2, DAY, "2026-10-30"]
            writer.execute(f"INSERT INTO {table} ({columns}) VALUES (?, ?, ?, ?, ?, ?, ?)", values)

    lake().write(put)
    yield
    lake().write(lambda writer: writer.execute(f"DELETE FROM {table}"))


def test_a_replay_is_of_one_entity(accepted: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(two_end, "RECORD_TYPES", ("210",))
    with acting(SYSTEM):
        for provider in (OWN, OTHER):
            with unit_of_work():
                name = begin_check("replay", provider=provider, asked=False)
            do_check(name, lambda done, total: None)
            with unit_of_work() as session:
                row = session.get_one(EndCheck, name)
                # The one line that was sent was refused, so that its acceptance is one too many.
                assert (row.provider, row.counts["210"]["only_ours"], row.counts["210"]["same"]) == (provider, 1, 0)
                session.delete(row)
    rows = lake().rows("SELECT provider, file FROM lake.\"check\".difference WHERE kind = 'replay' ORDER BY 1")
    lake().write(lambda writer: writer.execute("DELETE FROM lake.\"check\".difference WHERE kind = 'replay'"))
    assert [(provider, file[:14]) for provider, file in rows] == [(OWN, OWN), (OTHER, OTHER)]


def test_a_check_file_is_for_one_entity(together: Any, tmp_path: Path) -> None:
    """Sealed for the second with a key of its own, the first cannot open it; and what it states has to be the second's."""
    suite = crypto.suite(together.settings.crypto_suite)
    sealed_for = key_ring().key_pair(f"lender-{OTHER.lower()}", suite).public
    told = {}
    for named, stated in ((OWN, OWN), (OTHER, OWN), (OTHER, OTHER)):
        name, path = f"{named}20261101410C0010", tmp_path / f"{named}-{stated}"
        head = f"C0804102.0.0{stated}20261101020000001001{1:011}{1:011}{'0' * 12}\r\nwrong\r\n"
        packaging.pack(name, [head.encode()], path, suite, sealed_for)
        with acting(SYSTEM), unit_of_work():
            check = begin_check(files=[(f"{name}.enc", path)], provider=named, asked=False)
        do_check(check, lambda done, total: None)
        with unit_of_work() as session:
            row = session.get_one(EndCheck, check)
            told[named, stated] = (row.status, *row.problems[0][:2])
            session.delete(row)
    assert {state for state, *_ in told.values()} == {"failed"}
    assert told[OWN, OWN][1].startswith("crypto."), told
    assert "不是本机构" in told[OTHER, OWN][2]
    assert "第 2 行" in told[OTHER, OTHER][2]


def test_the_months_checks_are_begun_for_every_entity(together: Any) -> None:
    moment = datetime(2026, 11, 2, 4, 10, tzinfo=clock.CHINA)
    with override(together.settings.changed(two_end_day=2)), acting(SYSTEM), clock.frozen(moment):
        with unit_of_work():
            announcing.begin_monthly(TaskContext.__new__(TaskContext))
        with unit_of_work() as session:
            begun = session.query(EndCheck).filter_by(status="waiting").all()
            found = sorted((each.provider, each.kind) for each in begun)
            for each in begun:
                session.delete(each)
    assert found == [(OWN, "replay"), (OWN, "two_end"), (OTHER, "replay"), (OTHER, "two_end")]


def test_a_dear_rule_is_reviewed_by_those_of_the_entity(
    together: Any, visitor: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reviewing, "limits", lambda: Limits(5, Limit(8000, 0.5), Limit(8000, 0.5)))
    with acting(SYSTEM), unit_of_work():
        assert ask_for_reviews(OWN, DAY) == [], "it has cost the first less than the limit"
        (key,) = ask_for_reviews(OTHER, DAY)
        assert ask_for_reviews(OTHER, DAY) == []
    with unit_of_work(reading=True) as session:
        instance = session.query(ProcessInstance).filter_by(business_key=key).one()
        question = session.query(ProcessTask).filter_by(instance_id=instance.id, status="open").one().id
        assert instance.provider == OTHER
    address = f"/workflow/tasks/{question}"
    page = visitor("other.compliance").page(address)
    assert "8,002 / 8,002" in page
    assert OTHER in page
    assert visitor("own.compliance").get(address).status_code == 404


def test_differences_of_others_are_not_found(together: Any) -> None:
    with seeing(frozenset({OTHER})):
        with pytest.raises(NotFound):
            differences.find("difference-7001")
        with pytest.raises(Conflict):
            differences.send_to_correction(["difference-7001"])
        assert differences.find("difference-8002")["provider"] == OTHER
