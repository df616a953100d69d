"""Both ends held against each other: the centre's statement by its own code, our accepted state by ours."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from app.core import crypto, packaging
from app.core.crypto.keyring import key_ring
from app.core.db import unit_of_work
from app.core.errors import Conflict, Invalid
from app.core.outbox import OutboxEvent
from app.simulator.bank import PROVIDER
from app.submission.checking import comparing, differences, two_end
from app.submission.checking.commands import two_end as command
from app.submission.checking.tables import DIFFERENCE, FOUND, STATED
from app.submission.lake import lake
from app.submission.models import ReportFile
from app.submission.tables import RECORD_TYPES, accepted_table, record_type

pytestmark = pytest.mark.whole

APART = ("only_ours", "only_theirs", "differs")


def _apart(check: Any) -> dict[str, tuple[int, ...]]:
    return {code: tuple(counts[name] for name in APART) for code, counts in check.counts.items()}


def _held(*, operated: bool = True) -> dict[str, int]:
    """Accepted records by type; on request without those that an accepted operation has changed, which are not replayed."""
    counts = {}
    for code in RECORD_TYPES:
        bucket = comparing.Bucket(PROVIDER, code, 0, 1)
        where = "" if operated else f" WHERE key NOT IN ({comparing._operated(bucket)})"
        counts[code] = int(lake().value(f"SELECT count(*) FROM {accepted_table(code).path}{where}"))
    return counts


def test_what_was_reported_is_the_same_at_both_ends_and_in_a_replay(
    world: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.state(most=150)  # several parts a type
    monkeypatch.setattr(two_end, "_buckets", lambda provider, code, stated: 3)

    checked, replayed = world.check(), world.check("replay")

    for check in (checked, replayed):
        assert (check.status, check.problems) == ("done", [])
        same = {code: counts["same"] for code, counts in check.counts.items() if counts["same"]}
        held = _held(operated=check is checked)
        assert same == {code: number for code, number in held.items() if number}
        assert set(_apart(check).values()) == {(0, 0, 0)}
    assert len(checked.files) > len({code for _, code, _ in checked.files}), "several files of a type"
    assert sum(count for _, _, count in checked.files) == sum(_held().values())
    for table in (STATED, FOUND):
        assert lake().value(f"SELECT count(*) FROM {table.path}") == 0, "nothing of a finished check is left behind"


@dataclass
class Spoiled:
    """What was changed at the centre, and how it is put right."""

    account: str
    mend: Callable[[], None]


@pytest.fixture
def apart(world: Any) -> Iterator[Spoiled]:
    """The centre has another name and balance for one account, has lost a person, and has a company never reported."""
    with world.centre() as memory:
        account, number, content = memory.execute(
            "SELECT subject, id, content FROM record WHERE record_type = '210' AND content LIKE '%AcctBal%'"
        ).fetchone()
        fact = json.loads(content)
        fact["H"]["AcctBal"] = "987654"
        fact["B"]["Name"] = "甲&乙<丙>"
        memory.execute("UPDATE record SET content = ? WHERE id = ?", (json.dumps(fact), number))
        lost = memory.execute("SELECT * FROM record WHERE record_type = '110' ORDER BY id LIMIT 1").fetchone()
        memory.execute("DELETE FROM record WHERE id = ?", (lost[0],))
        columns = "record_type, report_date, content, digest, traits, arrival, line"
        memory.execute(
            f"INSERT INTO record (subject, {columns}) SELECT '20' || char(31) || 'NOBODY' || char(31) || 'X', {columns}"
            " FROM record WHERE record_type = '310' LIMIT 1"
        )

    def mend() -> None:
        with world.centre() as memory:
            memory.execute("UPDATE record SET content = ? WHERE id = ?", (content, number))
            memory.execute(f"INSERT OR REPLACE INTO record VALUES ({', '.join('?' * len(lost))})", lost)
            memory.execute("DELETE FROM record WHERE subject LIKE '%NOBODY%'")

    yield Spoiled(account, mend)
    mend()


def test_every_kind_of_difference_is_found_kept_and_settled(world: Any, apart: Spoiled) -> None:
    world.state()

    first = world.check()

    apart_now = {code: each for code, each in _apart(first).items() if any(each)}
    assert apart_now == {"110": (1, 0, 0), "210": (0, 0, 1), "310": (0, 1, 0)}
    rows = {row["record_type"]: row for row in lake().records(f"SELECT * FROM {DIFFERENCE.path} WHERE state = 'open'")}
    assert (rows["210"]["key"], rows["210"]["outcome"]) == (apart.account, "differs")
    assert (rows["210"]["segments"], rows["210"]["items"]) == (["B", "H"], ["B.Name", "H.AcctBal"])
    assert rows["110"]["outcome"] == "only_ours"
    assert rows["310"]["subject"].startswith("20|NOBODY|")
    assert all(row["record_id"] and row["file"] for code, row in rows.items() if code != "310")
    with unit_of_work(reading=True) as session:
        told = [row.payload for row in session.query(OutboxEvent).filter_by(name="submission.difference_found")]
    assert {(each["record_type"], each["outcome"], each["found"]) for each in told if each["check"] == first.id} == {
        ("110", "only_ours", 1),
        ("210", "differs", 1),
        ("310", "only_theirs", 1),
    }

    assert differences.send_to_correction([rows["210"]["id"]]) == 1
    with pytest.raises(Conflict):
        differences.send_to_correction([rows["210"]["id"]])
    again = world.check()
    assert _apart(again) == _apart(first)
    assert sum(counts["new"] for counts in again.counts.values()) == 0, "what is known is not found anew"
    assert differences.find(rows["210"]["id"])["state"] == "correcting"
    assert differences.find(rows["110"]["id"])["last_check"] == again.id

    apart.mend()
    world.state()
    mended = world.check()
    assert set(_apart(mended).values()) == {(0, 0, 0)}
    settled = {code: counts["settled"] for code, counts in mended.counts.items() if counts["settled"]}
    assert settled == {"110": 1, "210": 1, "310": 1}
    assert {differences.find(row["id"])["state"] for row in rows.values()} == {"settled"}
    assert sum(counts["open"] for counts in mended.counts.values()) == 0


def test_records_on_their_way_are_no_difference(world: Any) -> None:
    world.state()
    with unit_of_work() as session:
        file = (
            session.query(ReportFile)
            .filter_by(record_type="410", status="answered")
            .order_by(ReportFile.prefix)
            .first()
        )
        prefix, sent, taken = file.prefix, file.sent_at, file.accepted
        file.status = "sent"
    rows = lake().rows(f"SELECT record_id FROM {accepted_table('410').path} WHERE file = ?", [prefix])
    kept = f"SELECT * FROM {accepted_table('410').path} WHERE file = '{prefix}'"
    with lake().read() as connection:
        saved = connection.execute(kept).to_arrow_table()
    lake().write(lambda writer: writer.execute(f"DELETE FROM {accepted_table('410').path} WHERE file = '{prefix}'"))
    try:
        check = world.check()
        assert (_apart(check)["410"], check.counts["410"]["travelling"]) == ((0, 0, 0), len(rows))
        assert len(rows) == taken
    finally:
        lake().write(lambda writer: _put_back(writer, saved))
        with unit_of_work() as session:
            session.get_one(ReportFile, prefix).status = "answered"
    assert sent is not None


def _put_back(writer: Any, saved: Any) -> None:
    writer.register("saved_rows", saved)
    writer.execute(f"INSERT INTO {accepted_table('410').path} BY NAME SELECT * FROM saved_rows")
    writer.unregister("saved_rows")


def test_a_replay_finds_what_our_own_state_lacks_has_too_much_or_otherwise(world: Any) -> None:
    table = accepted_table("310").path
    (one, two, three) = lake().rows(f"SELECT file, line FROM {table} ORDER BY file, line LIMIT 3")
    with lake().read() as connection:
        saved = connection.execute(f"SELECT * FROM {table}").to_arrow_table()

    def spoil(writer: Any) -> None:
        writer.execute(f"DELETE FROM {table} WHERE file = ? AND line = ?", list(one))
        writer.execute(
            f'UPDATE {table} SET "D" = struct_update("D", "RegAdd" := \'x\') WHERE file = ? AND line = ?', list(two)
        )
        writer.execute(f"UPDATE {table} SET line = 9999 WHERE file = ? AND line = ?", list(three))

    try:
        lake().write(spoil)
        check = world.check("replay")
        assert _apart(check)["310"] == (1, 2, 1), "moved to another line it is one too many and one that lacks"
        items = lake().rows(f"SELECT segments FROM {DIFFERENCE.path} WHERE kind = 'replay' AND outcome = 'differs'")
        assert items == [(["D"],)]
    finally:

        def restore(writer: Any) -> None:
            writer.execute(f"DELETE FROM {table}")
            writer.register("saved_rows", saved)
            writer.execute(f"INSERT INTO {table} BY NAME SELECT * FROM saved_rows")
            writer.unregister("saved_rows")

        lake().write(restore)
    assert set(_apart(world.check("replay")).values()) == {(0, 0, 0)}


HEAD = "C0804102.0.0{provider}20261101020000001001{count:011}{total:011}000000000000"


def _file(world: Any, folder: Path, lines: list[bytes], name: str = f"{PROVIDER}20261101410C0010") -> tuple[str, Path]:
    """A sealed file of these lines."""
    suite = crypto.suite(world.settings.crypto_suite)
    path = folder / f"{name}.enc"
    packaging.pack(
        name, [b"".join(line + b"\r\n" for line in lines)], path, suite, key_ring().key_pair("lender", suite).public
    )
    return path.name, path


def _names() -> str:
    return "\t".join(["AcctCode", "RptDate", *(segment.tag for segment in record_type("410").segments)])


def _head(count: int = 1, total: int | None = None, provider: str = PROVIDER) -> bytes:
    return HEAD.format(provider=provider, count=count, total=count if total is None else total).encode()


def _line(*cells: str) -> bytes:
    width = len(_names().split("\t"))
    return "\t".join([*cells, *[""] * (width - len(cells))]).encode()


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ([b"nothing"], ["第 1 行"]),
        ([b"\xff\xfe"], ["第 1 行"]),
        ([_head(provider="B" * 14)], ["不是本机构"]),
        ([_head(), b"AcctCode\tRptDate"], ["第 2 行", "列名"]),
        ([_head(2), None, _line("E1", "2026-10-31")], ["应有 2 条，实有 1 条"]),
        ([_head(2), None, b"E1\t2026-10-31", _line("", "2026-10-31")], ["第 3 行：应有", "第 4 行：标识项缺失"]),
        ([_head(), None, _line("E1", "31/10/2026")], ["信息报告日期有误"]),
        ([_head(), None, _line("E1", "2026-10-31", "0123zz")], ["摘要有误"]),
        ([_head(), None, _line("E1", "2026-10-31") + b"\xff"], ["无法读取"]),
        ([_head(1, total=5), None, _line("E1", "2026-10-31")], ["总条数不符"]),
    ],
)
def test_a_bad_file_is_refused_with_all_that_is_wrong(
    world: Any, tmp_path: Path, lines: list[Any], words: list[str]
) -> None:
    given = [_names().encode() if line is None else line for line in lines]
    before = lake().value(f"SELECT count(*) FROM {DIFFERENCE.path}")

    check = world.check(files=[_file(world, tmp_path, given)])

    told = " ".join(zh for _, zh, _ in check.problems)
    assert (check.status, check.counts) == ("failed", {})
    assert all(word in told for word in words), told
    assert all(en for _, _, en in check.problems)
    assert lake().value(f"SELECT count(*) FROM {DIFFERENCE.path}") == before


def test_what_is_no_check_file_at_all_is_told(world: Any, tmp_path: Path) -> None:
    junk = tmp_path / "junk"
    junk.write_bytes(b"PK\x03\x04 not sealed at all")
    with pytest.raises(Invalid):
        world.check(files=[("holiday.jpg", junk)])
    check = world.check(files=[(f"{PROVIDER}20261101410C0010.enc", junk)])
    assert check.status == "failed"
    assert check.problems[0][0].startswith("crypto.")
    for old in world.outbox.glob("*C*.enc"):
        old.unlink()
    assert world.check().problems[0][0] == "submission.no_check_files"


def test_the_command_tells_programs_and_by_its_exit_code(world: Any) -> None:
    world.state()
    answer = CliRunner().invoke(command, ["--json"])
    assert answer.exit_code == 0, answer.output
    told = json.loads(answer.output)
    assert (told["status"], told["apart"], told["problems"]) == ("done", 0, [])
    assert told["counts"]["210"]["same"] == _held()["210"]
