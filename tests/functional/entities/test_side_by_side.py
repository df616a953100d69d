"""Two legal entities with the same deliveries, so that every account number belongs to both, report side by side.

The first is that of the settings, and the centre has taken its day; the second has got as far as its files.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from app.core import crypto
from app.core.actor import SYSTEM, Actor, acting
from app.core.config import Settings, override, settings
from app.core.crypto.keyring import key_ring
from app.core.db import database, unit_of_work
from app.core.errors import Invalid, Unavailable
from app.demo.stage import Stage, build_world, deliver, platform
from app.simulator.bank import INSTITUTIONS, PROVIDER
from app.submission.checking.models import EndCheck
from app.submission.checking.two_end import begin_check, do_check
from app.submission.checking.volume import weigh
from app.submission.entities.entity import read_entity
from app.submission.entities.keeping import decide, entity_of, propose
from app.submission.lake import forget, lake
from app.submission.models import Batch, HeldRecord, ReportFile
from app.submission.service import begin_batch
from app.submission.stages.build import build
from app.submission.stages.collect import collect
from app.submission.stages.derive import derive
from app.submission.stages.hold import close, hold, keep
from app.submission.stages.judge import judge
from app.submission.stages.receive import Answer, apply_answer
from app.submission.stages.standardise import standardise
from app.submission.stages.work import Work
from app.submission.steps import count_batch
from app.submission.tables import RECORD_TYPES, accepted_of, standard_tables

pytestmark = [pytest.mark.slow, pytest.mark.whole]

DAY = date(2026, 10, 30)
NEXT = date(2026, 10, 31)
OTHER = "B2222222222222"


@dataclass(frozen=True)
class Pair:
    """The installation: `own` and `other` are the batches of the two entities' day."""

    stage: Stage
    settings: Settings
    own: str
    other: str


def described(root: Path) -> dict[str, str]:
    return {
        "provider": OTHER,
        "zh": "南方消费金融公司",
        "en": "Southern Consumer Finance",
        "institutions": " ".join(INSTITUTIONS),
        "sections": PROVIDER,
        "sources_file": str(root / "other-sources.yaml"),
        "centre_kind": "folder",
        "centre_folder": str(root / "other-centre"),
    }


def to_files(batch: str) -> Work:
    """Bring a batch as far as its files."""
    work = Work.on(batch)
    collect(work)
    standardise(work)
    judge(work, derive(work))
    hold(work)
    build(work)
    count_batch(batch)
    return work


def taken(work: Work) -> None:
    """The centre takes all that a batch has sent."""
    with unit_of_work(reading=True) as session:
        files = [(file.prefix, file.records) for file in session.query(ReportFile).filter_by(batch_id=work.batch)]
    for prefix, records in files:
        apply_answer(work, prefix, Answer("1", records, 0, ()))
        with unit_of_work() as session:
            file = session.get_one(ReportFile, prefix)
            file.status, file.accepted, file.rejected, file.flag = "answered", records, 0, "1"
    count_batch(work.batch)


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    stage = Stage(tmp_path_factory.mktemp("pair"))
    stage.clear()
    bank = build_world(stage, 12, 2, 20_261_030, DAY)
    for day in (DAY, NEXT, NEXT + timedelta(days=1)):
        deliver(stage, bank, day, None)
    stage.write_sources()
    listed = yaml.safe_load((stage.root / "sources.yaml").read_text(encoding="utf-8"))["sources"]
    del listed["general_ledger"]
    (stage.root / "other-sources.yaml").write_text(yaml.safe_dump({"sources": listed}), encoding="utf-8")
    with ExitStack() as stack:
        chosen = {"blocked_share_limit": 1.0, "threads": 2, "centre_kind": "folder"}
        settings = stack.enter_context(platform(stage, **chosen))
        stack.callback(lambda: database().dispose())
        stack.callback(forget)
        stack.enter_context(acting(SYSTEM))
        suite = crypto.suite(settings.crypto_suite)
        key_ring().add_public_key("centre", suite, suite.generate_keys().public)
        with unit_of_work():
            own = begin_batch(DAY)
            with acting(Actor("he.ping", "何平", "person")):
                number = propose(read_entity(described(stage.root)), "新设法人机构").number
            with acting(Actor("xu.wen", "许文", "person")):
                decide(OTHER, number, approve=True)
            other = begin_batch(DAY, provider=OTHER)
        works = [to_files(batch) for batch in (own, other)]
        taken(works[0])
        yield Pair(stage, settings, own, other)


@pytest.fixture
def together(pair: Pair, settings_in_force: Settings) -> Iterator[Pair]:
    """The installation with its settings in force for one test."""
    with override(pair.settings):
        yield pair


def counts(batch: str) -> dict[str, Any]:
    with unit_of_work(reading=True) as session:
        return dict(session.get_one(Batch, batch).counts)


