"""Loads a ruleset from its folder: all is checked, and all that is wrong is told at once with file, rule and line."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from pathlib import Path

import yaml

from app.core.errors import NotFound
from app.core.text import Text
from app.language import Vocabulary
from app.rules.including import Fragments
from app.rules.model import Fault, Rule, Ruleset, RulesetInvalid
from app.rules.reading import Content, read_content
from app.rules.rule_reading import About, RuleReading
from app.rules.vocabulary import FILE, file_vocabulary, record_vocabulary
from app.standard import catalogue
from app.standard.catalogue import SUBJECTS, Subject

RULESET = "ruleset.yaml"
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


def read_facts(folder: Path) -> tuple[str, Subject | None]:
    """What the ruleset in a folder is about, as it says there: `record.210` and whose records, or ('', None).

    Quick, since only what stands before the rules is looked at; nothing is checked.
    """
    try:
        head = yaml.load((folder / RULESET).read_text("utf-8").partition("\nrules:")[0], Loader=yaml.CSafeLoader)
    except (OSError, UnicodeDecodeError, yaml.YAMLError):
        return "", None
    facts = head.get("facts") if isinstance(head, dict) else None
    if not isinstance(facts, dict):
        return "", None
    subject = facts.get("subject")
    return str(facts.get("record") or facts.get("file") or ""), subject if subject in SUBJECTS else None


def load_ruleset(folder: Path) -> Ruleset:
    """Load one ruleset with the shared rules it includes. Raises RulesetInvalid with every fault found."""
    path = folder / RULESET
    content = read_content(path, f"{folder.name}/{RULESET}")
    loading = _Loading(content, path)
    ruleset = loading.ruleset() if not content.faults else None
    # The ruleset's own faults come first, those of each file in the order of its lines.
    faults = [fault for each in loading.contents() for fault in sorted(each.faults, key=lambda fault: fault.line)]
    if faults or ruleset is None:
        raise RulesetInvalid(tuple(faults))
    return ruleset


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
    def __init__(self, content: Content, path: Path) -> None:
        self.content = content
        self.path = path
        self.fragments = Fragments(path.parent.parent.parent)

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
        self.content.known_keys(data, _TOP)
        for key in ("ruleset", "kind", "title", "effective", "facts", "rules"):
            if key not in data:
                self.wrong(f"缺少“{key}”", f"“{key}” is missing")
        if data.get("kind", CHECK) != CHECK:
            self.wrong("kind须是check、policy或watch", "kind must be check, policy or watch", "kind")
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
            path=self.path,
            subject=about.record.subject if about and about.record else None,
        )

    def edition(self) -> str:
        """The hash of the ruleset with all that it includes."""
        included = {name: content.data for name, content in self.fragments.contents.items()}
        return content_hash({"ruleset": self.content.data, "included": included} if included else self.content.data)

    def about(self, facts: object) -> tuple[About | None, str]:
        named = facts if isinstance(facts, dict) else {}
        if named == {"file": FILE}:
            return About(file_vocabulary(), None), FILE
        name, subject = named.get("record"), named.get("subject")
        if named.keys() <= {"record", "subject"} and isinstance(name, str) and name.startswith("record."):
            if subject is not None and subject not in SUBJECTS:
                self.wrong("subject须是person或organisation", "subject must be person or organisation", "facts")
                return None, ""
            code = name.removeprefix("record.")
            try:
                return About(record_vocabulary(code, subject), catalogue.current().record(code, subject)), name
            except NotFound as error:
                self.content.wrong(error.message, "facts")
                return None, ""
        self.wrong(
            "facts须是{record: record.<类型>}（可加subject）或{file: file.report}",
            "facts must be {record: record.<type>}, with a subject if needed, or {file: file.report}",
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
