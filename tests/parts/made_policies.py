"""Policies and facts made up at random: every kind of condition, names that lift each other, facts with holes."""

from __future__ import annotations

from random import Random
from typing import Any

import yaml

TITLE = {"zh": "项", "en": "item"}
OPERATORS = ("==", "!=", "<", "<=", ">", ">=")
TEXTS = ("A", "B", "中文\"'\\", "1", " A ", "", "  ")
NUMBERS = (0, 1, 2, -3, 10**15 - 1, -(10**15) + 1)
DATES = ("2026-01-01", "2026-02-28", "")
SCALE = ("1", "2", "3")


def _named(**kinds: str) -> dict[str, Any]:
    return {
        name: ({"scale": "s"} if kind == "scale" else {"type": kind}) | {"title": TITLE} for name, kind in kinds.items()
    }


FACTS = {
    "x": {
        "title": TITLE,
        "key": "k",
        "fields": _named(k="text", t="text", u="text", n="number", m="number", d="date", b="bool", g="scale"),
        "derived": _named(p="scale", q="scale", f="bool", v="number"),
    },
    "y": {
        "title": TITLE,
        "key": "k",
        "fields": _named(k="text", t="text", n="number"),
        "derived": _named(w="scale", e="bool"),
        "lists": {"xs": {"of": "x", "by": "t", "title": TITLE}},
    },
}


class Maker:
    """Makes policies and facts from one seed."""

    def __init__(self, seed: int) -> None:
        self.chance = Random(seed)

    def policy(self) -> str:
        """The text of a ruleset.yaml; not every one can be loaded, for some go in circles."""
        rules = [self._rule(number) for number in range(self.chance.randint(1, 7))]
        return yaml.safe_dump(
            {
                "ruleset": "risk.made_up",
                "kind": "policy",
                "title": TITLE,
                "effective": {"from": "2026-01-01"},
                "scales": {"s": {"title": TITLE, "values": dict.fromkeys(SCALE, TITLE)}},
                "facts": FACTS,
                "outcome": {"of": "x", "scale": "s", "title": TITLE},
                "rules": rules,
            },
            allow_unicode=True,
            sort_keys=False,
        )

    def facts(self) -> dict[str, Any]:
        """A few facts of each kind, with values missing and blank."""
        xs = [
            self._holed(
                k=f"x{number}",
                t=self.chance.choice(TEXTS if self.chance.random() < 0.3 else ("y0", "y1", "x0", "x1")),
                u=self.chance.choice((*TEXTS, "x0", "x1", "x2")),
                n=self.chance.choice(NUMBERS),
                m=self.chance.choice(NUMBERS),
                d=self.chance.choice(DATES),
                b=self.chance.choice((True, False)),
                g=self.chance.choice((*SCALE, "")),
            )
            for number in range(self.chance.randint(0, 6))
        ]
        ys = [
            self._holed(k=f"y{number}", t=self.chance.choice(TEXTS), n=self.chance.choice(NUMBERS))
            for number in range(self.chance.randint(0, 3))
        ]
        return {"x": xs, "y": ys}

    def _holed(self, k: str, **values: Any) -> dict[str, Any]:
        kept = {name: value for name, value in values.items() if self.chance.random() < 0.9}
        return {"k": k, **{name: value if self.chance.random() < 0.9 else None for name, value in kept.items()}}

    def _rule(self, number: int) -> dict[str, Any]:
        chance = self.chance
        kinds = chance.choice((["x"], ["x"], ["y"], ["x", "x"], ["x", "y"], ["y", "x"], ["x", "x", "y"]))
        variables = {f"{kind}_{place}": kind for place, kind in enumerate(kinds)}
        rule: dict[str, Any] = {"id": f"R{number}", "title": TITLE, "for": variables}
        terms = [self._term(variables) for _ in range(chance.choice((0, 0, 1, 1, 2, 3)))]
        named = list(variables.items())
        terms += [self._tie(named[at][0], chance.choice(named[:at])[0]) for at in range(1, len(named))]
        if len(named) > 1 and chance.random() < 0.3:
            terms.append(self._compared(named))
        chance.shuffle(terms)
        if terms:
            rule["when"] = " and ".join(f"({term})" for term in terms)
        rule["then"] = self._then(variables)
        if chance.random() < 0.15:
            rule["priority"] = chance.choice((1, -1))
        return rule

    def _pick(self, variables: dict[str, str], kind: str = "") -> tuple[str, str]:
        return self.chance.choice([each for each in variables.items() if kind in ("", each[1])])

    def _tie(self, first: str, second: str) -> str:
        return self.chance.choice(
            (
                f"{first}.t == {second}.k",
                f"{second}.t == {first}.k",
                f"{first}.t == {second}.t",
                f"{first}.n == {second}.n",
            )
        )

    def _compared(self, named: list[tuple[str, str]]) -> str:
        (first, _), (second, _) = self.chance.sample(named, 2)
        return self.chance.choice((f"{first}.n < {second}.n", f"{first}.t != {second}.t", f"{first}.k == {second}.k"))

    def _term(self, variables: dict[str, str]) -> str:
        chance = self.chance
        variable, kind = self._pick(variables)
        operator, number = chance.choice(OPERATORS), chance.choice(NUMBERS)
        both = (
            f"{variable}.n {operator} {number}",
            f"{number} {operator} {variable}.n",
            f"{variable}.t in ['A', '1']",
            f"filled({variable}.t)",
            f"not {variable}.t == 'A'",
            f"{variable}.n {operator} 1 or {variable}.t == 'B'",
        )
        if kind == "y":
            more = (
                f"{variable}.w >= '2'",
                f"{variable}.e == True",
                f"sum(i.n for i in {variable}.xs if i.p >= '2') > 0",
                f"count(i for i in {variable}.xs if i.f == True) {operator} 1",
                f"any(i.outcome == '3' for i in {variable}.xs)",
            )
        else:
            name = chance.choice(("p", "q", "outcome"))
            more = (
                f"{variable}.{name} >= '{chance.choice(SCALE)}'",
                f"{variable}.{name} > '{chance.choice(SCALE)}'",
                f"'{chance.choice(SCALE)}' <= {variable}.{name}",
                f"empty({variable}.{name})",
                f"{variable}.{name} == '2'",
                f"{variable}.d {operator} '2026-01-15'",
                f"{variable}.n + {variable}.m * 2 {operator} 1.5",
                f"{variable}.b == True",
                f"{variable}.f != True",
                f"{variable}.v {operator} {number}",
            )
        return chance.choice((*both, *more, *more))

    def _then(self, variables: dict[str, str]) -> dict[str, str]:
        chance = self.chance
        kind = next(iter(variables.values()))
        subject = next(iter(variables))
        other, other_kind = self._pick(variables)
        lifted = f"{other}.{chance.choice(('p', 'q', 'outcome', 'g'))}" if other_kind == "x" else f"{other}.w"
        value = chance.choice((*SCALE, lifted, lifted, lifted))
        if chance.random() < 0.2:
            if kind == "y":
                return {"set": "e", "value": f"{subject}.n > 0"}
            return chance.choice(({"set": "f", "value": "True"}, {"set": "v", "value": f"{other}.n * 2"}))
        if kind == "y":
            return {"set": "w", "value": value}
        return chance.choice(({"outcome": value}, {"set": "p", "value": value}, {"set": "q", "value": value}))
