"""Cases begun by hand: the processes that somebody may begin, what is asked for it, and the beginning itself.

A process says under `start` of its description that it may be begun so, by which role, and with which form. All others are
begun by the rooms that they belong to.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Final

from sqlalchemy.exc import IntegrityError

from app.core import clock
from app.core.db import unit_of_work
from app.core.errors import Invalid, Refused
from app.core.events import Event, publish
from app.core.masking import mask
from app.core.registry import Registry
from app.core.text import Text
from app.standard.identifiers import valid_person_id
from app.workflow import host
from app.workflow.content import Content
from app.workflow.definitions import definitions
from app.workflow.forms import Background, Form, FormErrors, start_form, validate
from app.workflow.inbox.doers import Doer
from app.workflow.permissions import START
from app.workflow.versions import live, live_descriptions

LONGEST: Final = 60
"""Characters of a business number, and of a subject."""
_SIGNS: Final = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
_PERSON: Final = re.compile(r"[0-9]{17}[0-9Xx]")
_PHONE: Final = re.compile(r"1[3-9][0-9]{9}")


@dataclass(frozen=True, slots=True)
class InstanceBegun(Event):
    """Somebody has begun a case by hand."""

    name: ClassVar[str] = "workflow.instance_begun"
    instance: str
    process: str
    business_key: str

    @property
    def aggregate(self) -> str:
        return f"process_instance:{self.instance}"


@dataclass(frozen=True, slots=True)
class Door:
    """A process that somebody may begin."""

    process: str
    title: Text


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody types to begin a case: its number, who it is about, and the answers to the start form."""

    key: str
    subject: str
    answers: Mapping[str, Any]


class WishErrors(Invalid):
    """A case cannot be begun so (`workflow.start`): `errors` by field, those of the start form under their own keys."""

    def __init__(self, errors: Mapping[str, Text], told: Mapping[str, Text]) -> None:
        zh, en = "；".join(each.zh for each in told.values()), "; ".join(each.en for each in told.values())
        super().__init__("workflow.start", Text(zh, en))
        self.errors = errors


def doors(me: Doer) -> list[Door]:
    """Every process that `me` may begin, by title."""
    if START not in me.permissions:
        return []
    described: dict[str, Mapping[str, Any]] = {name: each.content.description for name, each in definitions().items()}
    described |= live_descriptions()
    found = [Door(name, Text.of(said["title"])) for name, said in described.items() if hindrance(me, said) is None]
    return sorted(found, key=lambda each: each.title.zh)


def hindrance(me: Doer, description: Mapping[str, Any]) -> Refused | None:
    """Why `me` may not begin a process of this description; None where they may."""
    start = description.get("start")
    if not isinstance(start, Mapping):
        return Refused(
            "workflow.not_by_hand",
            Text("该流程不由人员发起", "This process is not begun by hand"),
        )
    role = start.get("role")
    if START not in me.permissions or (role and role not in me.roles):
        return Refused("workflow.start_role", Text("您的岗位不发起该流程", "This process is not begun by your roles"))
    return None


def suggested(process: str) -> str:
    """A business number that nobody has used: `intake-20261123-7KQ2MX`."""
    mark = "".join(secrets.choice(_SIGNS) for _ in range(6))
    return f"{process.rpartition('.')[2][: LONGEST - 16]}-{clock.today():%Y%m%d}-{mark}"


def asked(content: Content) -> Form | None:
    """What is asked to begin the process. Raises NotFound and Invalid (`workflow.form`)."""
    return start_form(content.description, content.forms)


def begin(me: Doer, process: str, wish: Wish, registry: Registry) -> tuple[str, bool]:
    """Begin a case on the live version; its instance, and whether it is new: a number that was used leads to its case.

    Raises NotFound (`workflow.process`), Refused (`workflow.not_by_hand`, `workflow.start_role`) and WishErrors.
    """
    content = live(process).content
    if problem := hindrance(me, content.description):
        raise problem
    data = _accepted(asked(content), wish, registry)
    if found := host.begun(process, wish.key):
        return found, False
    try:
        with unit_of_work():
            instance = host.start(process, wish.key, data, subject=mask("name", wish.subject))
    except IntegrityError:
        # Somebody has begun the same case at this very moment.
        found = host.begun(process, wish.key)
        if found is None:
            raise
        return found, False
    publish(InstanceBegun(instance, process, wish.key))
    return instance, True


def _accepted(form: Form | None, wish: Wish, registry: Registry) -> dict[str, Any]:
    """The answers as they are kept. Raises WishErrors with everything that is wrong."""
    told = {
        name: fault
        for name, fault in (("_key", _key_fault(wish.key)), ("_subject", _length_fault(wish.subject)))
        if fault
    }
    errors, answers = dict(told), {}
    try:
        answers = validate(form, wish.answers, background=Background(registry=registry)) if form else {}
    except FormErrors as wrong:
        errors |= wrong.errors
        told["form"] = wrong.message
    if told:
        raise WishErrors(errors, told)
    return answers


def _key_fault(key: str) -> Text | None:
    if not key:
        return Text("请填写业务编号", "Give a business number")
    if any(valid_person_id(each) for each in _PERSON.findall(key)) or _PHONE.fullmatch(key):
        return Text(
            "业务编号不能是证件号码或手机号：它在列表中明文显示",
            "A business number may not be an identity or telephone number: lists show it in the clear",
        )
    return _length_fault(key)


def _length_fault(text: str) -> Text | None:
    if len(text) > LONGEST:
        return Text(f"至多 {LONGEST} 字", f"At most {LONGEST} characters")
    return None if text.isprintable() else Text("含有无法显示的字符", "It has characters that cannot be shown")
