"""The day of the benchmark once more on a cluster, held against what one process made of the same deliveries."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from app.core import crypto
from app.core.actor import SYSTEM, acting
from app.core.crypto.keyring import key_ring
from app.core.crypto.suite import KeyPair
from app.core.db import database
from app.demo.bench import archives_of, begin_work, run_stages, told
from app.demo.cluster import free_address, running_cluster
from app.demo.postgres import throw_away_postgres
from app.demo.stage import Stage, platform
from app.submission.counts import due_by_type
from app.submission.lake import forget


def bench_cluster(
    stage: Stage,
    workers: int,
    centre: KeyPair,
    moment: datetime,
    archives: Mapping[str, str],
    tell: Callable[[str], None],
) -> dict[str, Any]:
    """Report the day on `workers` workers over PostgreSQL, each with an equal share of the cores, and compare the archives in the
    sealed files with `archives`, those of one process. `cpu_seconds` of the stages are this process's, not the workers'."""
    folder = stage.root / "cluster"
    shutil.rmtree(folder, ignore_errors=True)
    threads = max(1, stage.settings().threads // workers)
    with throw_away_postgres() as postgres:
        for name in ("lender", "lake"):
            postgres.command(f"CREATE DATABASE {name}")
        given = {
            "data_dir": folder / "data",
            "database_url": postgres.url("lender"),
            "lake_catalog_url": f"postgres:dbname=lake host=127.0.0.1 port={postgres.port} user=postgres",
            "cluster": free_address(),
            "threads": threads,
        }
        with platform(stage, **given) as settings, acting(SYSTEM):
            suite = crypto.suite(settings.crypto_suite)
            key_ring().add_public_key("centre", suite, centre.public)
            work = begin_work()
            try:
                with running_cluster(settings, workers, folder) as cluster:
                    stages = run_stages(work, moment, lambda words: tell(f"cluster: {words}"))
                    peaks = cluster.peak_rss_mb()
                made = archives_of(settings, centre.private)
                records = sum(due_by_type(work.batch).values())
            finally:
                forget()
                database().dispose()
    return {
        "kind": "dask",
        "workers": workers,
        "threads_each": threads,
        **told(stages, records),
        "peak_rss_mb_of_workers": peaks,
        "files": len(made),
        "identical": bool(made) and made == dict(archives),
        "compared": "the zip archive in every sealed file, opened; the seal has a random key and nonce by design",
    }
