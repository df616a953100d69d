"""Benchmarks as commands: measured in this run, against an alternative in the same run, printed as JSON."""

from __future__ import annotations

import hashlib
import multiprocessing
import resource
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from lxml import etree
from sqlalchemy import select

from app.core import clock, crypto
from app.core.actor import SYSTEM, acting
from app.core.config import Settings, settings
from app.core.crypto.keyring import key_ring
from app.core.db import unit_of_work
from app.demo.stage import Stage, platform
from app.lake.rendering import line_expression
from app.lake.streams import text_chunks
from app.simulator.bank import World
from app.standard.catalogue import Group, RecordType
from app.submission.counts import due_by_type
from app.submission.lake import forget, lake
from app.submission.models import Batch, ReportFile
from app.submission.rulings import make_ready
from app.submission.service import batch_id_of
from app.submission.stages.build import build, sealed_file
from app.submission.stages.collect import collect
from app.submission.stages.derive import derive
from app.submission.stages.judge import judge
from app.submission.stages.standardise import standardise
from app.submission.stages.work import Work
from app.submission.tables import RECORD_TYPES, record_columns, record_table, record_type

BUSINESS_DATE = date(2026, 10, 31)
_RENDERED = 50_000
"""Records of each type that are rendered for comparison with row-wise writing."""


def bench_submission(
    root: Path, accounts: int, tell: Callable[[str], None], *, cluster_workers: int = 0
) -> dict[str, Any]:
    """One first-load day of `accounts` accounts, from landing to sealed files with all pre-checks.

    The bank is made by a process of its own, once for a root and a size, and is not measured; `peak_rss_mb` is this process's.
    `rowwise` writes some of the same records with lxml, one element after the other. With `cluster_workers` the same deliveries
    are reported once more by a cluster of so many, and what the files hold is compared.
    """
    stage = Stage(root)
    have_bank(stage, accounts, tell)
    shutil.rmtree(root / "data", ignore_errors=True)
    suite = crypto.suite(stage.settings().crypto_suite)
    centre, moment = suite.generate_keys(), clock.now()
    with platform(stage) as settings, acting(SYSTEM):
        key_ring().add_public_key("centre", suite, centre.public)
        try:
            result = _measure(accounts, tell, moment)
            archives = archives_of(settings, centre.private) if cluster_workers else {}
        finally:
            forget()
    if cluster_workers:
        from app.demo.bench_cluster import bench_cluster

        result["cluster"] = bench_cluster(stage, cluster_workers, centre, moment, archives, tell)
    return result


def have_bank(stage: Stage, accounts: int, tell: Callable[[str], None]) -> None:
    """Have the deliveries of a bank of so many accounts below `stage`; what was made there for the same number stays."""
    made = stage.root / "made"
    if made.exists() and made.read_text() == str(accounts):
        return
    stage.clear()
    stage.write_sources()
    tell("making the bank")
    maker = multiprocessing.get_context("spawn").Process(target=_make_bank, args=(stage.root, accounts))
    maker.start()
    maker.join()
    if maker.exitcode:
        raise SystemExit("the synthetic bank could not be made")
    made.write_text(str(accounts))


