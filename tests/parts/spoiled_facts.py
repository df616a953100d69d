"""Facts as a careless lender might have them: good ones with some values taken away, blanked, replaced or doubled, and
facts put together at random."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from random import Random
from typing import Any

from app.language import Field, Form, Kind, ListOf, Scalar, SetOf, Struct, Vocabulary

BLANKS = ("", " ", "\u3000", " \u3000 ")
ODD = ("x", "中文", "Ａ", "A B", "99", "x" * 200, "*", "'", "a|b", "12345", "-1", "1e3", "é", "1\n2", "true")
NUMBERS = (
    "0",
    "1",
    "2",
    "5",
    "100",
    "-1",
    "1.5",
    "007",
    "999999999999999",
    "9999999999999999",
    "12.345",
    "1900",
    "2026",
)
DATES = ("2026-10-28", "2026-10-27", "2026-09-30", "2025-01-01", "1850-01-01", "2026-02-30", "2100-01-01", "2026-1-1")
MONTHS = ("2026-10", "2026-09", "2026-11", "2026-13", "2026-1")
TIMES = ("2026-10-28T10:00:00", "2026-10-28T25:00:00", "2026-10-28")
NUMBERED = ("110000190101010001", "91110000QQ0000012P", "CHN123", "A1111111111111", "A11111111111110001")


class Spoiler:
    """Makes facts of one vocabulary from one seed."""

    def __init__(self, vocabulary: Vocabulary, bases: Sequence[Mapping[str, Any]], seed: int) -> None:
        self.fields = vocabulary.fields
        self.bases = bases
        self.random = Random(seed)

    def fact(self) -> dict[str, Any]:
        """A good fact with one to six changes, or now and then one made of nothing but chance."""
        if self.random.random() < 0.2:
            return self.struct(self.fields)
        fact = copy.deepcopy(dict(self.random.choice(self.bases)))
        for _ in range(self.random.randint(1, 6)):
            self.change(fact, self.fields)
        return fact

    def change(self, holder: dict[str, Any], fields: Mapping[str, Field]) -> None:
        """Change something in a struct, mostly deep inside of it."""
        name = self.random.choice(list(fields))
        field, found = fields[name], holder.get(name)
        if isinstance(field.type, Struct) and isinstance(found, dict) and self.random.random() < 0.9:
            self.change(found, field.type.fields)
        elif isinstance(field.type, ListOf) and isinstance(found, list) and found and self.random.random() < 0.8:
            self.change_list(found, field.type)
        elif self.random.random() < 0.15:
            holder.pop(name, None)
        else:
            holder[name] = self.value(field)

    def change_list(self, found: list[Any], type_: ListOf) -> None:
        place = self.random.randrange(len(found))
        if self.random.random() < 0.2:
            found.append(copy.deepcopy(found[place]))
        elif self.random.random() < 0.2:
            del found[place]
        elif isinstance(type_.element, Struct) and isinstance(found[place], dict):
            self.change(found[place], type_.element.fields)
        else:
            found[place] = self.text(None)

    def struct(self, fields: Mapping[str, Field]) -> dict[str, Any]:
        return {name: self.value(field) for name, field in fields.items() if self.random.random() < 0.8}

    def value(self, field: Field) -> Any:
        match field.type:
            case Scalar(kind=Kind.BOOL):
                return self.random.choice((True, False))
            case Scalar(kind=Kind.NUMBER) if not field.written:
                return self.random.choice((0, 1, 2, 30, -3, 10**15))
            case Scalar(kind=kind):
                return self.written(kind, field.form)
            case ListOf(element=Struct(fields=members)):
                return [self.struct(members) for _ in range(self.random.randrange(4))]
            case Struct(fields=members):
                return self.struct(members)
            case SetOf() | ListOf():
                return [self.text(None) for _ in range(self.random.randrange(3))]

    def written(self, kind: Kind, form: Form | None) -> str:
        chance = self.random.random()
        if chance < 0.08:
            return self.random.choice(BLANKS)
        if chance < 0.18:
            return self.random.choice((*ODD, *NUMBERS, *DATES, *MONTHS, *TIMES, *NUMBERED))
        usual = {Kind.NUMBER: NUMBERS, Kind.DATE: DATES, Kind.MONTH: MONTHS}.get(kind)
        text = self.random.choice(usual) if usual else self.text(form)
        return f" {text}\u3000" if self.random.random() < 0.05 else text

    def text(self, form: Form | None) -> str:
        """A text that fits the form's code tables or its length, if there is a form."""
        if form is not None and form.codes:
            return self.random.choice(sorted(self.random.choice(form.codes).values))
        if form is not None and form.kind == "T":
            return self.random.choice(TIMES)
        texts = ("10", "1", "2", "20", "A", "A1", "张三", *NUMBERED)
        return self.random.choice(texts)
