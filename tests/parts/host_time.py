"""A host whose clock can be set: processes started with its environment see it jump while they run."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib.util import find_spec
from pathlib import Path


@dataclass
class HostTime:
    """`offset` is by how much the host's clock differs from the true one. What counts seconds is not touched by it."""

    folder: Path
    offset: timedelta = timedelta()

    def __post_init__(self) -> None:
        self.set(self.offset)

    @property
    def environment(self) -> dict[str, str]:
        spec = find_spec("libfaketime")
        assert spec is not None
        assert spec.submodule_search_locations is not None
        library = Path(spec.submodule_search_locations[0]) / "vendor" / "libfaketime" / "src" / "libfaketime.so.1"
        return {
            **os.environ,
            "LD_PRELOAD": str(library),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }

    @property
    def _file(self) -> Path:
        return self.folder / "host_time"

    def now(self) -> datetime:
        return datetime.now(UTC) + self.offset

    def set(self, offset: timedelta) -> None:
        self.offset = offset
        fresh = self._file.with_suffix(".fresh")
        fresh.write_text(f"{offset.total_seconds():+.3f}\n", encoding="utf-8")
        fresh.replace(self._file)

    def show(self, moment: datetime) -> None:
        """Set the clock to a moment."""
        self.set(moment - datetime.now(UTC))
