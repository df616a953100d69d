"""Two legal entities in one installation, each with a batch, a file, an exception, findings and a task that say whose they are.

The first is that of the settings; the second was described, and approved by a second person.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.core import clock
from app.core.actor import SYSTEM, Actor, acting
from app.core.config import Settings, override
from app.core.db import database, unit_of_work
from app.core.schema import migrate
from app.factory import create_app
from app.lake.tables import Table
from app.security.accounts import create_user, get_user, limit_role
from app.submission.checking.models import EndCheck, ProvenDay, ProvenRule, VolumePosition, VolumeVerdict
from app.submission.checking.tables import DIFFERENCE
from app.submission.entities.entity import read_entity
from app.submission.entities.keeping import decide, propose
from app.submission.lake import forget, lake
from app.submission.models import Batch, FeedbackDelivery, ReportFile, StageRun
from app.submission.service import begin_batch
from app.submission.stages.hold import keep
from app.submission.stages.work import Work
from app.submission.tables import FEEDBACK, FILE_LINE, FINDING, record_table
from app.web.console import Console
from app.workflow.models import ProcessTask

DAY = date(2026, 10, 30)
OWN = "A1111111111111"
OTHER = "B2222222222222"
PASSWORD = "Harbour-Lamp-72"
KEY = "ACCOUNT-0001"
"""A business key that both entities have."""
RULE = "P210-002"
"""A rule in force, which has found something at both."""
_CSRF = re.compile(r'name="csrf-token" content="([^"]+)"')

PEOPLE = {
    "own.reviewer": ("reviewer", OWN),
    "other.reviewer": ("reviewer", OTHER),
    "other.operator": ("operator", OTHER),
    "other.compliance": ("compliance", OTHER),
    "own.compliance": ("compliance", OWN),
    "both.reviewer": ("reviewer", ""),
    "he.ping": ("admin_system", ""),
    "an.quan": ("admin_security", ""),
}
"""User name: role, and the entity to which it is limited."""


def described(provider: str, **given: str) -> dict[str, str]:
    """A second entity as the form gives it."""
    known = {"zh": "南方消费金融公司", "en": "Southern Consumer Finance", "sources_file": "/data/south/sources.yaml"}
    return {"provider": provider, **known, **given}


@dataclass(frozen=True)
class Group:
    """The installation: `own` and `other` are the batches of the two entities' day."""

    settings: Settings
    app: Console
    own: str
    other: str


def put(table: Table, **values: Any) -> None:
    names = ", ".join(f'"{name}"' for name in values)
    marks = ", ".join("?" * len(values))
    statement = f"INSERT INTO {table.path} ({names}) VALUES ({marks})"
    lake().write(lambda connection: connection.execute(statement, list(values.values())))


def furnish(provider: str, mark: str) -> str:
    """A batch of the entity's day with one record, sent, refused and held; `mark` stands in what is the entity's alone."""
    with unit_of_work():
        batch = begin_batch(DAY, provider=provider)
    file, record = f"{provider}20261031210001{0:05d}"[:30], f"record-{mark}"
    known = {"record_type": "210", "record_id": record, "key": KEY}
    put(record_table("210"), batch=batch, record_id=record, key=KEY, business_date=DAY, bucket=0, RptDate="2026-10-30")
    put(
        FINDING,
        batch=batch,
        **known,
        rule=f"P210-{mark}",
        code="BLE001",
        tag="AcctCode",
        severity="block",
        edition="e",
        business_date=DAY,
        bucket=0,
    )
    put(FILE_LINE, file=file, **known, RptDate="2026-10-30", content="c", batch=batch, line=2)
    put(FEEDBACK, file=file, **known, code=f"BLE{mark}", tag="AcctCode", content="c", line=2, received_on=DAY)
    work = Work.on(batch)
    with unit_of_work() as session:
        session.add(
            ReportFile(
                prefix=file,
                batch_id=batch,
                provider=provider,
                file_date=date(2026, 10, 31),
                record_type="210",
                serial="001",
                part=0,
                created_at=clock.now(),
                records=1,
                status="answered",
                flag="3",
                accepted=0,
                rejected=1,
            )
        )
        session.add(
            FeedbackDelivery(
                provider=provider,
                name=f"{file[:-1]}1.enc",
                prefix=file,
                sha256=mark * 16,
                received_at=clock.now(),
                outcome="applied",
            )
        )
        keep(work, "210", KEY, "rejected", record, "c", [["", f"BLE{mark}", "AcctCode"]])
        found = session.get_one(Batch, batch)
        found.counts = {"210": {"due": 1, "sent": 1, "rejected": 1}}
        session.add(
            ProcessTask(
                id=f"task-{mark}",
                instance_id=found.instance_id,
                process="submission.daily_batch",
                business_key=batch,
                node="Review",
                title=f"复核并放行{mark}",
                words=f"{batch} 复核",
                kind="question",
                status="open",
                name="submission/release",
                role="reviewer",
                provider=provider,
                result_name="release",
                params={},
                opened_at=clock.now(),
            )
        )
    check(batch, provider, mark)
    return batch


