"""Rows that belong to a legal entity, hidden from whoever may not see that entity, whatever statement reads them."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, event, inspect, or_
from sqlalchemy.orm import ORMExecuteState, Session, with_loader_criteria

from app.core.entities import sight


class OfEntity:
    """A model with the section code of its legal entity in `provider`. Where that may be NULL, such rows are of no entity
    and everybody sees them."""

    provider: Any


def _models() -> list[type[OfEntity]]:
    found: list[type[OfEntity]] = []
    waiting = list(OfEntity.__subclasses__())
    while waiting:
        model = waiting.pop()
        waiting += model.__subclasses__()
        if inspect(model, raiseerr=False) is not None:
            found.append(model)
    return found


def _visible(model: type[OfEntity], seen: list[str]) -> ColumnElement[bool]:
    mine: ColumnElement[bool] = model.provider.in_(seen)
    nullable = inspect(model).columns["provider"].nullable
    return or_(model.provider.is_(None), mine) if nullable else mine


@event.listens_for(Session, "do_orm_execute")
def _narrow(state: ORMExecuteState) -> None:
    """Add to a statement over models that only rows in sight are meant. Rows read already are not hidden again."""
    seen = sight()
    if seen is None or not state.is_orm_statement or state.is_column_load or state.is_insert:
        return
    listed = sorted(seen)
    criteria = [with_loader_criteria(model, _visible(model, listed), include_aliases=True) for model in _models()]
    state.statement = state.statement.options(*criteria)
