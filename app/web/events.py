"""What people take away from the console."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Final

from app.core.events import Event
from app.core.text import Text


@dataclass(frozen=True, slots=True)
class ListExported(Event):
    """Somebody has downloaded a list. `address` is its page, `filters` names what it was narrowed by, never to what."""

    name: ClassVar[str] = "web.list_exported"
    list: str
    address: str = ""
    filters: tuple[str, ...] = ()

    @property
    def aggregate(self) -> str:
        return f"list:{self.list}"


ACTIONS: Final = {ListExported.name: Text("导出列表", "Exported a list")}
