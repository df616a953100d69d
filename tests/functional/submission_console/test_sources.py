"""The pages of sources and mappings over a small house, and deliveries that a system pushes itself."""

from __future__ import annotations

import csv
import hashlib
import json
import re
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from sqlalchemy import delete

from app.audit.models import AuditEntry
from app.core import clock
from app.core.actor import SYSTEM, acting
from app.core.config import Settings, override
from app.core.db import database, unit_of_work
from app.core.jobs import TaskContext
from app.core.outbox import OutboxEvent
from app.factory import create_app
from app.security.accounts import create_user
from app.submission.content import ROOT, mappings, shipped_mappings
from app.submission.lake import forget, lake
from app.submission.mapping import needed_columns
from app.submission.models import Batch, HeldRecord, StageRun
from app.submission.sources import push
from app.submission.sources.late import missing_parts, take_late
from app.submission.sources.models import MappingEdition
from app.submission.stages.collect import collect
from app.submission.stages.hold import hold, keep
from app.submission.stages.standardise import standardise
from app.submission.stages.work import Work, incomplete_entities
from app.web.console import Console

PROVIDER = "A1111111111111"
DAY = date(2026, 10, 31)
PASSWORD = "Harbour-Lamp-72"
PEOPLE = {"tang.jun": ("唐军", "compliance"), "xu.wen": ("许文", "reviewer"), "qiao.yu": ("乔羽", "analyst")}
PAGES = ("", "/card_system", "/card_system/mapping", "/card_system/mapping?target=1", "/card_system/mapping/codes/type")
CHINESE = re.compile(r"[\u4e00-\u9fff]{2,}")


def write_cards(folder: Path, **changes: str) -> None:
    """The rows of the mapping's own cases as the card system delivers them."""
    mapping = shipped_mappings()["card_system"]
    cases = yaml.safe_load((ROOT / "mapping/card_system/cases/accounts.yaml").read_text(encoding="utf-8"))["cases"]
    folder.mkdir(parents=True)
    counts = {}
    for table, columns in needed_columns(mapping).items():
        rows = [row for case in cases for row in case["rows"].get(table, ())]
        with (folder / f"{table}.csv").open("w", encoding="gbk", newline="") as file:
            writer = csv.DictWriter(file, sorted(columns))
            writer.writeheader()
            writer.writerows(rows)
        counts[table] = {"rows": len(rows)}
    (folder / "control.json").write_text(json.dumps({"serial": "S1", "tables": counts} | changes))


@dataclass(frozen=True)
class House:
    """An installation with a batch of a day on which cards came and the core system did not."""

    settings: Settings
    app: Console
    work: Work


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, migrated_sqlite: Path) -> Iterator[House]:
    root = tmp_path_factory.mktemp("sources")
    write_cards(root / "cards")
    listed = {
        "card_system": {"path": str(root / "cards")},
        "core_banking": {"path": str(root / "core.sqlite")},
        "corporate_loans": {"place": {"kind": "push", "limit_mb": 1}},
    }
    (root / "sources.yaml").write_text(yaml.safe_dump({"sources": listed}))
    (root / "data").mkdir()
    shutil.copy(migrated_sqlite, root / "data" / "creditlink.sqlite")
    given = Settings(
        data_dir=root / "data",
        sources_file=root / "sources.yaml",
        memory_limit="500MB",
        threads=2,
        provider_code=PROVIDER,
    )
    with override(given), acting(SYSTEM):
        with unit_of_work() as session:
            for username, (name, role) in PEOPLE.items():
                create_user(username, name, [role], PASSWORD, must_change=False)
            session.add(Batch(id="B1", provider=PROVIDER, business_date=DAY, created_at=clock.now(), begun_by="t"))
        work = Work.on("B1")
        collect(work)
        standardise(work)
        yield House(given, create_app(), work)
        forget()
        database().dispose()


@pytest.fixture(autouse=True)
def work(house: House, settings_in_force: Settings) -> Iterator[Work]:
    """The house with its settings in force for one test, and no draft left by another."""
    with override(house.settings):
        yield house.work
        with unit_of_work() as session:
            session.execute(delete(MappingEdition))


@pytest.fixture
def app(house: House) -> Console:
    return house.app


