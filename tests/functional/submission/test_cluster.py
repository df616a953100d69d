"""Parts of a batch on a Dask cluster: errors come back as they are, nobody does a part twice at once, a lost worker loses nothing."""

from __future__ import annotations

import pickle
import threading
import time
import uuid
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from distributed import LocalCluster
from moto_server import KEY, SECRET, moto_server
from sqlalchemy import func, select

from app.cli import cli
from app.core import clock, crypto
from app.core.actor import SYSTEM, acting
from app.core.config import override, settings
from app.core.crypto.keyring import key_ring
from app.core.db import Database, database, unit_of_work
from app.core.errors import CreditLinkError, Invalid, NotFound, Unavailable
from app.core.text import Text
from app.demo.bench import archives_of, begin_work, have_bank, run_stages
from app.demo.cluster import free_address, running_cluster
from app.demo.postgres import PostgresServer
from app.demo.stage import Stage, platform
from app.submission.lake import forget
from app.submission.models import StageRun, StageTry
from app.submission.stages import cluster
from app.submission.stages.cluster import spread

CATALOGUE = "postgres:dbname=lake"


@pytest.fixture
def scheduler(postgres_database: Database) -> Iterator[str]:
    """The address of a cluster of two workers that are threads of this process, in force for the test."""
    with (
        LocalCluster(
            n_workers=2,
            threads_per_worker=1,
            processes=False,
            protocol="tcp",
            dashboard_address=None,
            worker_dashboard_address=None,
        ) as found,
        override(cluster=found.scheduler_address, lake_catalog_url=CATALOGUE),
    ):
        yield str(found.scheduler_address)


def test_each_part_tells_what_came_of_it(scheduler: str) -> None:
    acts: dict[str, Any] = {"day": partial(date, 2026, 10, 31), "none": partial(crypto.suite, "rot13")}
    found: dict[str, Any] = dict(spread(settings(), "batch/stage", acts))
    assert found["day"] == date(2026, 10, 31)
    assert isinstance(found["none"], NotFound)
    assert found["none"].code == "crypto.suite"
    assert found["none"].message.en == "there is no crypto suite rot13"


def test_who_does_a_part_is_alone_with_it(postgres_database: Database) -> None:
    seen: list[str] = []

    def other() -> None:
        with cluster._alone("batch/stage/part"):
            seen.append("other")

    with cluster._alone("batch/stage/part"):
        thread = threading.Thread(target=other)
        thread.start()
        with cluster._alone("batch/stage/another"):
            seen.append("another")
        thread.join(0.3)
        seen.append("first")
    thread.join(10)
    assert seen == ["another", "first", "other"]


def _certificates(folder: Path) -> Path:
    """A folder with an authority, and a certificate of it with its key."""
    folder.mkdir()
    authority, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"authority of {folder.name}")])
    day = datetime.now(UTC)

    def certificate(name: x509.Name, public: Any, *, is_authority: bool) -> bytes:
        made = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(issuer)
            .public_key(public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(day - timedelta(days=1))
            .not_valid_after(day + timedelta(days=1))
            .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
            .sign(authority, hashes.SHA256())
        )
        return made.public_bytes(serialization.Encoding.PEM)

    own = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a process of the cluster")])
    (folder / "ca.pem").write_bytes(certificate(issuer, authority.public_key(), is_authority=True))
    (folder / "cert.pem").write_bytes(certificate(own, key.public_key(), is_authority=False))
    form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    (folder / "key.pem").write_bytes(key.private_bytes(*form))
    return folder


def test_by_tls_only_who_has_a_certificate_is_let_in(
    postgres_database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster, "_CONNECT_SECONDS", 3)
    ours, theirs = _certificates(tmp_path / "ours"), _certificates(tmp_path / "theirs")
    acts = {"day": partial(date, 2026, 10, 31)}
    with override(cluster="tls://127.0.0.1:1", cluster_tls=ours, lake_catalog_url=CATALOGUE) as given:
        means: dict[str, Any] = {"protocol": "tls", "security": cluster.security(given), "dashboard_address": None}
        with LocalCluster(n_workers=1, processes=False, worker_dashboard_address=None, **means) as found:
            with override(cluster=found.scheduler_address):
                assert dict(spread(settings(), "batch/stage", acts)) == {"day": date(2026, 10, 31)}
            with override(cluster=found.scheduler_address, cluster_tls=theirs), pytest.raises(Unavailable):
                list(spread(settings(), "batch/stage", acts))


def test_production_refuses_a_cluster_in_the_open() -> None:
    given = settings().changed(
        mode="production", cluster="tcp://10.0.0.1:8786", lake_s3_endpoint="http://10.0.0.2:9000"
    )
    words = " ".join(text.en for text in given.refusals())
    assert "CREDITLINK_CLUSTER" in words
    assert "CREDITLINK_LAKE_S3_ENDPOINT" in words
    safe = settings().changed(
        mode="production", cluster="tls://10.0.0.1:8786", lake_s3_endpoint="https://s3.example.cn"
    )
    assert not any("CLUSTER" in text.en or "S3" in text.en for text in safe.refusals())


