"""The two-end check from its beginning to its verdict: fetch or take the centre's statement, read it, compare, keep what differs."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import select

from app.core import clock, crypto, packaging
from app.core.actor import current_actor
from app.core.config import settings
from app.core.crypto.keyring import key_ring
from app.core.db import current_session, unit_of_work
from app.core.errors import CreditLinkError, Invalid, NotFound, Unavailable
from app.core.events import publish
from app.core.jobs import TaskContext, enqueue, finish_here
from app.core.text import Text
from app.lake.connection import Connection
from app.lake.tables import Table, put_rows
from app.submission.checking import differences
from app.submission.checking.check_file import NAME, Statement, read_head, take
from app.submission.checking.comparing import APART, Bucket, compare, replay
from app.submission.checking.events import CheckEnded, DifferenceFound
from app.submission.checking.models import EndCheck
from app.submission.checking.tables import FOUND, STATED
from app.submission.entities.entity import Entity
from app.submission.entities.keeping import entity_of, meant_entity
from app.submission.lake import lake
from app.submission.models import ReportFile
from app.submission.tables import RECORD_TYPES, accepted_of
from app.submission.transport import transport

if TYPE_CHECKING:
    import pyarrow as pa

TASK: Final = "submission.two_end"
TWO_END, REPLAY = "two_end", "replay"
Progress = Callable[[int, int], None]
_REFUSED_WHOLE: Final = "2"


def begin_check(
    kind: str = TWO_END, files: Iterable[tuple[str, Path]] = (), *, provider: str | None = None, asked: bool = True
) -> str:
    """Begin a check of a legal entity, by default that of the settings; its id.

    With `asked` a worker is asked to do it, otherwise the caller does (`do_check`). `files` are check files by name, sealed or
    in the open; without any the newest statement that lies with the centre is fetched. Raises Invalid for a file whose name is
    none, and what `meant_entity` raises.
    """
    entity, moment = meant_entity(provider), clock.now()
    check = f"{entity.provider}-{kind.replace('_', '-')}-{moment.astimezone(clock.CHINA):%Y%m%d-%H%M%S-%f}"
    listed = list(files)
    if listed:
        _keep(_folder(check), listed, entity)
    session = current_session()
    origin = "own" if kind == REPLAY else "given" if listed else "fetched"
    row = EndCheck(
        id=check,
        provider=entity.provider,
        kind=kind,
        origin=origin,
        created_at=moment,
        begun_by=current_actor().id,
        status="waiting",
    )
    session.add(row)
    session.flush()
    if asked:
        row.task_id = enqueue(TASK, {"check": check}, check)
    return check


def _folder(check: str) -> Path:
    folder = settings().data_dir / "checks" / check
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _keep(folder: Path, files: Iterable[tuple[str, Path]], entity: Entity) -> None:
    """Put the files given into the check's folder; one that is in the open is sealed for the entity itself."""
    suite = crypto.suite(settings().crypto_suite)
    public = key_ring().key_pair(entity.own_key, suite).public
    for name, path in files:
        sealed = Path(name).name.removesuffix(".txt").removesuffix(".enc") + ".enc"
        if not NAME.fullmatch(sealed):
            shutil.rmtree(folder, ignore_errors=True)
            raise Invalid(
                "submission.check_file",
                Text("{name} 不是核对文件的名称", "{name} is not the name of a check file").format(
                    name=ascii(name[:60])
                ),
            )
        if name.endswith(".txt"):
            with path.open("rb") as plain:
                packaging.pack(
                    sealed.removesuffix(".enc"), iter(lambda: plain.read(1 << 20), b""), folder / sealed, suite, public
                )
        else:
            shutil.copyfile(path, folder / sealed)


def run_check(context: TaskContext) -> None:
    """The task of a check."""
    do_check(str(context.params["check"]), context.progress, lambda: finish_here(context))


def do_check(check: str, progress: Progress, finish: Callable[[], None] = lambda: None) -> None:
    """Do a check, unless it is done. What makes it impossible is noted with it; `finish` belongs to the last commit."""
    with unit_of_work() as session:
        row = session.get_one(EndCheck, check)
        if row.status in ("done", "failed"):
            return
        row.status = "running"
        kind, provider, origin = row.kind, row.provider, row.origin
    try:
        result = (_replayed if kind == REPLAY else _compared)(check, provider, origin, progress)
    except (Invalid, NotFound, Unavailable) as problem:
        result = _Result([], {}, None, [_told(problem)])
    _end(check, result, "done" if result.counts else "failed", finish)


