"""Every ruleset there is, of whatever kind: which edition of it is in force, and any other of its editions or its draft."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any, Final

from app.core import clock
from app.core.db import current_session
from app.core.errors import NotFound
from app.core.text import Text
from app.rules.inference.content import load_inferring
from app.rules.inference.policy import Policy
from app.rules.inference.watch import Watch
from app.rules.loading import POLICY, WATCH, find_rulesets, load_ruleset
from app.rules.model import Ruleset
from app.rules.reader.conditions import shown_rules
from app.rules.reader.inferring import policy_rules, watch_rules
from app.rules.reader.shown import ShownRuleset
from app.rules.reading import read_content
from app.rules.registry import drafts, edition, in_force
from app.rules.registry.editions import editions_of, find_edition
from app.rules.registry.force import InForce
from app.rules.registry.models import RulesetDraft
from app.rules.registry.shipped import ROOT
from app.rules.source import RULESET, Folder, as_source
from app.standard import catalogue

DRAFT: Final = "draft"
LIVE: Final = "live"
"""How the edition in force is asked for."""


@dataclass(frozen=True, slots=True)
class Reference:
    """Which content of a ruleset is meant: `live`, `draft`, or the number or beginning of the hash of an edition."""

    wanted: str = LIVE

    @property
    def draft(self) -> bool:
        return self.wanted == DRAFT

    @property
    def live(self) -> bool:
        return self.wanted == LIVE


@lru_cache
def inferring() -> Mapping[str, Policy | Watch]:
    """The policies and watches by name: those that ship, since they have no editions of the console yet."""
    found = [*map(load_inferring, find_rulesets(ROOT, POLICY)), *map(load_inferring, find_rulesets(ROOT, WATCH))]
    return {each.name: each for each in found}


def force_today() -> InForce:
    """What judges the present business day."""
    return in_force(clock.today())


def find_shown(name: str, reference: Reference = Reference(), day: date | None = None) -> ShownRuleset:
    """Content of a ruleset, ready to be shown.

    Raises NotFound (`rules.ruleset`, `rules.edition`, `rules.draft`), and RulesetInvalid for a draft that is wrong.
    """
    if name in inferring():
        if not reference.live:
            raise NotFound("rules.edition", Text("没有这个规则版本", "There is no such edition of a ruleset"))
        return shown(inferring()[name])
    if reference.draft:
        return _made(load_ruleset(drafts.content(drafts.find(name))))
    if reference.live:
        return shown(in_force(day or clock.today()).ruleset(name))
    return shown(edition(find_edition(name, reference.wanted).edition))


def all_shown() -> tuple[ShownRuleset, ...]:
    """All rulesets in force on the present business day, by name; policies and watches too."""
    force = force_today()
    judged: list[Ruleset | Policy | Watch] = [*(place.ruleset() for place in force), *inferring().values()]
    return tuple(sorted((shown(each) for each in judged), key=lambda each: each.name))


def present(name: str) -> Reference | None:
    """What stands for a ruleset where nothing else is asked for: the edition in force, of a retired one its newest, of a new
    one its draft; None where there is nothing of that name.
    """
    if name in force_today().places or name in inferring():
        return Reference()
    if editions := editions_of(name):
        return Reference(str(editions[0].number))
    return Reference(DRAFT) if current_session().get(RulesetDraft, name) else None


def shown(judged: Ruleset | Policy | Watch) -> ShownRuleset:
    """A loaded ruleset in the form in which it is shown; made once for each that is kept."""
    return _shown(_Kept(judged))


class _Kept:
    """A loaded ruleset for the cache: the same object is asked for again and again."""

    def __init__(self, judged: Ruleset | Policy | Watch) -> None:
        self.judged = judged

    def __hash__(self) -> int:
        return id(self.judged)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Kept) and self.judged is other.judged


@lru_cache(maxsize=256)
def _shown(kept: _Kept) -> ShownRuleset:
    return _made(kept.judged)


def _made(judged: Ruleset | Policy | Watch) -> ShownRuleset:
    common: dict[str, Any] = {
        "name": judged.name,
        "kind": judged.kind,
        "title": judged.title,
        "basis": judged.basis,
        "effective_from": judged.effective_from,
        "edition": judged.edition,
        "judged": judged,
    }
    match judged:
        case Ruleset():
            return ShownRuleset(
                **common,
                notes=_notes(judged),
                facts=judged.facts,
                about=about_words(judged.facts, judged.subject),
                subject=judged.subject or _whose(judged),
                rules=shown_rules(judged),
            )
        case Policy(about=about, shapes=shapes):
            title = shapes[about].title
            rules = policy_rules(judged)
            return ShownRuleset(**common, notes=_notes(judged), facts=about, about=title, subject=None, rules=rules)
        case Watch(shapes=shapes):
            titles = [shape.title for shape in shapes.values()]
            about_ = Text("、".join(each.zh for each in titles), ", ".join(each.en for each in titles))
            facts, rules = ", ".join(shapes), watch_rules(judged)
            return ShownRuleset(**common, notes=_notes(judged), facts=facts, about=about_, subject=None, rules=rules)


def about_words(facts: str, subject: str | None) -> Text:
    """What a ruleset judges, in words: the title of the record type, or the report file."""
    kind, _, code = facts.partition(".")
    if kind == "record":
        try:
            title = catalogue.current().record(code, subject).title  # type: ignore[arg-type] # None or one of both
        except NotFound:
            return Text(facts, facts)
        return Text(f"{title.zh}（{code}）", f"{title.en} ({code})")
    named = {"file.report": Text("报送文件", "report files"), "day.report": Text("报送日", "reporting days")}
    return named.get(facts, Text(facts, facts))


def _whose(ruleset: Ruleset) -> Any:
    code = ruleset.record_type
    return catalogue.current().record(code).subject if code else None


def _notes(judged: Ruleset | Policy | Watch) -> tuple[Text, ...]:
    source = judged.source if isinstance(judged, Ruleset) else as_source(Folder(judged.path.parent))
    data = read_content(lambda: source.read(RULESET), RULESET).data
    notes = data.get("notes") if isinstance(data, dict) else None
    pairs = [each for each in notes if isinstance(each, dict)] if isinstance(notes, list) else []
    return tuple(Text(str(each.get("zh") or ""), str(each.get("en") or "")) for each in pairs)