def test_both_have_all_their_own_records_and_no_more(together: Any) -> None:
    for code in RECORD_TYPES:
        own, other = counts(together.own)[code], counts(together.other)[code]
        assert own["due"] == other["due"], code
        assert own["standardised"] == other["standardised"]
        assert own["lost"] == other["lost"] == 0
        assert own["accepted"] == own["sent"]
        assert other["accepted"] == 0
        assert lake().value(f"SELECT count(*) FROM ({accepted_of(code, PROVIDER)})") == own["accepted"]
        assert lake().value(f"SELECT count(*) FROM ({accepted_of(code, OTHER)})") == 0
    assert sum(each["due"] > 0 for each in (counts(together.own)[code] for code in RECORD_TYPES)) > 10
    rows = lake().rows(f"SELECT _provider, count(*) FROM {standard_tables()['person'].path} GROUP BY 1")
    assert len(rows) == 2
    assert len({number for _, number in rows}) == 1


def test_each_has_serials_and_file_names_of_its_own(together: Any) -> None:
    with unit_of_work(reading=True) as session:
        files = session.query(ReportFile).all()
    for provider in (PROVIDER, OTHER):
        mine = {file.record_type: file for file in files if file.provider == provider}
        assert {file.serial for file in mine.values()} == {"001"}
        assert all(file.prefix.startswith(provider) for file in mine.values())


def test_the_day_after_rests_on_what_the_centre_took_from_the_same_entity(together: Any) -> None:
    """What the first has reported is not due again; the other, whose files have no answer, waits for it."""
    due = {}
    for provider in (PROVIDER, OTHER):
        with acting(SYSTEM), unit_of_work():
            batch = begin_batch(NEXT, provider=provider)
        work = Work.on(batch)
        collect(work)
        standardise(work)
        due[provider] = derive(work)
    first = counts(together.own)
    assert due[PROVIDER]["110"] == 0 < first["110"]["sent"]
    assert due[OTHER]["110"] == first["110"]["blocked"]
    with unit_of_work(reading=True) as session:
        batch = session.query(Batch).filter_by(provider=OTHER, business_date=NEXT).one()
        keys = session.query(ReportFile).filter_by(provider=OTHER).count()
    assert batch.id == f"{OTHER}-{NEXT:%Y%m%d}"
    assert keys


def test_an_exception_of_one_is_not_closed_by_the_others_acceptance(together: Any) -> None:
    works = [Work.on(batch) for batch in (together.own, together.other)]
    with unit_of_work():
        for work in works:
            keep(work, "210", "SAME-ACCOUNT", "rejected", "r1", "c1", [["", "BLE001", "0000"]])
        assert close(works[0], "210", ["SAME-ACCOUNT"]) == 1
    with unit_of_work() as session:
        mine = session.query(HeldRecord).filter_by(record_id="r1")
        assert {held.provider: held.status for held in mine} == {PROVIDER: "closed", OTHER: "open"}
    with unit_of_work():
        assert close(works[1], "210", ["SAME-ACCOUNT"]) == 1


def test_checks_hold_each_against_its_own(together: Any) -> None:
    """Only the first has a ledger and an accepted state."""
    own, other = (weigh(Work.on(batch)) for batch in (together.own, together.other))
    assert own["verdict"] in ("agrees", "differs")
    assert own["positions"] > 0
    assert other == {"verdict": "no_ledger", "positions": 0, "beyond": 0}
    found = {}
    for provider in (PROVIDER, OTHER):
        with unit_of_work():
            check = begin_check("replay", provider=provider, asked=False)
        do_check(check, lambda done, total: None)
        with unit_of_work(reading=True) as session:
            found[provider] = dict(session.get_one(EndCheck, check).counts)
    for code in RECORD_TYPES:
        assert found[PROVIDER][code]["same"] == counts(together.own)[code]["accepted"]
        assert found[OTHER][code]["same"] == 0
        assert all(each[code][name] == 0 for each in found.values() for name in ("only_ours", "only_theirs", "differs"))


def test_one_without_deliveries_fails_alone(together: Any, tmp_path: Any) -> None:
    nowhere = tmp_path / "sources.yaml"
    nowhere.write_text("sources: {core_banking: {path: /nowhere}}", encoding="utf-8")
    with acting(SYSTEM), unit_of_work():
        batches = [begin_batch(NEXT + timedelta(days=1), provider=provider) for provider in (OTHER, PROVIDER)]
    failing = Work.on(batches[0])
    with pytest.raises(Unavailable):
        collect(replace(failing, settings=failing.settings.changed(sources_file=nowhere)))
    landed = {"core_banking", "card_system", "corporate_loans", "general_ledger"}
    assert set(collect(Work.on(batches[1]))["landed"]) == landed
    assert Work.on(batches[0]).provider == OTHER


def test_keys_folders_and_limits_are_each_ones_own(together: Any) -> None:
    own, other = (entity_of(provider) for provider in (PROVIDER, OTHER))
    assert (own.own_key, other.own_key) == ("lender", "lender-b2222222222222")
    assert other.settings(settings()).centre_folder == together.stage.root / "other-centre"
    assert own.settings(settings()) == settings()
    key_ring().keep_secret("sftp-test", b"private")
    assert key_ring().secret("sftp-test") == b"private"
    assert b"private" not in (key_ring().folder / "sftp-test.secret").read_bytes()


def test_nobody_reports_for_an_entity_that_is_not_there_or_not_active(together: Any) -> None:
    with acting(SYSTEM), pytest.raises(Invalid) as unknown, unit_of_work():
        begin_batch(NEXT, provider="C3333333333333")
    assert unknown.value.code == "submission.provider"
    assert not replace(entity_of(OTHER), active_to=date(2026, 1, 1)).active_on(NEXT)