@dataclass(frozen=True, slots=True)
class _Result:
    files: list[list[Any]]
    counts: dict[str, dict[str, int]]
    as_of: datetime | None
    problems: list[list[str]]


def _end(check: str, result: _Result, state: str, finish: Callable[[], None]) -> None:
    fresh, settled, still = differences.fresh(check), differences.settled(check), differences.still_open(check)
    for code, counts in result.counts.items():
        counts["new"] = sum(number for (kind, _), number in fresh.items() if kind == code)
        counts["settled"] = settled.get(code, 0)
        counts["open"] = still.get(code, 0)
    with unit_of_work() as session:
        row = session.get_one(EndCheck, check)
        row.status, row.finished_at, row.as_of = state, clock.now(), result.as_of
        row.counts, row.files, row.problems = result.counts, result.files, result.problems
        for (code, outcome), number in sorted(fresh.items()):
            publish(DifferenceFound(check, code, outcome, number))
        publish(CheckEnded(check, state))
        finish()
    shutil.rmtree(settings().data_dir / "checks" / check, ignore_errors=True)


def _told(problem: CreditLinkError) -> list[str]:
    return [problem.code, problem.message.zh, problem.message.en]


def _compared(check: str, provider: str, origin: str, progress: Progress) -> _Result:
    folder = _folder(check)
    entity = entity_of(provider)
    if origin == "fetched":
        _fetch(folder, entity)
    statements, problems = _read(check, folder, entity, progress)
    by_type, incomplete = _whole(statements)
    problems += [*incomplete, *_unstated(by_type, provider)]
    if by_type:
        as_of = max(each.as_of for each in statements)
        later, unanswered = _on_their_way(provider, as_of)
        buckets = [
            Bucket(provider, code, number, total, later, unanswered)
            for code, parts in by_type.items()
            for total in [_buckets(provider, code, parts[0].total)]
            for number in range(total)
        ]
        counts = _in_buckets(check, provider, TWO_END, buckets, progress, lambda c, each: compare(c, check, each))
    else:
        as_of, counts = None, {}
    _forget(STATED, check)
    files = [[each.name, each.record_type, each.count] for each in statements]
    return _Result(files, counts, as_of, problems)


def _replayed(check: str, provider: str, origin: str, progress: Progress) -> _Result:
    del origin
    with unit_of_work(reading=True) as session:
        query = select(ReportFile.prefix).where(
            ReportFile.provider == provider, ReportFile.status == "answered", ReportFile.flag != _REFUSED_WHOLE
        )
        answered = list(session.scalars(query))
    buckets = [
        Bucket(provider, code, number, total)
        for code in RECORD_TYPES
        for total in [_buckets(provider, code, 0)]
        for number in range(total)
    ]
    counts = _in_buckets(check, provider, REPLAY, buckets, progress, lambda c, each: replay(c, each, answered))
    return _Result([], counts, clock.now(), [])


def _fetch(folder: Path, entity: Entity) -> None:
    """Bring the newest statement that lies with the centre. Raises Unavailable where there is none."""
    way = transport(entity.settings(settings()), entity)
    found = ((name, NAME.fullmatch(name)) for name in way.feedback())
    named = [(name, match) for name, match in found if match and match["provider"] == entity.provider]
    if not named:
        raise Unavailable(
            "submission.no_check_files",
            Text(
                "征信中心没有可取的核对文件，请向其申请后再发起，或上传收到的文件",
                "No check files lie ready with the centre; ask it for them and begin again, or upload those received",
            ),
        )
    newest = max(match["date"] for _, match in named)
    for name, match in named:
        if match["date"] == newest and not (folder / name).exists():
            draft = folder / f".{name}"
            way.fetch(name, draft)
            draft.replace(folder / name)


def _read(check: str, folder: Path, entity: Entity, progress: Progress) -> tuple[list[Statement], list[list[str]]]:
    """Read every file of the folder; what was stated, and why files cannot be used."""
    statements, problems = [], []
    files = sorted(folder.glob("*.enc"))
    for number, path in enumerate(files):
        bare = path.name.removesuffix(".enc")

        def store(connection: Connection, path: Path = path, bare: str = bare) -> Statement:
            connection.execute(f"DELETE FROM {STATED.path} WHERE check_id = '{check}' AND file = '{bare}'")
            return take(connection, entity, path, path.name, check)

        try:
            head = read_head(entity, path, path.name)
            if head.record_type in RECORD_TYPES:
                statements.append(lake().write(store) if head.count else head)
        except Invalid as problem:
            problems.append(_told(problem))
        progress(number + 1, len(files) * 2)
    return statements, problems