def test_pages_say_what_came_in_both_languages(visitor: Any) -> None:
    window = visitor("qiao.yu")
    page = window.page("/submission/sources?day=2026-10-31")
    tables = len(shipped_mappings()["card_system"].tables)
    figures = f"{tables} / {tables}"
    for words in ("信用卡系统", "已入湖", "未送达", figures, "的数据尚未送达"):
        assert words in page, words
    page = window.page("/submission/sources/card_system")
    assert re.search(r'<td class="code">ZZ</td><td class="number">1</td><td><a href="[^"]*codes/type">', page)
    assert "CARD_ACCT" in page
    window.speak("en")
    for path in PAGES:
        inner = window.page(f"/submission/sources{path}")
        inner = inner[inner.index("<main") : inner.index("</main>")]
        inner = re.sub(
            r'<(td|th|span|pre|textarea|option|select|input)\b[^>]*(class="[^"]*code[^"]*"|value=)[^>]*>[^<]*',
            " ",
            inner,
        )
        assert CHINESE.findall(re.sub(r"<[^>]+>", " ", inner)) == [], path
    assert window.get("/submission/sources/none").status_code == 404
    assert window.get("/submission/sources/none/mapping").status_code == 404


def test_a_code_is_mapped_in_approved_by_another_and_in_force_from_its_day(visitor: Any, work: Work) -> None:
    author, second = visitor("qiao.yu"), visitor("tang.jun")
    base = "/submission/sources/card_system/mapping"
    assert author.post(f"{base}/begin").status_code == 302
    page = author.page(f"{base}/codes/type")
    assert page.index('value="ZZ"') < page.index('value="CC"')
    version = re.search(r'name="version" value="(\d+)"', page)
    assert version
    codes = {"own": ["ZZ", "CC", "QC"], "standard": ["R2", "R2", "R3"], "version": version[1]}
    assert author.post(f"{base}/codes/type", **codes).status_code == 302
    stale = author.post(f"{base}/codes/type", **codes)
    assert stale.status_code == 409
    assert author.post(f"{base}/submit", note="新卡种").status_code == 302
    version = re.search(r'name="version" value="(\d+)"', second.page(base))
    assert version
    assert "+  type: {CC: R2" in second.page(base) or "ZZ: R2" in second.page(base)
    today = clock.today()
    approval = {"effective_from": today.isoformat(), "version": version[1]}
    assert author.post(f"{base}/approve", **approval).status_code == 403
    assert second.post(f"{base}/approve", **{**approval, "effective_from": "2020-01-01"}).status_code == 422
    assert second.post(f"{base}/approve", **approval).status_code == 302

    assert mappings(today)["card_system"].code_tables["type"]["ZZ"] == "R2"
    assert "ZZ" not in mappings(date(2020, 1, 1))["card_system"].code_tables["type"]
    with unit_of_work(reading=True) as session:
        actions = {entry.action for entry in session.query(AuditEntry)}
    assert {"submission.mapping_begun", "submission.mapping_submitted", "submission.mapping_approved"} <= actions


def test_who_wrote_it_may_not_approve_it(visitor: Any) -> None:
    window = visitor("tang.jun")
    base = "/submission/sources/card_system/mapping"
    window.post(f"{base}/begin")
    page = window.page(base)
    version = re.search(r'name="version" value="(\d+)"', page)
    assert version
    content = (ROOT / "mapping/card_system/mapping.yaml").read_text(encoding="utf-8") + "\n"
    window.post(f"{base}/text", content=content, version=version[1])
    window.post(f"{base}/submit", note="x")
    answer = window.post(f"{base}/approve", effective_from=clock.today().isoformat(), version="3")
    assert answer.status_code == 403
    assert "编写人不能批准" in answer.text
    assert visitor("xu.wen").post(f"{base}/begin").status_code == 403


def test_the_grid_is_checked_live_kept_and_previewed_masked(visitor: Any) -> None:
    window = visitor("tang.jun")
    base = "/submission/sources/card_system/mapping"
    window.post(f"{base}/begin")
    item = {"way-Name": "from", "value-Name": "HOLDER", "target": "0"}
    wrong = window.post(f"{base}/check", **{**item, "way-Flag": "from", "value-Flag": "A.B"})
    assert "A 没有连接进来" in wrong.text
    assert "检查无误" in window.post(f"{base}/check", **item).text
    page = window.page(base)
    version = re.search(r'name="version" value="(\d+)"', page)
    assert version
    assert "姓名" in page
    kept = window.post(f"{base}/grid", **item, version=version[1])
    assert kept.status_code == 302
    shown = window.page(f"{base}/preview?target=0")
    assert "拟**" in shown or "拟*" in shown
    assert "拟子癸" not in shown
    assert "2024-02-29" in shown


