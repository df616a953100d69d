"""The office without its door: taking, judging, answering, and beginning again after a stop."""

from __future__ import annotations

import io
import json
import os
import time
from datetime import datetime
from pathlib import Path

import pytest
from click.testing import CliRunner

from app.core import packaging
from app.core.crypto import suite
from app.core.errors import Invalid, NotFound
from app.simulator.centre.command import centre
from app.simulator.centre.control import Control, read_control, take_drop, write_control
from app.simulator.centre.dump import dump
from app.simulator.centre.office import LENDER_KEY, Office
from app.standard import catalogue
from app.standard.files.feedback import read_feedback
from app.standard.files.names import FileHeader, FileName
from app.standard.files.render import render_record

PROVIDER = "Z9900000000001"
CREATED = datetime(2025, 4, 30, 8, 0, 0)


@pytest.fixture
def keys(request):
    """The crypto suite (gm unless the test says otherwise) and the lender's keys."""
    chosen = suite(getattr(request, "param", "gm"))
    return chosen, chosen.generate_keys()


@pytest.fixture
def office(tmp_path, keys):
    """Open the office of one state folder, as often as wanted."""
    offices = []

    def begin() -> Office:
        for earlier in offices:
            earlier.store.close()
        offices[:] = [Office(tmp_path / "centre", keys[0].name)]
        offices[0].keys.add_public_key(LENDER_KEY, keys[0], keys[1].public)
        return offices[0]

    yield begin
    offices[0].store.close()


@pytest.fixture
def deliver(facts, keys):
    """Put a file of one collection account into the inbox; its feedback's name without the flag."""

    def put(office: Office, number: int = 1, balance: str = "8000", serial: str = "001") -> str:
        fact = facts["collection"]
        fact["B"]["AcctCode"] = f"{PROVIDER}C{number:04}"
        fact["J"]["AcctBal"] = balance
        line = render_record(catalogue.current().record("210"), fact)
        prefix = FileName(PROVIDER, CREATED.date(), "210", serial).text
        content = f"{FileHeader('210', PROVIDER, CREATED, 1).text}\r\n{line}\r\n".encode()
        public = office.keys.public_key("centre", office.suite)
        packaging.pack(prefix, [content], office.folders.inbox / f"{prefix}.enc", office.suite, public)
        office.announce(f"{prefix}.enc")
        return prefix[:29]

    return put


def opened(path: Path, keys):
    plain = io.BytesIO()
    packaging.unpack_to(path, plain, keys[0], keys[1].private, prefix=path.stem)
    target = path.with_suffix(".plain")
    target.write_bytes(plain.getvalue())
    try:
        feedback = read_feedback(target, path.stem)
        return feedback.header, [line.item for line in feedback]
    finally:
        target.unlink()


@pytest.mark.parametrize("keys", ["gm", "intl"], indirect=True)
def test_one_round_takes_judges_and_answers(office, deliver, keys):
    centre = office()
    original = deliver(centre)
    assert centre.round()
    header, items = opened(centre.folders.outbox / f"{original}1.enc", keys)
    assert (header.original, header.accepted, items) == (original, 1, [])
    assert not centre.round()
    assert list(centre.folders.work.iterdir()) == []


def test_a_refused_record_comes_back(office, deliver, keys):
    centre = office()
    original = deliver(centre, balance="x")
    centre.round()
    header, (item,) = opened(centre.folders.outbox / f"{original}3.enc", keys)
    assert (header.accepted, header.rejected) == (0, 1)
    assert [(error.code, error.tag) for error in item.errors] == [("ABE001", "AcctBal")]


def test_feedback_due_after_a_restart_is_written_then(office, deliver):
    write_control(office().folders.root, Control(feedback_delay=0.3))
    centre = office()
    original = deliver(centre)
    centre.round()
    assert list(centre.folders.outbox.iterdir()) == []
    again = office()
    time.sleep(0.3)
    again.round()
    assert [path.name for path in again.folders.outbox.iterdir()] == [f"{original}1.enc"]


def test_what_a_killed_office_left_is_swept(office):
    stray = office().folders.work / "stray.enc"
    stray.write_bytes(b"x")
    office()
    assert not stray.exists()


def test_two_centres_with_the_same_records_have_the_same_state(tmp_path, office, deliver, keys):
    one = office()
    deliver(one, 1, serial="001")
    deliver(one, 2, serial="002")
    one.round()
    other = Office(tmp_path / "other", keys[0].name)
    other.keys.add_public_key(LENDER_KEY, keys[0], keys[1].public)
    deliver(other, 2, serial="00A")
    deliver(other, 1, serial="00B")
    other.round()
    first, second = dump(tmp_path / "centre", full=True), dump(tmp_path / "other", full=True)
    assert first["records"] == second["records"]
    assert first["records"]["210"]["count"] == 2
    assert first["files"] != second["files"]
    other.store.close()


def test_a_later_file_sees_what_an_earlier_one_left(office, deliver, keys):
    centre = office()
    deliver(centre, 1, serial="001")
    centre.round()
    original = deliver(centre, 1, serial="002")
    centre.round()
    _, (item,) = opened(centre.folders.outbox / f"{original}3.enc", keys)
    assert ("ABR004", "AcctCode") in {(error.code, error.tag) for error in item.errors}


def test_without_the_lenders_key_nothing_can_be_answered(tmp_path, deliver):
    centre = Office(tmp_path / "centre", "gm")
    deliver(centre)
    with pytest.raises(NotFound):
        centre.round()
    centre.store.close()


def test_control(tmp_path):
    assert read_control(tmp_path) == Control()
    assert not take_drop(tmp_path)
    write_control(tmp_path, Control(drop=1))
    assert take_drop(tmp_path)
    assert not take_drop(tmp_path)
    (tmp_path / "control.json").write_text('{"slow": "very"}')
    with pytest.raises(Invalid):
        read_control(tmp_path)
    assert not take_drop(tmp_path)


def test_commands(tmp_path):
    state = str(tmp_path / "centre")
    run = CliRunner()
    told = json.loads(run.invoke(centre, ["prepare", "--state", state, "--json"]).stdout)
    assert Path(told["public_key"]).read_text().startswith("-----BEGIN PUBLIC KEY-----")
    assert Path(told["host_key"]).read_text().startswith("ssh-ed25519 ")
    assert json.loads(run.invoke(centre, ["control", "--state", state, "--slow", "2", "--garble"]).stdout)["slow"] == 2
    assert json.loads(run.invoke(centre, ["control", "--state", state, "--drop", "3"]).stdout)["garble"] is True
    assert json.loads(run.invoke(centre, ["control", "--state", state, "--reset"]).stdout)["drop"] == 0
    state_told = run.invoke(centre, ["state", "--state", state])
    assert state_told.exit_code == 0
    assert "files: 0" in state_told.output
    missing = run.invoke(centre, ["serve", "--state", state])
    assert missing.exit_code == 2
    assert "PRETEND" in missing.output


def test_the_state_folder_is_private(office):
    root = office().folders.root
    assert root.stat().st_mode & 0o077 == 0
    assert os.stat(root / "secret").st_mode & 0o077 == 0
