"""Benchmarks as commands: measured in this run, against an alternative in the same run, printed as JSON."""

from __future__ import annotations

import multiprocessing
import resource
import sys
import time
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

from lxml import etree

from app.core import clock, crypto
from app.core.actor import SYSTEM, acting
from app.core.config import settings
from app.core.crypto.keyring import key_ring
from app.core.db import unit_of_work
from app.demo.stage import Stage, platform
from app.lake.rendering import line_expression
from app.lake.streams import text_chunks
from app.simulator.bank import World
from app.standard.catalogue import Group, RecordType
from app.submission.counts import due_by_type
from app.submission.lake import forget, lake
from app.submission.models import Batch
from app.submission.rulings import make_ready
from app.submission.service import batch_id_of
from app.submission.stages.build import build
from app.submission.stages.collect import collect
from app.submission.stages.derive import derive
from app.submission.stages.judge import judge
from app.submission.stages.standardise import standardise
from app.submission.stages.work import Work
from app.submission.tables import RECORD_TYPES, record_columns, record_table, record_type

BUSINESS_DATE = date(2026, 10, 31)


def bench_submission(root: Path, accounts: int, tell: Callable[[str], None]) -> dict[str, Any]:
    """One first-load day of `accounts` accounts, from landing to sealed files with all pre-checks.

    The bank is made by a process of its own and is not measured; `peak_rss_mb` is this process's. `rowwise` writes the same
    records with lxml, one element after the other.
    """
    stage = Stage(root)
    stage.clear()
    stage.write_sources()
    tell("making the bank")
    maker = multiprocessing.get_context("spawn").Process(target=_make_bank, args=(root, accounts))
    maker.start()
    maker.join()
    if maker.exitcode:
        raise SystemExit("the synthetic bank could not be made")
    with platform(stage) as settings, acting(SYSTEM):
        suite = crypto.suite(settings.crypto_suite)
        key_ring().add_public_key("centre", suite, suite.generate_keys().public)
        try:
            return _measure(accounts, tell)
        finally:
            forget()


def _make_bank(root: Path, accounts: int) -> None:
    stage = Stage(root)
    persons, companies = max(2, accounts * 9 // 20), max(2, accounts // 20)
    world = World(stage.bank, persons=persons, companies=companies, seed=7, start=BUSINESS_DATE, accounts=accounts)
    world.build()
    world.export(BUSINESS_DATE, stage.deliveries(BUSINESS_DATE))


def _measure(accounts: int, tell: Callable[[str], None]) -> dict[str, Any]:
    work = _batch()
    make_ready()  # as a worker does when it starts, long before the day's deliveries come
    stages: dict[str, float] = {}

    def timed(name: str, act: Callable[[], Any]) -> Any:
        tell(name)
        started = time.monotonic()
        result = act()
        stages[name] = time.monotonic() - started
        return result

    timed("collect", lambda: collect(work))
    timed("standardise", lambda: standardise(work))
    timed("derive", lambda: derive(work))
    timed("judge", lambda: judge(work, due_by_type(work.batch)))
    timed("build", lambda: build(work))
    records = sum(due_by_type(work.batch).values())
    seconds = sum(stages.values())
    peak = _peak_rss_mb()
    tell("rendering against row-wise writing")
    setwise = _rate(records, lambda: _render_setwise(work))
    rowwise = _rate(records, lambda: _render_rowwise(work))
    return {
        "accounts": accounts,
        "records": records,
        "seconds": round(seconds, 2),
        "records_per_second": round(records / seconds),
        "peak_rss_mb": round(peak),
        "stages": {
            name: {"seconds": round(took, 2), "records_per_second": round(records / took)}
            for name, took in stages.items()
        },
        "rendering": {"records_per_second": round(setwise)},
        "rowwise": {"records_per_second": round(rowwise), "ratio": round(setwise / rowwise, 2)},
    }


def _batch() -> Work:
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


def _rate(records: int, act: Callable[[], None]) -> float:
    started = time.monotonic()
    act()
    return records / (time.monotonic() - started)


def _peak_rss_mb() -> float:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 1024 if sys.platform != "darwin" else peak / 1024 / 1024


def _relation(work: Work, code: str) -> str:
    return f"(SELECT * FROM {record_table(code).path} WHERE batch = '{work.batch}')"


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
