"""The house rules that a reader can count on, read off the source itself."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

import pytest
from importlinter.cli import lint_imports

ROOT = Path(__file__).parents[2]
APP = ROOT / "app"
SOURCES = sorted(APP.rglob("*.py"))

LONGEST = 400
LONGER: dict[str, int] = {}
"""Files that may be longer, with their own limit; each with its reason beside it."""

ENGINES = {
    "duckdb": {"lake", "simulator"},
    "duckdb_extensions": {"lake", "simulator"},
    "SpiffWorkflow": {"workflow"},
    "durable": {"rules"},
    "asyncssh": {"submission", "simulator", "demo"},
    "flask": {
        "web",
        "security",
        "audit",
        "submission",
        "workflow",
        "rules",
        "notices",
        "operations",
        "factory.py",
        "cli.py",
    },
}
"""Outside packages that only these rooms may import."""

VAGUE = re.compile(r"(^|_)(utils?|helpers?|managers?|misc|common|stuff|base)$")
ALLOWED = {"app/simulator/centre/judge/common.py"}
"""The checks that are common to all record types: the regulator's own heading."""


def place(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@lru_cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def imported(path: Path) -> Iterator[str]:
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def room(path: Path) -> str:
    return path.relative_to(APP).parts[0]


def test_imports_go_down_the_floors(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(ROOT)

    broken = lint_imports(config_filename=str(ROOT / "setup.cfg"), cache_dir=None)

    assert broken == 0, capsys.readouterr().out


@pytest.mark.parametrize("engine", ENGINES)
def test_only_its_own_rooms_import_an_engine(engine: str) -> None:
    strangers = [
        place(path)
        for path in SOURCES
        if room(path) not in ENGINES[engine] and any(name.split(".")[0] == engine for name in imported(path))
    ]

    assert strangers == []


def test_rooms_on_one_floor_do_not_import_each_other() -> None:
    floors = [{"workflow", "lake"}, {"standard", "language"}]
    for floor in floors:
        crossing = [
            (place(path), name)
            for path in SOURCES
            if room(path) in floor
            for name in imported(path)
            if name.startswith("app.") and name.split(".")[1] in floor - {room(path)}
        ]
        assert crossing == []


def test_the_simulator_knows_only_standard_and_core() -> None:
    known = {"app.core", "app.standard", "app.simulator"}
    strangers = [
        (place(path), name)
        for path in SOURCES
        if room(path) == "simulator"
        for name in imported(path)
        if name.startswith("app.") and ".".join(name.split(".")[:2]) not in known
    ]

    assert strangers == []


def test_files_stay_readable() -> None:
    long = {
        place(path): lines
        for path in SOURCES
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) > LONGER.get(place(path), LONGEST)
    }

    assert long == {}
    assert all((ROOT / name).exists() for name in LONGER), "an exception for a file that is gone"


def test_names_say_what_is_inside() -> None:
    vague = [
        place(path)
        for path in (*SOURCES, *(folder for folder in APP.rglob("*") if folder.is_dir()))
        if VAGUE.search(path.stem) and place(path) not in ALLOWED
    ]
    classes = [
        f"{place(path)}:{node.name}"
        for path in SOURCES
        for node in ast.walk(tree(path))
        if isinstance(node, ast.ClassDef) and re.search(r"(Utils?|Helper|Manager)$", node.name)
    ]

    assert vague == []
    assert classes == []


def test_every_package_has_its_init() -> None:
    missing = sorted({place(path.parent) for path in SOURCES if not (path.parent / "__init__.py").exists()})

    assert missing == []


def test_every_module_says_why_it_exists() -> None:
    silent = [place(path) for path in SOURCES if tree(path).body and not ast.get_docstring(tree(path))]

    assert silent == []


def test_nothing_is_left_for_later() -> None:
    left = [
        f"{place(path)}:{number}"
        for path in SOURCES
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if re.search(r"\b(TODO|FIXME|XXX|HACK)\b", line)
    ]

    assert left == []


def test_the_clock_is_read_in_one_place() -> None:
    reading = re.compile(r"\b(datetime\.(now|utcnow|today)|date\.today)\(")
    found = [
        place(path)
        for path in SOURCES
        if place(path) != "app/core/clock.py" and reading.search(path.read_text(encoding="utf-8"))
    ]

    assert found == []


def test_tests_need_no_packages() -> None:
    assert [place(path) for path in (ROOT / "tests").rglob("__init__.py")] == []