@pytest.mark.parametrize(
    "content", ["", "[", "a: 1", "targets: 3", "\x00", "targets: [{target: person, columns: {Name: 3}}]"]
)
def test_a_text_that_is_no_mapping_is_kept_with_its_faults(visitor: Any, content: str) -> None:
    window = visitor("qiao.yu")
    base = "/submission/sources/card_system/mapping"
    window.post(f"{base}/begin")
    answer = window.post(f"{base}/text", content=content, version="1")
    assert answer.status_code == (422 if "\x00" in content else 302)
    assert window.get(base).status_code == 200
    assert window.post(f"{base}/submit", note="x").status_code == 422


def test_what_a_stopped_source_does_not_deliver_has_not_gone(work: Work) -> None:
    """An exception about somebody of whom nothing came today stays open while a source of persons is stopped."""
    assert incomplete_entities(work) >= {"person", "personal_account", "organisation"}
    with unit_of_work() as session:
        earlier = Batch(
            id="B0", provider=PROVIDER, business_date=date(2026, 10, 30), created_at=clock.now(), begun_by="t"
        )
        session.add(earlier)
        session.flush()
    with unit_of_work():
        keep(Work.on("B0"), "110", "10|990101199001010099", "blocked", "r", "c", [["P110-001", "", ""]])

    hold(work)
    assert held() == ["open"]

    with unit_of_work() as session:
        for source in ("core_banking", "corporate_loans"):
            session.add(
                StageRun(
                    batch_id="B1", stage="collect", part=source, rows=0, seconds=0, finished_at=clock.now(), detail={}
                )
            )
    hold(work)
    assert held() == ["closed"]
    with unit_of_work() as session:
        session.execute(delete(StageRun).where(StageRun.stage == "collect", StageRun.part != "card_system"))


def held() -> list[str]:
    with unit_of_work(reading=True) as session:
        return [each.status for each in session.query(HeldRecord)]


# pushing


def sent(client: Any, path: str, token: str, key: str = "key-00001", **given: Any) -> Any:
    headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": key}
    return client.post(f"/api/sources/{path}", json=given, headers=headers)


@pytest.fixture
def token(work: Work) -> str:
    with unit_of_work():
        return push.issue_token(PROVIDER, "corporate_loans")


def announced(content: bytes, name: str = "corporate.xlsx") -> list[dict[str, Any]]:
    return [{"name": name, "size": len(content), "sha256": hashlib.sha256(content).hexdigest()}]


def chunk(client: Any, delivery: str, token: str, offset: int, content: bytes, checksum: str | None = None) -> Any:
    digest = checksum or hashlib.sha256(content).hexdigest()
    return client.put(
        f"/api/sources/corporate_loans/deliveries/{delivery}/files/corporate.xlsx?offset={offset}",
        data=content,
        headers={"Authorization": f"Bearer {token}", "X-Content-SHA256": digest},
    )


def test_a_delivery_is_pushed_in_chunks_and_opened_once(app: Console, token: str) -> None:
    client, content = app.test_client(), bytes(range(256)) * 40
    given = {"business_date": "2026-10-31", "serial": "7", "files": announced(content)}
    first = sent(client, "corporate_loans/deliveries", token, **given)
    assert first.status_code == 201
    number = first.json["id"]
    assert sent(client, "corporate_loans/deliveries", token, **given).json["id"] == number
    other = sent(client, "corporate_loans/deliveries", token, **{**given, "serial": "8"})
    assert (other.status_code, other.json["error"]["code"]) == (409, "submission.push_key")

    assert chunk(client, number, token, 0, content[:5000]).json["received"] == 5000
    assert chunk(client, number, token, 0, content[:5000]).json["received"] == 5000
    assert chunk(client, number, token, 6000, content[6000:]).status_code == 409
    assert chunk(client, number, token, 5000, content[5000:], "0" * 64).status_code == 422
    early = sent(client, f"corporate_loans/deliveries/{number}/complete", token)
    assert (early.status_code, early.json["error"]["code"]) == (422, "submission.push_incomplete")
    assert chunk(client, number, token, 5000, content[5000:]).json["received"] == len(content)
    for _ in range(2):
        assert sent(client, f"corporate_loans/deliveries/{number}/complete", token).json["state"] == "complete"

    found = push.newest_complete(PROVIDER, "corporate_loans", DAY)
    assert found is not None
    assert ((found[0] / "corporate.xlsx").read_bytes(), found[1]) == (content, "7")
    with unit_of_work(reading=True) as session:
        entries = {(each.actor_id, each.action) for each in session.query(AuditEntry)}
    assert ("source:corporate_loans", "submission.push_completed") in entries


