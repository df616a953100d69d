"""The general ledger against the sources and the accepted state: the planted difference is found, tolerances judge, a stop stops."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from reported_days import DAYS

from app.core.db import unit_of_work
from app.core.errors import Conflict, Invalid
from app.simulator.bank import PROVIDER
from app.submission.checking import volume
from app.submission.checking.commands import volume as command
from app.submission.checking.models import VolumePosition, VolumeVerdict
from app.submission.checking.tolerances import read_tolerances, tolerance_faults, tolerances
from app.submission.content import mappings
from app.submission.lake import lake
from app.submission.stages.work import Work
from app.submission.tables import standard_tables


def _beyond(batch: str, side: str) -> dict[tuple[str, str], VolumePosition]:
    with unit_of_work(reading=True) as session:
        rows = session.query(VolumePosition).filter_by(batch_id=batch, side=side).all()
        session.expunge_all()
    return {(row.product, row.branch): row for row in rows if row.beyond}


@pytest.mark.whole
def test_the_batch_has_judged_its_volumes_and_found_what_was_planted(world: Any) -> None:
    days = world.days
    truth = json.loads((days.stage.deliveries(DAYS[1]) / "truth" / "ledger.json").read_text())
    codes = mappings()["general_ledger"].code_tables
    (planted,) = truth
    place = (codes["product"][planted["product"]], codes["branch"][planted["branch"]])

    found = _beyond(days.second, "standard")[place]

    assert found.beyond == ["accounts", "contracts", "balance"]
    assert found.ledger_accounts - found.our_accounts == planted["accounts"]
    assert found.ledger_balance - found.our_balance == Decimal(planted["balance_fen"]) / 100
    with unit_of_work(reading=True) as session:
        verdicts = {(row.batch_id, row.side): row.verdict for row in session.query(VolumeVerdict)}
    assert verdicts[days.second, "standard"] == "differs"
    assert {side for batch, side in verdicts if batch == days.second} == {"standard", "accepted"}
    assert place not in _beyond(days.first, "standard"), "nothing is planted on the first day"


@pytest.mark.whole
def test_the_sums_are_those_of_the_rows_behind_them(world: Any) -> None:
    with unit_of_work(reading=True) as session:
        rows = session.query(VolumePosition).filter_by(batch_id=world.days.second).all()
        session.expunge_all()
    for side in ("standard", "accepted"):
        select, _ = volume.rows_select(side, "personal.D1", DAYS[1], PROVIDER)
        counted = lake().rows(
            f"SELECT branch, count(*), sum(TRY_CAST(balance AS BIGINT)) FROM ({select}) WHERE product = 'personal.D1' GROUP BY 1"
        )
        kept = {
            row.branch: (row.our_accounts, int(row.our_balance))
            for row in rows
            if (row.side, row.product) == (side, "personal.D1")
        }
        assert {branch: (number, int(balance)) for branch, number, balance in counted} == {
            branch: figures for branch, figures in kept.items() if figures[0]
        }


@pytest.mark.whole
def test_a_stop_stops_and_a_day_without_a_ledger_is_told(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    work = Work.on(world.days.second)
    assert volume.weigh(work)["verdict"] == "differs"
    monkeypatch.setattr(volume, "tolerances", lambda: replace(tolerances(), stop_batch=True))
    with pytest.raises(Conflict) as stopped:
        volume.weigh(work)
    assert stopped.value.code == "submission.volume_differs"

    ledger = standard_tables()["ledger_position"].path
    with lake().read() as connection:
        saved = connection.execute(f"SELECT * FROM {ledger}").to_arrow_table()
    lake().write(lambda writer: writer.execute(f"DELETE FROM {ledger}"))
    assert volume.weigh(work) == {"verdict": "no_ledger", "positions": 0, "beyond": 0}
    answer = CliRunner().invoke(command, [DAYS[1].isoformat(), "--side", "standard", "--json"])
    assert (answer.exit_code, json.loads(answer.output)["sides"][0]["verdict"]) == (2, "no_ledger")

    def restore(writer: Any) -> None:
        writer.register("saved_rows", saved)
        writer.execute(f"INSERT INTO {ledger} BY NAME SELECT * FROM saved_rows")
        writer.unregister("saved_rows")

    lake().write(restore)
    answer = CliRunner().invoke(command, [DAYS[1].isoformat(), "--json"])
    told = {side["side"]: side for side in json.loads(answer.output)["sides"]}
    assert (answer.exit_code, told["standard"]["verdict"]) == (1, "differs")
    assert {each["product"] for each in told["standard"]["beyond"]} == {
        product for product, _ in _beyond(work.batch, "standard")
    }


def test_tolerances_have_cases_and_what_is_wrong_with_them_is_told_at_once(tmp_path: Path) -> None:
    assert list(tolerance_faults()) == []
    bad = tmp_path / "volume.yaml"
    bad.write_text(
        "usual: {standard: {accounts: {absolute: -1}, colour: {absolute: 1}}, other: {}}\n"
        "products: {personal.D1: {accepted: {balance: {most: 3}}}}\n"
    )
    with pytest.raises(Invalid) as wrong:
        read_tolerances(bad)
    for part in (
        "usual.standard.accounts.absolute",
        "usual.standard.colour",
        "no side other",
        "personal.D1.accepted.balance",
    ):
        assert part in wrong.value.message.en
    bad.write_text("[1, 2")
    with pytest.raises(Invalid):
        read_tolerances(bad)