def _whole(statements: Sequence[Statement]) -> tuple[dict[str, list[Statement]], list[list[str]]]:
    """The statements by record type, those that are complete and agree; of the others, why they are not compared."""
    found: dict[str, list[Statement]] = {}
    for each in sorted(statements, key=lambda each: (each.record_type, each.part)):
        found.setdefault(each.record_type, []).append(each)
    problems = []
    for code, parts in list(found.items()):
        alike = len({(each.parts, each.total, each.as_of) for each in parts}) == 1
        if not alike or [each.part for each in parts] != list(range(1, parts[0].parts + 1)):
            why = Text("{code} 类核对文件分卷不全或互相矛盾", "the parts of type {code} are not all there or disagree")
        elif sum(each.count for each in parts) != parts[0].total:
            why = Text("{code} 类核对文件总条数不符", "the parts of type {code} do not add up to their total")
        else:
            continue
        words = why.format(code=code)
        problems.append(["submission.check_incomplete", words.zh, words.en])
        del found[code]
    return found, problems


def _unstated(by_type: dict[str, list[Statement]], provider: str) -> list[list[str]]:
    """Record types of which we hold something and the centre has stated nothing usable."""
    words = Text("没有 {code} 类核对文件，未作核对", "nothing was stated of type {code}, so it was not compared")
    missing = [
        code
        for code in RECORD_TYPES
        if code not in by_type and lake().value(f"SELECT count(*) FROM ({accepted_of(code, provider)})")
    ]
    told = [words.format(code=code) for code in missing]
    return [["submission.check_missing", each.zh, each.en] for each in told]


def _on_their_way(provider: str, as_of: datetime) -> tuple[list[str], list[str]]:
    """Files that left after the centre's moment, and files without an answer."""
    with unit_of_work(reading=True) as session:
        mine = select(ReportFile.prefix).where(ReportFile.provider == provider)
        later = session.scalars(mine.where(ReportFile.sent_at > as_of)).all()
        unanswered = session.scalars(mine.where(ReportFile.status != "answered")).all()
    return list(later), list(unanswered)


def _buckets(provider: str, code: str, stated: int) -> int:
    """Into how many buckets the comparison of a type is split, by the larger of its ends."""
    ours = int(lake().value(f"SELECT count(*) FROM ({accepted_of(code, provider)})") or 0)
    return max(1, -(-max(ours, stated) // (settings().bucket_records * 10)))


def _in_buckets(
    check: str,
    provider: str,
    kind: str,
    buckets: Sequence[Bucket],
    progress: Progress,
    act: Callable[[Connection, Bucket], dict[str, int]],
) -> dict[str, dict[str, int]]:
    """Compare bucket by bucket and keep the differences of all in one transaction; counts by record type."""
    counts: dict[str, dict[str, int]] = {}
    _forget(FOUND, check)  # what an earlier try has left
    for number, bucket in enumerate(buckets):
        with lake().read() as connection:
            connection.execute(APART)
            told = act(connection, bucket)
            found = connection.execute(
                f"SELECT '{check}' AS check_id, {bucket.bucket} AS bucket, * FROM apart"
            ).to_arrow_table()
        where = f"check_id = '{check}' AND record_type = '{bucket.record_type}' AND bucket = {bucket.bucket}"
        if found.num_rows:
            lake().write(partial(_put, found, where))
        mine = counts.setdefault(bucket.record_type, {})
        for name, value in told.items():
            mine[name] = mine.get(name, 0) + value
        progress(len(buckets) + number + 1, len(buckets) * 2)

    def keep(writer: Connection) -> None:
        differences.merge(writer, check, provider, kind, list(counts), clock.today())
        writer.execute(f"DELETE FROM {FOUND.path} WHERE check_id = '{check}'")

    lake().write(keep)
    return counts


def _forget(table: Table, check: str) -> None:
    """Take a check's rows out of a table that holds them only while it is at work."""
    if lake().value(f"SELECT count(*) FROM {table.path} WHERE check_id = ?", [check]):
        lake().write(lambda connection: connection.execute(f"DELETE FROM {table.path} WHERE check_id = '{check}'"))


def _put(found: pa.Table, where: str, writer: Connection) -> None:
    put_rows(writer, FOUND, where, found)
