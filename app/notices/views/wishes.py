"""How one's own notices come: addresses, quiet hours, and what one does without."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app.core.actor import current_actor
from app.core.people import directory
from app.core.registry import Registry
from app.core.text import Text
from app.notices.channels import CHANNELS, TITLES, usable
from app.notices.contacts import ContactFaults, Wishes, contact_of, keep_wishes
from app.notices.house_rules import NAMED, house_rules
from app.notices.models import Contact
from app.notices.permissions import OWN
from app.notices.views.words import kind_titles
from app.web.access import permission
from app.web.toasts import toast

QUIET = {
    "house": Text("按本机构规定", "As the house has it"),
    "own": Text("自定时段", "Hours of my own"),
    "none": Text("不设免打扰", "None"),
}


@dataclass(frozen=True, slots=True)
class Choice:
    """One kind that comes to somebody, with the channels of its rules: may they do without, and do they."""

    kind: str
    title: Text
    channels: Mapping[str, tuple[bool, bool]]
    """by channel: whether it must come, whether it is wanted"""


def choices(person: str, titles: Mapping[str, Text], contact: Contact | None) -> list[Choice]:
    """What comes to somebody by the rules of the house."""
    known = directory().person(person)
    roles = known.roles if known else frozenset()
    unwanted = set(contact.unwanted) if contact else set()
    found = []
    for kind, rules in house_rules().kinds.items():
        channels: dict[str, tuple[bool, bool]] = {}
        for rule in rules.rules.values():
            if not roles & {*rule.to, *rule.escalate_to} and NAMED not in rule.to:
                continue
            for channel in rule.channels:
                needed = channels.get(channel, (True, True))[0] and rule.must
                channels[channel] = (needed, f"{kind}|{channel}" not in unwanted)
        if channels:
            found.append(Choice(kind, titles[kind], channels))
    return found


def _quiet_of(contact: Contact | None) -> str:
    if contact is None or contact.quiet_from is None:
        return "house"
    return "none" if contact.quiet_from == contact.quiet_until else "own"


def add_to(blueprint: Blueprint, registry: Registry) -> None:
    titles = kind_titles(registry)

    def form(faults: Mapping[str, Text]) -> str:
        person = current_actor().id
        contact = contact_of(person)
        quiet = request.form.get("quiet", _quiet_of(contact))
        return render_template(
            "notices/wishes.html",
            contact=contact,
            person=person,
            faults=faults,
            choices=choices(person, titles, contact),
            channels=list(CHANNELS),
            channel_titles=TITLES,
            outside=usable(),
            quiets=QUIET,
            quiet=quiet if quiet in QUIET else "house",
            house=house_rules().quiet,
        )

    @permission(OWN)
    def own_wishes() -> ResponseReturnValue:
        """The form."""
        return form({})

    @permission(OWN)
    def keep() -> ResponseReturnValue:
        """Keep it, or say everything that is wrong with it (422)."""
        person, given = current_actor().id, request.form
        offered = choices(person, titles, contact_of(person))
        unwanted = {
            f"{each.kind}|{channel}"
            for each in offered
            for channel, (must, _) in each.channels.items()
            if not must and f"{each.kind}|{channel}" not in given.getlist("wanted")
        }
        quiet = given.get("quiet", "house")
        try:
            keep_wishes(
                person,
                Wishes(
                    _address("mail"),
                    _address("mobile"),
                    quiet if quiet in QUIET else "house",
                    given.get("quiet_from", ""),
                    given.get("quiet_until", ""),
                    frozenset(unwanted),
                ),
            )
        except ContactFaults as problem:
            return form(problem.faults), problem.status
        toast(Text("接收设置已保存", "Your delivery settings are kept"))
        return redirect(url_for("notices.own_wishes"))

    blueprint.add_url_rule("/settings", "own_wishes", own_wishes, methods=["GET"])
    blueprint.add_url_rule("/settings", "own_wishes_keep", keep, methods=["POST"])


def _address(name: str) -> str | None:
    """What was given for an address: None leaves it as it is."""
    if request.form.get(f"{name}_forget"):
        return ""
    return request.form.get(name, "").strip() or None
