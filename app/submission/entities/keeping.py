"""Which legal entities there are: proposed, approved by a second person, and read from there by all work.

An installation that was set up for one lender by its settings has this one, made when it is first needed.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Final

from sqlalchemy import func, select

from app.audit import Thing, record
from app.core import clock
from app.core.actor import SYSTEM, current_actor
from app.core.config import settings
from app.core.crypto.keyring import key_ring
from app.core.db import current_session, database, unit_of_work
from app.core.db.rows import inserting_if_new
from app.core.entities import EntityName, in_sight, seeing
from app.core.errors import Conflict, Invalid, NotFound, Refused
from app.core.text import Text
from app.submission.entities.entity import Entity, EntityFaults, stored
from app.submission.entities.models import EntityEdition

_BY_SETTINGS: Final = "CREDITLINK_PROVIDER_CODE"


def entity_of(provider: str) -> Entity:
    """The entity of a section code as it is in force; for one that nobody has described, all is as the settings say."""
    return next((each for each in _approved(provider)), Entity(provider=provider))


def all_entities() -> tuple[Entity, ...]:
    """Every entity in force by section code, whoever asks, that of the settings among them."""
    found = {each.provider: each for each in _approved()}
    if (own := settings().provider_code) and own not in found:
        found[own] = Entity(provider=own)
    return tuple(found[provider] for provider in sorted(found))


def _approved(provider: str | None = None) -> tuple[Entity, ...]:
    newest = select(EntityEdition.provider, func.max(EntityEdition.number).label("number")).where(
        EntityEdition.state == "approved"
    )
    if provider is not None:
        newest = newest.where(EntityEdition.provider == provider)
    latest = newest.group_by(EntityEdition.provider).subquery()
    query = select(EntityEdition.provider, EntityEdition.number, EntityEdition.content).join(
        latest, (latest.c.provider == EntityEdition.provider) & (latest.c.number == EntityEdition.number)
    )
    with seeing(None), unit_of_work(reading=True) as session:
        return tuple(stored(*row) for row in session.execute(query))


class Entities:
    """The directory of legal entities, for rooms below."""

    def entities(self) -> Sequence[EntityName]:
        return tuple(EntityName(each.provider, each.title) for each in all_entities())


def make_by_settings() -> None:
    """Make the entity that the settings describe, unless it is there already. Safe to repeat, and side by side."""
    provider = settings().provider_code
    if not provider or _approved(provider):
        return
    now = clock.now()
    values = {
        "provider": provider,
        "number": 1,
        "content": Entity(provider=provider).as_data(),
        "state": "approved",
        "reason": _BY_SETTINGS,
        "asked_by": SYSTEM.id,
        "asked_at": now,
        "decided_by": SYSTEM.id,
        "decided_at": now,
        "answer": "",
    }
    with unit_of_work() as session:
        session.execute(inserting_if_new(database().kind, EntityEdition).values(**values))


def meant_entity(provider: str | None) -> Entity:
    """The entity that somebody acts for: the one named, else that of the settings.

    Raises Invalid (`submission.provider`) where none is meant, and Refused (`submission.entity_not_granted`) where whoever acts
    may not see it.
    """
    provider = provider or settings().provider_code
    if not provider:
        raise Invalid(
            "submission.provider",
            Text("尚未设置数据提供机构区段码", "The provider's section code has not been set"),
        )
    make_by_settings()
    found = next(iter(_approved(provider)), None)
    if found is None:
        raise Invalid(
            "submission.provider",
            Text("没有区段码为 {code} 的法人机构", "There is no legal entity with the section code {code}").format(
                code=provider
            ),
        )
    _refuse_unseen(provider)
    return found


def _refuse_unseen(provider: str) -> None:
    if not in_sight(provider):
        raise Refused(
            "submission.entity_not_granted",
            Text("您的岗位不包括该法人机构", "your roles do not include this legal entity"),
        )


def reporting_entity(provider: str | None, day: date) -> Entity:
    """The entity whose batch of a day is to begin: the one named, else that of the settings.

    Raises as `meant_entity`, and Refused (`submission.entity_inactive`) on a day that it does not report.
    """
    found = meant_entity(provider)
    if not found.active_on(day):
        raise Refused(
            "submission.entity_inactive",
            Text("该法人机构在这一业务日不报送", "This legal entity does not report that business day"),
        )
    return found


def editions(provider: str) -> list[EntityEdition]:
    """Everything that has been proposed for an entity, the newest first. Raises NotFound (`submission.entity`)."""
    query = select(EntityEdition).filter_by(provider=provider).order_by(EntityEdition.number.desc())
    found = list(current_session().scalars(query))
    if not found:
        raise NotFound("submission.entity", Text("没有这个法人机构", "There is no such legal entity"))
    return found


def propose(entity: Entity, reason: str, credential: str = "") -> EntityEdition:
    """Propose that `entity` be so from now on; somebody else decides. `credential` is a private key to be sealed for it.

    Raises Conflict (`submission.entity_proposed`) while another proposal for it is undecided, EntityFaults, Invalid, and
    Refused (`submission.entity_not_granted`).
    """
    session = current_session()
    _refuse_unseen(entity.provider)
    make_by_settings()
    if not entity.sources_file and entity.provider != settings().provider_code:
        words = Text(
            "请填写来源清单：不能与其他机构共用", "its own list of sources: it cannot be that of another entity"
        )
        raise EntityFaults({"sources_file": words})
    before = session.scalar(select(func.max(EntityEdition.number)).filter_by(provider=entity.provider)) or 0
    if session.scalar(select(EntityEdition.id).filter_by(open_mark=entity.provider)) is not None:
        raise Conflict(
            "submission.entity_proposed",
            Text("该机构已有待批准的变更", "A change of this entity is waiting for approval already"),
        )
    _refuse_twin(entity)
    content = entity.as_data()
    if credential.strip():
        content["centre_credential"] = f"sftp-{entity.provider.lower()}-{before + 1}"
        key_ring().keep_secret(content["centre_credential"], credential.strip().encode() + b"\n")
    edition = EntityEdition(
        provider=entity.provider,
        number=before + 1,
        content=content,
        state="proposed",
        open_mark=entity.provider,
        reason=reason.strip()[:500],
        asked_by=current_actor().id,
        asked_at=clock.now(),
    )
    session.add(edition)
    session.flush()
    record("submission.entity.propose", Thing("entity", entity.provider), detail={"edition": edition.number})
    return edition


def _refuse_twin(entity: Entity) -> None:
    """Names of keys are told apart without regard to capitals, so section codes have to be too."""
    for other in all_entities():
        if other.provider != entity.provider and other.provider.lower() == entity.provider.lower():
            raise Invalid(
                "submission.entity_twin",
                Text("已有仅大小写不同的区段码", "There is a section code that differs in capitals only"),
            )
        if other.provider != entity.provider and other.own_key == entity.own_key:
            raise Invalid(
                "submission.entity_key",
                Text(
                    f"密钥 {entity.own_key} 属于机构 {other.provider}",
                    f"the key {entity.own_key} belongs to the entity {other.provider}",
                ),
            )


def decide(provider: str, number: int, *, approve: bool, answer: str = "") -> EntityEdition:
    """A second person's decision on a proposal. Raises NotFound, Conflict (`submission.entity_decided`), and Refused
    (`submission.four_eyes`) for whoever has proposed it."""
    found = next((each for each in editions(provider) if each.number == number), None)
    if found is None:
        raise NotFound("submission.entity", Text("没有这个版本", "There is no such edition"))
    if found.state != "proposed":
        raise Conflict("submission.entity_decided", Text("该变更已有决定", "This change has been decided already"))
    if current_actor().id == found.asked_by:
        raise Refused(
            "submission.four_eyes", Text("提出变更的人不能批准它", "Whoever proposed a change may not approve it")
        )
    _close(found, "approved" if approve else "refused", answer)
    return found


def withdraw(provider: str) -> EntityEdition:
    """Take one's own undecided proposal back. Raises NotFound, Refused (`submission.entity_others`)."""
    found = next((each for each in editions(provider) if each.state == "proposed"), None)
    if found is None:
        raise NotFound("submission.entity", Text("没有待批准的变更", "No change is waiting for approval"))
    if current_actor().id != found.asked_by:
        raise Refused("submission.entity_others", Text("只能撤回自己提出的变更", "Only one's own can be withdrawn"))
    _close(found, "withdrawn", "")
    return found


def _close(found: EntityEdition, state: str, answer: str) -> None:
    found.state, found.open_mark, found.answer = state, None, answer.strip()[:500]
    found.decided_by, found.decided_at = current_actor().id, clock.now()
    current_session().flush()
    record(f"submission.entity.{state}", Thing("entity", found.provider), detail={"edition": found.number})
