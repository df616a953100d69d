"""Files appear whole or not at all, and stay under their root, in a folder and in memory alike."""

from __future__ import annotations

import uuid
from pathlib import Path

import pytest

from app.core.errors import Invalid, NotFound
from app.core.storage import Storage, storage


@pytest.fixture(params=["folder", "memory"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Storage:
    return Storage(str(tmp_path / "store") if request.param == "folder" else f"memory://{uuid.uuid4().hex}")


def _put(store: Storage, path: str, content: bytes) -> None:
    with store.write(path) as file:
        file.write(content)


def test_what_is_written_is_read_listed_and_deleted(store: Storage) -> None:
    assert store.list() == []
    _put(store, "day/210/a.enc", b"one")
    _put(store, "day/b.enc", b"three")
    _put(store, "day/b.enc", b"second")
    with store.read("day/b.enc") as file:
        assert file.read() == b"second"
    assert store.list() == ["day/210/a.enc", "day/b.enc"]
    assert store.list("day/210") == ["day/210/a.enc"]
    assert store.size("day/210/a.enc") == 3
    store.delete("day/b.enc")
    store.delete("day/b.enc")
    assert not store.exists("day/b.enc")


def test_a_failed_write_leaves_the_old_file(store: Storage) -> None:
    _put(store, "a", b"old")

    def fail() -> None:
        with store.write("a") as file:
            file.write(b"new")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    with store.read("a") as file:
        assert file.read() == b"old"
    assert store.list() == ["a"]


def test_local_files_go_in_and_out(store: Storage, tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.write_bytes(b"x" * 3_000_000)
    assert store.put(source, "big/file") == 3_000_000
    assert store.fetch("big/file", tmp_path / "copy") == 3_000_000
    assert (tmp_path / "copy").read_bytes() == source.read_bytes()
    with pytest.raises(NotFound):
        store.fetch("none", tmp_path / "nothing")
    assert not (tmp_path / "nothing").exists()


def test_what_is_not_there_is_not_found(store: Storage) -> None:
    with pytest.raises(NotFound), store.read("none"):
        pass
    with pytest.raises(NotFound):
        store.size("none")
    assert not store.exists("none")


@pytest.mark.parametrize("path", ["", "/etc/passwd", "../x", "a/../b", "a//b", "./a", "a\\b", "a\x00"])
def test_paths_cannot_leave_the_root(store: Storage, path: str) -> None:
    with pytest.raises(Invalid), store.write(path):
        pass


def test_the_storage_in_force_lies_where_the_settings_say(tmp_path: Path) -> None:
    _put(storage(), "a", b"1")
    assert (tmp_path / "data" / "storage" / "a").read_bytes() == b"1"