def check(batch: str, provider: str, mark: str) -> None:
    """What checks keep of the batch: a two-end check with a difference, a volume, a rule's figures; `mark` as above."""
    name, number = f"{provider}-two-end-{mark}", int(mark)
    known = {"record_type": "210", "business_date": DAY}
    held = {"batch": batch, "record_id": f"record-{mark}", "key": KEY, "rule": RULE, "code": "BLE002", "tag": "0000"}
    put(FINDING, **known, **held, severity="warn", edition="e", bucket=0)
    put(
        DIFFERENCE,
        id=f"difference-{mark}",
        provider=provider,
        kind="two_end",
        record_type="210",
        subject=KEY,
        RptDate="2026-10-30",
        outcome="only_theirs",
        segments=[],
        items=[],
        first_check=name,
        last_check=name,
        found_on=DAY,
        state="open",
    )
    mine = {"batch_id": batch, "provider": provider, "side": "standard"}
    proven = {"provider": provider, "day": DAY, "record_type": "210"}
    now = clock.now()
    with unit_of_work() as session:
        session.add_all(
            (
                EndCheck(
                    id=name,
                    provider=provider,
                    kind="two_end",
                    origin="fetched",
                    created_at=now,
                    begun_by="system",
                    status="done",
                    counts={"210": {"only_theirs": 1, "open": 1}},
                ),
                VolumeVerdict(
                    **mine, business_date=DAY, verdict="differs", positions=1, beyond=1, edition="e", judged_at=now
                ),
                VolumePosition(
                    **mine,
                    product="personal.D1",
                    branch=f"branch-{mark}",
                    ledger_accounts=number,
                    our_accounts=1,
                    ledger_contracts=1,
                    our_contracts=1,
                    ledger_balance=1,
                    our_balance=1,
                    beyond=["accounts"],
                ),
                ProvenDay(**proven, passed=number, accepted=number, counted_at=now),
                ProvenRule(**proven, rule=RULE, records=number, held=number, unchanged=number),
                StageRun(batch_id=batch, stage="judge", part="210/0", rows=1, seconds=1.0, finished_at=now, detail={}),
            )
        )


@pytest.fixture(scope="session")
def group(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Group]:
    root: Path = tmp_path_factory.mktemp("group")
    with ExitStack() as stack:
        settings = stack.enter_context(override(Settings(data_dir=root / "data", provider_code=OWN)))
        migrate()
        stack.callback(lambda: database().dispose())
        stack.callback(forget)
        app = create_app()
        stack.enter_context(acting(SYSTEM))
        with unit_of_work():
            with acting(Actor("he.ping", "何平", "person")):
                number = propose(read_entity(described(OTHER)), "新设法人机构").number
            with acting(Actor("xu.wen", "许文", "person")):
                decide(OTHER, number, approve=True)
        batches = [furnish(OWN, "7001"), furnish(OTHER, "8002")]
        with unit_of_work():
            for username, (role, entity) in PEOPLE.items():
                create_user(username, username, [role], PASSWORD, must_change=False)
                if entity:
                    limit_role(get_user(username), role, [entity])
        yield Group(settings, app, *batches)


@pytest.fixture
def together(group: Group, settings_in_force: Settings) -> Iterator[Group]:
    """The installation with its settings in force for one test."""
    with override(group.settings):
        yield group


@dataclass
class Visitor:
    """Somebody at a browser."""

    client: FlaskClient

    def get(self, path: str, **options: Any) -> TestResponse:
        return self.client.get(path, **options)

    def page(self, path: str) -> str:
        answer = self.get(path, follow_redirects=True)
        assert answer.status_code == 200, f"{path}: {answer.status_code}"
        return answer.text

    def post(self, path: str, **data: str) -> TestResponse:
        found = _CSRF.search(self.page("/account"))
        assert found
        return self.client.post(path, data={**data, "csrf_token": found[1]})


@pytest.fixture
def visitor(together: Group) -> Callable[[str], Visitor]:
    """`visitor("own.reviewer")`: a browser with that person signed in."""

    def enter(username: str) -> Visitor:
        client = together.app.test_client()
        found = _CSRF.search(client.get("/sign-in").text)
        assert found
        data = {"username": username, "password": PASSWORD, "csrf_token": found[1]}
        assert client.post("/sign-in", data=data).status_code == 302
        return Visitor(client)

    return enter
