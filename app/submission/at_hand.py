"""Rows of the lake that one piece of work asks for again and again, taken into the engine's memory once.

Every mention of a lake table costs some milliseconds before its first row: the catalogue is asked which files it has, and each
file tells how it is built. The derivations and judgements of a day name the same tables hundreds of times, so that on a small
day nearly all the time goes there. Whoever writes such a statement says which rows of which table it is about (`Rows`), and its
caller where they are to be found.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from app.lake.connection import Connection

Rows = Callable[[str, str], str]
"""Gives the relation of those rows of a lake table, named by its path, for which a condition holds."""

FEW: Final = 2_000
"""So many subjects, records or rows are few: what they cost lies in their statements, not in them."""
_MOST: Final = 10_000
"""Rows of a table beyond which they are better read in place, where the engine picks out the columns that it needs."""


@dataclass(frozen=True, slots=True)
class InLake:
    """Rows read in place, of the lake as it was at a snapshot; 0 stands for as it is."""

    snapshot: int = 0

    def __call__(self, path: str, where: str) -> str:
        version = f" AT (VERSION => {self.snapshot})" if self.snapshot else ""
        return f"(SELECT * FROM {path}{version} WHERE {where})"


IN_LAKE: Final = InLake()


class AtHand:
    """Rows beside a connection, whose statements alone can read them. They are taken out of the lake when they are first asked
    for, and stay as they were then; where they are many they are read in place."""

    def __init__(self, connection: Connection, snapshot: int = 0) -> None:
        self.connection = connection
        self._in_lake = InLake(snapshot)
        self._known: dict[str, str] = {}

    def __call__(self, path: str, where: str) -> str:
        asked = self._in_lake(path, where)
        if asked not in self._known:
            self._known[asked] = self._taken(asked, f"at_hand_{len(self._known)}")
        return self._known[asked]

    def _taken(self, asked: str, name: str) -> str:
        select = f"SELECT * FROM {asked} LIMIT {_MOST + 1}"
        counted = self.connection.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS {select}").fetchone()
        if counted and counted[0] > _MOST:
            self.connection.execute(f"DROP TABLE {name}")
            return asked
        return name

    @contextmanager
    def at_once(self) -> Iterator[None]:
        """Within the block everything is read from one snapshot, which the engine then need not look for with every statement."""
        self.connection.execute("BEGIN")
        try:
            yield
        except BaseException:
            self.connection.execute("ROLLBACK")
            self._known.clear()
            raise
        self.connection.execute("COMMIT")
