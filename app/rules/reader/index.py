"""All rules in force, to be found by words: one index a process, made anew when another edition is in force.

A shared rule is one entry, whichever rulesets include it.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from app.core.text import Text
from app.rules.reader.shelf import all_shown
from app.rules.reader.shown import ShownRule, ShownRuleset
from app.standard import catalogue

LONGEST: Final = 200
"""Characters of a question that count."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A rule in force. `rulesets` are those that have it, `home` the one in which it is shown; `fragment` the shared rules that
    it comes from. `subject` is whose records it is about, '' for both.
    """

    rule: ShownRule
    home: str
    rulesets: tuple[str, ...]
    kind: str
    subject: str
    codes: tuple[str, ...]
    words: Text
    said: str
    items: str

    @property
    def id(self) -> str:
        return self.rule.id

    @property
    def fragment(self) -> str:
        return self.rule.fragment


@dataclass(frozen=True)
class Index:
    """The entries by id, the rulesets, and the editions by which it was made."""

    entries: tuple[Entry, ...]
    rulesets: Mapping[str, ShownRuleset]
    key: tuple[object, ...]

    def find(self, text: str = "", item: str = "") -> tuple[Entry, ...]:
        """Entries in which every word of `text` stands and which read or blame `item`. Where the text is the very id, number
        or code of a rule, that comes first.
        """
        words = text.casefold()[:LONGEST].split()
        wanted = item.casefold()[:LONGEST].strip()
        found = [
            each
            for each in self.entries
            if all(word in each.said for word in words) and (not wanted or wanted in each.items)
        ]
        asked = text.strip().casefold()
        return tuple(sorted(found, key=lambda each: _distance(each, asked))) if asked else tuple(found)


def _names(entry: Entry) -> Iterator[str]:
    yield entry.id
    if entry.rule.number:
        yield entry.rule.number
    yield from entry.codes


def _distance(entry: Entry, asked: str) -> int:
    """0 for its very name, 1 for the beginning of one, 2 where the title has it, 3 for all else."""
    names = [name.casefold() for name in _names(entry)]
    if asked in names:
        return 0
    if any(name.startswith(asked) for name in names):
        return 1
    title = entry.rule.title
    return 2 if asked in title.zh.casefold() or asked in title.en.casefold() else 3


def index() -> Index:
    """The index of the present business day, made at most once for each set of editions."""
    global _made
    rulesets = all_shown()
    key = (catalogue.current().digest, *(each.edition for each in rulesets))
    made = _made
    if made is None or made.key != key:
        with _making:
            made = _made
            if made is None or made.key != key:
                made = Index(tuple(_entries(rulesets)), {each.name: each for each in rulesets}, key)
                _made = made
    return made


_made: Index | None = None
_making: Final = threading.Lock()


def _entries(rulesets: Iterable[ShownRuleset]) -> Iterator[Entry]:
    holders: dict[tuple[str, str], list[tuple[ShownRuleset, ShownRule]]] = {}
    for ruleset in rulesets:
        for rule in ruleset.rules:
            holders.setdefault((rule.fragment or ruleset.name, rule.id), []).append((ruleset, rule))
    yield from sorted((_entry(each) for each in holders.values()), key=lambda each: (each.id, each.home))


def _entry(holders: list[tuple[ShownRuleset, ShownRule]]) -> Entry:
    home, rule = next((each for each in holders if each[1].extended), holders[0])
    rules = [each for _, each in holders]
    subjects = {ruleset.subject or "" for ruleset, _ in holders}
    codes = tuple(dict.fromkeys(code for each in rules for code in each.codes))
    items = {word for each in rules for word in _items(each)}
    said = [rule.id, rule.number, *codes, *(word for each in rules for word in _words(each)), *items]
    return Entry(
        rule=rule,
        home=home.name,
        rulesets=tuple(ruleset.name for ruleset, _ in holders),
        kind=home.kind,
        subject=next(iter(subjects)) if len(subjects) == 1 else "",
        codes=codes,
        words=first_words(rule),
        said="\n".join(dict.fromkeys(said)).casefold(),
        items="\n".join(sorted(items)).casefold(),
    )


def _items(rule: ShownRule) -> Iterator[str]:
    for item in rule.items:
        yield from (item.path, item.label.zh, item.label.en)
    for condition in rule.conditions:
        for blamed in condition.blamed:
            yield from (blamed.path, blamed.label.zh, blamed.label.en)


def _words(rule: ShownRule) -> Iterator[str]:
    texts = [rule.title, *([rule.note] if rule.note else [])]
    texts += [clause.words for condition in rule.conditions for clause in condition.clauses]
    for text in texts:
        yield from (text.zh, text.en)
    yield from (clause.text for condition in rule.conditions for clause in condition.clauses)


def first_words(rule: ShownRule) -> Text:
    """What a rule says first, as one sentence, and how much more there is."""
    first = rule.first
    if first is None:
        return Text("", "")
    zh = "，".join(f"{clause.label.zh}{clause.words.zh}" for clause in first.clauses)
    en = "; ".join(f"{clause.label.en}: {clause.words.en}" for clause in first.clauses)
    more = len(rule.conditions) - 1
    return Text(f"{zh}（另有{more}项）", f"{en} (and {more} more)") if more else Text(zh, en)
