"""The legal entity that a visitor has chosen to look at: what they may see is narrowed to it until they choose another."""

from __future__ import annotations

from typing import Final

from flask import request

from app.core.entities import EntityName, Sight, all_entities, in_sight, sight
from app.web.access import sight_for
from app.web.listing import ENTITY

ENTITY_COOKIE: Final = "creditlink_entity"


def asked_entity() -> str:
    """The entity that the address or else the cookie names; empty for none."""
    return request.args.get(ENTITY) or request.cookies.get(ENTITY_COOKIE, "")


def narrowed(seen: Sight) -> Sight:
    """What is left of `seen` after the visitor's choice. A choice outside of it is none."""
    chosen = asked_entity()
    if not chosen or (seen is not None and chosen not in seen):
        return seen
    if seen is None and chosen not in {each.provider for each in all_entities()}:
        return seen
    return frozenset({chosen})


def entity_choices() -> tuple[EntityName, ...]:
    """The entities that the visitor may choose among here; empty where there is only one."""
    here = request.endpoint
    mine = sight_for(here) if here else frozenset()
    found = tuple(each for each in all_entities() if mine is None or each.provider in mine)
    return found if len(found) > 1 else ()


def chosen_entity() -> EntityName | None:
    """The entity alone looked at now, where it is one."""
    seen = sight()
    if seen is None or len(seen) != 1:
        return None
    return next((each for each in all_entities() if in_sight(each.provider)), None)
