"""Loads a ruleset from its texts, wherever they are: all is checked, and all that is wrong is told at once with file, rule and line."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from app.core.errors import NotFound
from app.core.text import Text
from app.language import Vocabulary
from app.rules.including import Fragments
from app.rules.model import Fault, Rule, Ruleset, RulesetInvalid
from app.rules.reading import Content, read_content
from app.rules.rule_reading import About, RuleReading
from app.rules.source import RULES, RULESET, Folder, Source, Texts, as_source
from app.rules.tables import reading as tables
from app.rules.tables.checks import rules_of
from app.rules.vocabulary import DAY, FILE, day_vocabulary, file_vocabulary, record_vocabulary
from app.standard import catalogue
from app.standard.catalogue import SUBJECTS, Subject

CHECK, POLICY, WATCH = "check", "policy", "watch"
KINDS = (CHECK, POLICY, WATCH)
_KIND = re.compile(r"^kind:\s*['\"]?([a-z]+)", re.MULTILINE)
_TOP = frozenset({"ruleset", "kind", "title", "basis", "effective", "facts", "include", "rules", "notes"})


def find_rulesets(root: Path, kind: str = CHECK) -> list[Path]:
    """The folders below `root` that hold a ruleset of the kind, sorted. What has no kind that is known counts as a check."""
    return sorted(path.parent for path in root.rglob(RULESET) if kind_of(path.parent) == kind)


def find_inferring(root: Path) -> list[Path]:
    """The folders below `root` that hold policies and watches, sorted."""
    return sorted([*find_rulesets(root, POLICY), *find_rulesets(root, WATCH)])


def kind_of(folder: Path) -> str:
    """The kind of the ruleset in a folder as it says there: check, policy or watch. Quick, nothing is checked."""
    try:
        said = _KIND.search((folder / RULESET).read_text("utf-8"))
    except (OSError, UnicodeDecodeError):
        return CHECK
    return said[1] if said and said[1] in KINDS else CHECK


@dataclass(frozen=True, slots=True)
class Head:
    """What a ruleset says of itself before its rules; empty or None where it does not."""

    name: str = ""
    facts: str = ""
    subject: Subject | None = None
    effective_from: date | None = None
    title: Text = field(default_factory=lambda: Text("", ""))


def read_head(given: Source | Path) -> Head:
    """Its name and title, what it is about (`record.210`, `file.report`) and whose records, and from when.

    Quick, since only what stands before the rules is looked at; nothing is checked. A table that only decides judges
    nothing, so it is about nothing here.
    """
    try:
        text = as_source(given).read(RULESET).decode("utf-8")
        head = yaml.load(text.partition("\nrules:")[0], Loader=yaml.CSafeLoader)
    except (OSError, ValueError, RecursionError, yaml.YAMLError):
        return Head()
    if not isinstance(head, dict):
        return Head()
    facts, effective = (head[key] if isinstance(head.get(key), dict) else {} for key in ("facts", "effective"))
    about = "" if tables.only_decides(head) else _said(facts.get("record") or facts.get("file") or facts.get("day"))
    subject = facts.get("subject")
    try:
        day = date.fromisoformat(_said(effective.get("from")))
    except ValueError:
        day = None
    said = head["title"] if isinstance(head.get("title"), dict) else {}
    title = Text(_said(said.get("zh")).strip(), _said(said.get("en")).strip())
    return Head(_said(head.get("ruleset")), about, subject if subject in SUBJECTS else None, day, title)


def _said(value: object) -> str:
    """A single value as text. Of what holds others nothing is said: aliases can make a few lines stand for gigabytes."""
    return str(value) if isinstance(value, str | int | float | date) else ""


def read_facts(given: Source | Path) -> tuple[str, Subject | None]:
    """What a ruleset is about, as it says itself: `record.210` and whose records, or ('', None); see `read_head`."""
    head = read_head(given)
    return head.facts, head.subject


def load_ruleset(given: Source | Path) -> Ruleset:
    """Load one ruleset with the shared rules it includes, from its folder or its texts. Raises RulesetInvalid with every
    fault found."""
    source = as_source(given)
    return load_content(_read(source), source)


def load_content(content: Content, source: Source) -> Ruleset:
    """Load the ruleset that some content holds, as if it stood in the source. Raises RulesetInvalid with every fault found."""
    ruleset, faults = _read_ruleset(content, source)
    if faults or ruleset is None:
        raise RulesetInvalid(faults)
    return ruleset


def read_unfinished(given: Source | Path) -> tuple[Ruleset | None, tuple[Fault, ...]]:
    """A ruleset as far as it can be read, and every fault found: to be shown while it is being written, never to judge by."""
    source = as_source(given)
    return _read_ruleset(_read(source), source)


def _read_ruleset(content: Content, source: Source) -> tuple[Ruleset | None, tuple[Fault, ...]]:
    loading = _Loading(content, source)
    ruleset = loading.ruleset() if content.data is not None or not content.faults else None
    # The ruleset's own faults come first, those of each file in the order of its lines.
    faults = [fault for each in loading.contents() for fault in sorted(each.faults, key=lambda fault: fault.line)]
    return ruleset, tuple(faults)


def read_about(given: Source | Path) -> About | None:
    """What the rules of a ruleset are about, by its `facts`; None where that cannot be told."""
    source = as_source(given)
    loading = _Loading(_read(source), source)
    data = loading.content.data
    return loading.about(data.get("facts"))[0] if isinstance(data, dict) else None


def edition_of(given: Source | Path) -> str:
    """The hash by which the edition is known, also of one that could not be loaded; much quicker than loading it."""
    source = as_source(given)
    loading = _Loading(_read(source), source)
    loading.fragments.gather(loading.content)
    return loading.edition()


def texts_of(folder: Path) -> Texts:
    """The texts of a ruleset on disk with the shared rules it includes, as they are written, right or wrong.

    Raises OSError, and UnicodeDecodeError where a text is not UTF-8.
    """
    source, place = Folder(folder), f"{folder.parent.name}/{folder.name}"
    files = {f"{place}/{file}": source.read(file).decode("utf-8") for file in (RULESET, *source.cases())}
    fragments = Fragments(source)
    fragments.gather(_read(source))
    for name in fragments.contents:
        files[f"{name.replace('.', '/')}/{RULES}"] = (source.fragment(name) or b"").decode("utf-8")
    return Texts(place, files)


def _read(source: Source) -> Content:
    return read_content(lambda: source.read(RULESET), f"{source.name}/{RULESET}")


def content_hash(data: object) -> str:
    """The hash by which an edition is known: of the content, whatever its layout and comments."""
    canonical = json.dumps(data, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(canonical.encode()).hexdigest()


def read_basis(content: Content, basis: object) -> Iterator[Text]:
    """The clauses a ruleset rests on: `{zh, en}` pairs, or texts that are the same in both."""
    for index, entry in enumerate(basis if isinstance(basis, list) else [] if basis is None else [basis]):
        if isinstance(entry, dict):
            yield content.text_pair(entry, "basis", index)
        else:
            yield Text(str(entry), str(entry))


class _Loading:
    def __init__(self, content: Content, source: Source) -> None:
        self.content = content
        self.source = source
        self.fragments = Fragments(source)

    def contents(self) -> Iterator[Content]:
        """All files read, the ruleset's own first."""
        yield self.content
        yield from self.fragments.contents.values()

    def wrong(self, zh: str, en: str, *key: str | int) -> None:
        self.content.wrong(Text(zh, en), *key)

    def ruleset(self) -> Ruleset | None:
        data = self.content.data
        if not isinstance(data, dict):
            self.wrong("规则集须是键值结构", "a ruleset must be a mapping")
            return None
        if data.get("kind") == tables.KIND:
            return self.table_ruleset(data)
        self.content.known_keys(data, _TOP)
        for key in ("ruleset", "kind", "title", "effective", "facts", "rules"):
            if key not in data:
                self.wrong(f"缺少“{key}”", f"“{key}” is missing")
        if data.get("kind", CHECK) != CHECK:
            self.wrong("kind须是check、table、policy或watch", "kind must be check, table, policy or watch", "kind")
        self.fragments.gather(self.content)
        about, facts = self.about(data.get("facts"))
        effective = data.get("effective")
        return Ruleset(
            name=str(data.get("ruleset", "")),
            kind=CHECK,
            title=self.content.text_pair(data.get("title"), "title"),
            basis=tuple(read_basis(self.content, data.get("basis"))),
            effective_from=str(effective.get("from", "")) if isinstance(effective, dict) else "",
            facts=facts,
            rules=self.rules(about) if about else (),
            edition=self.edition(),
            vocabulary=about.vocabulary if about else Vocabulary({}),
            source=self.source,
            subject=about.subject if about else None,
        )

    def table_ruleset(self, data: dict[str, Any]) -> Ruleset | None:
        """A ruleset written as a decision table."""
        self.content.known_keys(data, tables.KEYS)
        for key in ("ruleset", "title", "effective", "facts", *tables.PARTS):
            if key not in data:
                self.wrong(f"缺少“{key}”", f"“{key}” is missing")
        about, facts = self.about(data.get("facts"))
        effective = data.get("effective")
        table = tables.read_table(self.content, about) if about else None
        title, basis = (
            self.content.text_pair(data.get("title"), "title"),
            tuple(read_basis(self.content, data.get("basis"))),
        )
        if table is None or about is None:
            return None
        return Ruleset(
            name=str(data.get("ruleset", "")),
            kind=tables.KIND,
            title=title,
            basis=basis,
            effective_from=str(effective.get("from", "")) if isinstance(effective, dict) else "",
            facts=facts,
            rules=rules_of(table, about.record, self.content.file),
            edition=self.edition(),
            vocabulary=about.vocabulary,
            source=self.source,
            subject=about.subject,
            table=table,
        )

    def edition(self) -> str:
        """The hash of the ruleset with all that it includes."""
        included = {name: content.data for name, content in self.fragments.contents.items()}
        return content_hash({"ruleset": self.content.data, "included": included} if included else self.content.data)

    def about(self, facts: object) -> tuple[About | None, str]:
        named = facts if isinstance(facts, dict) else {}
        name, subject = named.get("record"), named.get("subject")
        if subject is not None and subject not in SUBJECTS:
            self.wrong("subject须是person或organisation", "subject must be person or organisation", "facts")
            return None, ""
        if named.get("file") == FILE and named.keys() <= {"file", "subject"}:
            return About(file_vocabulary(), None, subject), FILE
        if named == {"day": DAY}:
            return About(day_vocabulary(), None, None), DAY
        if named.keys() <= {"record", "subject"} and isinstance(name, str) and name.startswith("record."):
            code = name.removeprefix("record.")
            try:
                record = catalogue.current().record(code, subject)
                return About(record_vocabulary(code, subject), record, record.subject), name
            except NotFound as error:
                self.content.wrong(error.message, "facts")
                return None, ""
        self.wrong(
            "facts须是{record: record.<类型>}、{file: file.report}（可加subject）或{day: day.report}",
            "facts must be {record: record.<type>}, {file: file.report}, with a subject if needed, or {day: day.report}",
            "facts",
        )
        return None, ""

    def rules(self, about: About) -> tuple[Rule, ...]:
        reading = RuleReading(about, tuple(catalogue.current().records.values()))
        for name, fragment in self.fragments.contents.items():
            if isinstance(fragment.data, dict):
                reading.read(fragment, name)
        reading.settle()
        reading.read(self.content)
        rules = tuple(reading.rules.values())
        self.check_needs(rules)
        return rules

    def check_needs(self, rules: tuple[Rule, ...]) -> None:
        """Every need is a rule, and none needs itself, however many stand between."""
        known = {rule.id: rule for rule in rules}
        files = {content.file: content for content in self.contents()}
        for rule in rules:
            for need in rule.needs:
                if need not in known:
                    message = Text(f"needs中没有规则“{need}”", f"needs names no rule “{need}”")
                    files[rule.file].faults.append(Fault(rule.file, rule.line, rule.id, message))
        settled: set[str] = set()
        waiting = {rule.id: {need for need in rule.needs if need in known} for rule in rules}
        while free := {rule_id for rule_id, needs in waiting.items() if needs <= settled}:
            settled |= free
            waiting = {rule_id: needs for rule_id, needs in waiting.items() if rule_id not in free}
        if waiting:
            circle = ", ".join(sorted(waiting))
            self.wrong(f"needs成环：{circle}", f"needs go in a circle: {circle}", "rules")