def test_a_token_opens_its_own_source_alone(app: Console, token: str) -> None:
    client, given = app.test_client(), {"business_date": "2026-10-31", "files": announced(b"x")}
    for source, used in (
        ("card_system", token),
        ("corporate_loans", "clp_wrong"),
        ("none", token),
        ("corporate_loans", ""),
    ):
        answer = sent(client, f"{source}/deliveries", used, **given)
        assert (answer.status_code, answer.json["error"]["code"]) == (403, "submission.push_token")
    with unit_of_work():
        assert push.revoke_tokens(PROVIDER, "corporate_loans") >= 1
    assert sent(client, "corporate_loans/deliveries", token, **given).status_code == 403


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"business_date": "no", "files": 3},
        {"business_date": "2026-10-31", "files": [{"name": "../x", "size": 1, "sha256": "0" * 64}]},
        {"business_date": "2026-10-31", "files": [{"name": "x", "size": -1, "sha256": "0" * 64}]},
        {"business_date": "2026-10-31", "files": [{"name": "x", "size": 2 << 20, "sha256": "0" * 64}]},
        {"business_date": "2026-10-31", "files": [{"name": "x", "size": 1, "sha256": "0" * 64}] * 2},
    ],
)
def test_what_cannot_be_announced_is_refused(app: Console, token: str, given: dict[str, Any]) -> None:
    answer = sent(app.test_client(), "corporate_loans/deliveries", token, **given)

    assert (answer.status_code, answer.json["error"]["code"]) == (422, "submission.push")


# late deliveries


def deliver_core(root: Path) -> None:
    """The rows of the core system's own cases, as its database."""
    mapping = shipped_mappings()["core_banking"]
    cases = yaml.safe_load((ROOT / "mapping/core_banking/cases/loans.yaml").read_text(encoding="utf-8"))["cases"]
    counts = {}
    with closing(sqlite3.connect(root / "core.sqlite")) as file:
        for table, columns in needed_columns(mapping).items():
            names = sorted(columns)
            rows = [[row.get(name) for name in names] for case in cases for row in case["rows"].get(table, ())]
            file.execute(f"CREATE TABLE {table} ({', '.join(names)})")
            file.executemany(f"INSERT INTO {table} VALUES ({', '.join('?' * len(names))})", rows)
            counts[table] = {"rows": len(rows)}
        file.commit()
    (root / "control.json").write_text(json.dumps({"tables": counts}))


def missed() -> list[tuple[str, date]]:
    return [(listed.source, day) for listed, day in missing_parts()]


def test_what_comes_after_its_batch_is_taken_under_its_own_day_and_told(house: House, visitor: Any) -> None:
    context = TaskContext(1, "submission.late_deliveries", "k", {}, 1, 1, "w")
    with clock.frozen(datetime(2026, 11, 1, 4, tzinfo=UTC)):
        assert ("core_banking", DAY) in missed()
        take_late(context)
        assert ("core_banking", DAY) in missed()
        deliver_core(house.settings.sources_file.parent)
        take_late(context)
        assert ("core_banking", DAY) not in missed()

    with unit_of_work(reading=True) as session:
        told = [row.name for row in session.query(OutboxEvent)]
    assert told.count("submission.delivery_late") == 1
    assert lake().value("SELECT count(*) FROM lake.landing.core_banking__loan_master") == 2
    assert lake().value("SELECT count(*) FROM lake.standard.person") == 0
    assert "迟到已收" in visitor("xu.wen").page("/submission/sources?day=2026-10-31")