def test_a_scheduler_that_is_away_is_told(postgres_database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "_CONNECT_SECONDS", 0.2)
    with override(cluster=free_address(), lake_catalog_url=CATALOGUE), pytest.raises(Unavailable) as raised:
        list(spread(settings(), "batch/stage", {"day": partial(date, 2026, 10, 31)}))
    assert raised.value.code == "submission.cluster"


def test_files_as_databases_cannot_be_shared(sqlite_database: Database) -> None:
    with override(cluster="tls://10.0.0.1:8786"), pytest.raises(Invalid) as raised:
        list(spread(settings(), "batch/stage", {"day": partial(date, 2026, 10, 31)}))
    assert raised.value.code == "submission.cluster_database"


def test_an_error_travels_whole() -> None:
    class Odd(CreditLinkError):
        def __init__(self, number: int) -> None:
            super().__init__("odd", Text("奇数 {n}", "odd {n}").format(n=number))
            self.number = number

    globals()["Odd"] = Odd
    Odd.__qualname__ = "Odd"
    found = pickle.loads(pickle.dumps(Odd(3)))
    assert (found.code, found.message.en, found.number, str(found)) == ("odd", "odd 3", 3, "odd: odd 3")


def test_an_errand_shows_its_name_alone() -> None:
    errand = cluster.Errand("batch/stage/part", SYSTEM, b"key 110101199001011234")
    assert repr(errand) == "Errand(name='batch/stage/part')"


def test_no_process_of_a_cluster_without_an_address() -> None:
    found = CliRunner().invoke(cli, ["cluster", "worker"])
    assert isinstance(found.exception, Invalid)


@pytest.mark.slow
@pytest.mark.whole
def test_a_worker_killed_in_the_middle_changes_nothing(tmp_path: Path, postgres_server: PostgresServer) -> None:
    """Two workers over PostgreSQL and S3, one of them killed with a part in hand: the same archives as one process makes."""
    stage, moment = Stage(tmp_path / "bank"), clock.now()
    have_bank(stage, 4_000, lambda words: None)
    suite = crypto.suite("gm")
    centre = suite.generate_keys()

    def reported(**changes: Any) -> dict[str, str]:
        key_ring().add_public_key("centre", suite, centre.public)
        try:
            run_stages(begin_work(), moment, lambda words: None)
            return archives_of(settings(), centre.private)
        finally:
            forget()

    with platform(stage, bucket_records=1_000), acting(SYSTEM):
        alone = reported()
    names = {name: f"{name}_{uuid.uuid4().hex}" for name in ("lender", "lake")}
    for name in names.values():
        postgres_server.command(f"CREATE DATABASE {name}")
    with moto_server("lake") as (endpoint, client):
        given = {
            "data_dir": tmp_path / "data",
            "bucket_records": 1_000,
            "threads": 1,
            "database_url": postgres_server.url(names["lender"]),
            "lake_catalog_url": f"postgres:dbname={names['lake']} host=127.0.0.1 port={postgres_server.port} user=postgres",
            "lake_data_path": "s3://lake/files",
            "lake_s3_endpoint": endpoint,
            "lake_s3_key": KEY,
            "lake_s3_secret": SECRET,
            "cluster": free_address(),
        }
        with platform(stage, **given) as chosen, acting(SYSTEM):
            with running_cluster(chosen, 2, tmp_path / "cluster") as running:
                in_hand: list[str] = []
                killing = threading.Thread(target=_kill_in_the_middle, args=(running.workers[0], in_hand))
                killing.start()
                together = reported()
                killing.join()
                assert running.workers[0].poll() is not None
                assert running.workers[1].poll() is None
            with unit_of_work(reading=True) as session:
                done = session.scalar(select(func.count()).select_from(StageRun))
            database().dispose()
        assert client.list_objects_v2(Bucket="lake", Prefix="files/")["KeyCount"] > 0
    assert in_hand, "nothing was in hand when the worker was killed"
    assert done
    assert together == alone


def _kill_in_the_middle(worker: Any, in_hand: list[str]) -> None:
    """Kill the worker once some parts of a stage are done and others begun."""
    begun = select(StageTry.part).filter_by(stage="derive")
    done = select(StageRun.part).filter_by(stage="derive")
    deadline = time.monotonic() + 300
    while time.monotonic() < deadline:
        with unit_of_work(reading=True) as session:
            finished = set(session.scalars(done))
            open_ = set(session.scalars(begun)) - finished
        if len(finished) >= 3 and len(open_) >= 2:
            worker.kill()
            worker.wait()
            in_hand.extend(sorted(open_))
            return
        threading.Event().wait(0.02)