def _make_bank(root: Path, accounts: int) -> None:
    stage = Stage(root)
    persons, companies = max(2, accounts * 9 // 20), max(2, accounts // 20)
    world = World(stage.bank, persons=persons, companies=companies, seed=7, start=BUSINESS_DATE, accounts=accounts)
    world.build()
    world.export(BUSINESS_DATE, stage.deliveries(BUSINESS_DATE))


@dataclass(frozen=True, slots=True)
class Spent:
    """Time by the clock, and time of all processors in this process."""

    seconds: float
    cpu_seconds: float

    def told(self, records: int) -> dict[str, Any]:
        return {
            "seconds": round(self.seconds, 2),
            "cpu_seconds": round(self.cpu_seconds, 2),
            "records_per_second": round(records / self.seconds),
        }


def run_stages(work: Work, moment: datetime, tell: Callable[[str], None]) -> dict[str, Spent]:
    """Everything from landing to sealed files, which are dated `moment`; what each stage took."""
    stages: dict[str, Spent] = {}
    acts: dict[str, Callable[[], Any]] = {
        "collect": lambda: collect(work),
        "standardise": lambda: standardise(work),
        "derive": lambda: derive(work),
        "judge": lambda: judge(work, due_by_type(work.batch)),
        "build": lambda: build(work),
    }
    for name, act in acts.items():
        tell(name)
        started, spent = time.monotonic(), time.process_time()
        with clock.frozen(moment):
            act()
        stages[name] = Spent(time.monotonic() - started, time.process_time() - spent)
    return stages


def told(stages: dict[str, Spent], records: int) -> dict[str, Any]:
    """The stages and their sum as JSON."""
    whole = Spent(sum(each.seconds for each in stages.values()), sum(each.cpu_seconds for each in stages.values()))
    return whole.told(records) | {"stages": {name: each.told(records) for name, each in stages.items()}}


def archives_of(settings: Settings, private: bytes) -> dict[str, str]:
    """SHA-256 of the zip archive in each sealed file of the day, by the file's name.

    The seal around it has a random key and nonce by design, so two seals of the same are never alike.
    """
    suite = crypto.suite(settings.crypto_suite)
    work = Work.on(batch_id_of(settings.provider_code, BUSINESS_DATE))
    with unit_of_work(reading=True) as session:
        names = sorted(session.scalars(select(ReportFile.prefix).filter_by(batch_id=work.batch)))
    found = {}
    for name in names:
        digest = hashlib.sha256()
        with sealed_file(work, name).open("rb") as sealed:
            for piece in suite.opened(sealed, private):
                digest.update(piece)
        found[name] = digest.hexdigest()
    return found


def _measure(accounts: int, tell: Callable[[str], None], moment: datetime) -> dict[str, Any]:
    work = begin_work()
    make_ready()  # as a worker does when it starts, long before the day's deliveries come
    stages = run_stages(work, moment, tell)
    records = sum(due_by_type(work.batch).values())
    peak = _peak_rss_mb()
    tell("rendering against row-wise writing")
    setwise, rowwise = _rate(work, _render_setwise), _rate(work, _render_rowwise)
    whole = told(stages, records)
    return {
        "accounts": accounts,
        "records": records,
        **{name: value for name, value in whole.items() if name != "stages"},
        "peak_rss_mb": round(peak),
        "stages": whole["stages"],
        "rendering": {"records_per_second": round(setwise)},
        "rowwise": {"records_per_second": round(rowwise), "ratio": round(setwise / rowwise, 2)},
    }


def begin_work() -> Work:
    """The batch of the day, begun."""
    provider = settings().provider_code
    with unit_of_work() as session:
        batch = Batch(
            id=batch_id_of(provider, BUSINESS_DATE),
            provider=provider,
            business_date=BUSINESS_DATE,
            precheck=True,
            status="running",
            created_at=clock.now(),
            begun_by=SYSTEM.id,
        )
        session.add(batch)
    return Work.on(batch.id)


def _rate(work: Work, render: Callable[[Work], None]) -> float:
    records = sum(work.lake.value(f"SELECT count(*) FROM {_relation(work, code)}") for code in RECORD_TYPES)
    started = time.monotonic()
    render(work)
    return float(records / (time.monotonic() - started))


def _peak_rss_mb() -> float:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 1024 if sys.platform != "darwin" else peak / 1024 / 1024


def _relation(work: Work, code: str) -> str:
    return f"(SELECT * FROM {record_table(code).path} WHERE batch = '{work.batch}' AND bucket = 0 LIMIT {_RENDERED})"


def _render_setwise(work: Work) -> None:
    with lake().read() as connection:
        for code in RECORD_TYPES:
            for _ in text_chunks(
                connection, f"SELECT {line_expression(record_type(code))} FROM {_relation(work, code)}"
            ):
                pass


def _render_rowwise(work: Work) -> None:
    with lake().read() as connection:
        for code in RECORD_TYPES:
            record = record_type(code)
            letters = ", ".join(f'"{name}"' for name in record_columns(code))
            result = connection.execute(f"SELECT {letters} FROM {_relation(work, code)}")
            while rows := result.fetchmany(5_000):
                for row in rows:
                    _line(record, row)


def _line(record: RecordType, row: tuple[Any, ...]) -> bytes:
    document = etree.Element("Document")
    root = etree.SubElement(document, record.root)
    if record.flat:
        _write(root, tuple(zip(record_columns(record.code), row, strict=True)))
        return bytes(etree.tostring(document, encoding="utf-8"))
    for segment, values in zip(record.segments, row, strict=True):
        if values is not None:
            parent = etree.SubElement(root, segment.tag)
            for member in segment.items:
                if isinstance(member, Group):
                    for occurrence in values[member.tag] or ():
                        _write(etree.SubElement(parent, member.tag), ((i.tag, occurrence[i.tag]) for i in member.items))
                else:
                    _write(parent, ((member.tag, values[member.tag]),))
    return bytes(etree.tostring(document, encoding="utf-8"))


def _write(parent: Any, values: Iterator[tuple[str, str | None]] | tuple[tuple[str, str | None], ...]) -> None:
    for tag, value in values:
        if value is not None:
            etree.SubElement(parent, tag).text = value
