"""How a centre is told to misbehave: `control.json` in its state folder, read anew whenever it matters.

Used by tests and demonstrations to show that the sender survives a bad partner.
"""

from __future__ import annotations

import json
import logging
import os
import secrets
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from app.core.errors import Invalid
from app.core.text import Text

FILE_NAME = "control.json"
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Control:
    """Misbehaviour in force.

    `slow`: seconds added to every file transfer. `drop`: number of uploads still to be cut off half-way, with the
    connection. `feedback_delay`: seconds before feedback appears. `feedback_twice`: it appears a second time a
    little later, or after `repeat_after` seconds. `garble`: it first appears unreadable, and right a little later, or after
    `repair_after` seconds.
    """

    slow: float = 0.0
    drop: int = 0
    feedback_delay: float = 0.0
    feedback_twice: bool = False
    garble: bool = False
    repeat_after: float = 2.0
    repair_after: float = 2.0


def read_control(folder: Path) -> Control:
    """The misbehaviour in force; `Invalid` if the file is not in shape."""
    try:
        raw = json.loads((folder / FILE_NAME).read_text(encoding="utf-8"))
        known = Control(**raw)
        return Control(
            float(known.slow),
            int(known.drop),
            float(known.feedback_delay),
            bool(known.feedback_twice),
            bool(known.garble),
            float(known.repeat_after),
            float(known.repair_after),
        )
    except FileNotFoundError:
        return Control()
    except (ValueError, TypeError) as fault:
        raise Invalid(
            "centre.control",
            Text("控制文件无法读取：{fault}", "the control file cannot be read: {fault}").format(fault=fault),
        ) from fault


def control_in_force(folder: Path) -> Control:
    """The same for the running centre, which behaves well while the file is not in shape, and says so."""
    try:
        return read_control(folder)
    except Invalid as error:
        _log.warning("%s", error)
        return Control()


def write_control(folder: Path, control: Control) -> None:
    """Put a misbehaviour in force, whole or not at all."""
    folder.mkdir(parents=True, exist_ok=True)
    draft = folder / f".{FILE_NAME}.{secrets.token_hex(4)}"
    draft.write_text(json.dumps(asdict(control)), encoding="utf-8")
    os.replace(draft, folder / FILE_NAME)


def take_drop(folder: Path) -> bool:
    """Whether the upload at hand is to be cut off; counts it."""
    control = control_in_force(folder)
    if control.drop <= 0:
        return False
    write_control(folder, replace(control, drop=control.drop - 1))
    return True
