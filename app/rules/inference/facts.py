"""Facts as they are delivered for an inference: checked against what the policy declares, all that is wrong told at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from app.core.errors import Invalid
from app.core.text import Text
from app.language import Kind, Scalar
from app.language.values import read_date, read_month, read_text
from app.rules.inference.policy import Shape

Record = dict[str, object]
Facts = Mapping[str, Mapping[str, Record]]
"""Records by kind of fact and by key."""

MOST_FACTS: Final = 5_000
"""As many facts at most are judged together; the engine refuses facts when tens of thousands are alive."""
MOST_DIGITS: Final = 15


@dataclass(frozen=True, slots=True)
class FactProblem:
    """One thing wrong in delivered facts; `place` is such as `loan[2].overdue_days`, counting from 1."""

    place: str
    message: Text

    def as_data(self) -> dict[str, object]:
        """As plain values, fit for JSON."""
        return {"place": self.place, "message": {"zh": self.message.zh, "en": self.message.en}}


class FactsInvalid(Invalid):
    """Facts cannot be judged; `problems` has all that is wrong with them."""

    def __init__(self, problems: tuple[FactProblem, ...]) -> None:
        zh = "；".join(f"{each.place} {each.message.zh}" for each in problems[:5])
        en = "; ".join(f"{each.place} {each.message.en}" for each in problems[:5])
        more = len(problems) - 5
        tail = Text(f"（另有{more}处）", f" (and {more} more)") if more > 0 else Text("", "")
        super().__init__("rules.facts", Text(zh + tail.zh, en + tail.en))
        self.problems = problems


def read_facts(shapes: Mapping[str, Shape], data: object) -> Facts:
    """The facts in delivered data: lists of mappings by kind of fact. Raises FactsInvalid."""
    problems: list[FactProblem] = []
    found: dict[str, dict[str, Record]] = {kind: {} for kind in shapes}
    if not isinstance(data, dict):
        raise FactsInvalid((FactProblem("", Text("须按事实种类给出列表", "must map kinds of facts to lists")),))
    for kind, rows in data.items():
        if kind not in shapes:
            choice = ", ".join(shapes)
            problems.append(
                FactProblem(str(kind), Text(f"没有这种事实，只有：{choice}", f"no such kind; there are {choice}"))
            )
        elif not isinstance(rows, list):
            problems.append(FactProblem(kind, Text("须是列表", "must be a list")))
        else:
            for number, row in enumerate(rows, 1):
                problems.extend(_add(shapes[kind], row, found[kind], f"{kind}[{number}]"))
    if sum(len(each) for each in found.values()) > MOST_FACTS:
        problems.append(FactProblem("", Text(f"一次至多{MOST_FACTS}个事实", f"at most {MOST_FACTS} facts at a time")))
    if problems:
        raise FactsInvalid(tuple(problems))
    return found


def _add(shape: Shape, row: object, found: dict[str, Record], place: str) -> Iterator[FactProblem]:
    if not isinstance(row, dict):
        yield FactProblem(place, Text("须是键值结构", "must be a mapping"))
        return
    for name, value in row.items():
        field = shape.fields.get(name)
        if field is None or not isinstance(field.type, Scalar):
            choice = ", ".join(shape.fields)
            yield FactProblem(
                f"{place}.{name}", Text(f"没有这个名称，只有：{choice}", f"no such name; there are {choice}")
            )
        elif value is not None and (wrong := value_problem(value, field.type.kind)) is not None:
            yield FactProblem(f"{place}.{name}", wrong)
        elif name in shape.scales and read_text(value) not in (None, *shape.scales[name].values):
            choice = ", ".join(shape.scales[name].values)
            yield FactProblem(f"{place}.{name}", Text(f"须是{choice}之一", f"must be one of {choice}"))
    key = read_text(row.get(shape.key))
    if key is None:
        yield FactProblem(f"{place}.{shape.key}", Text("缺少键", "the key is missing"))
    elif key in found:
        yield FactProblem(f"{place}.{shape.key}", Text("键重复", "this key stands twice"))
    else:
        found[key] = dict(row)


def value_problem(value: object, kind: Kind) -> Text | None:
    """What keeps the value from being of the kind; None if nothing does. Blank text is no value and fits."""
    if kind is Kind.BOOL:
        return None if isinstance(value, bool) else Text("须是true或false", "must be true or false")
    if kind is Kind.NUMBER:
        good = type(value) is int and abs(value) < 10**MOST_DIGITS
        zh, en = (
            f"须是至多{MOST_DIGITS}位的整数（金额以分计）",
            f"must be a whole number of at most {MOST_DIGITS} digits",
        )
        return None if good else Text(zh, f"{en}; amounts are in fen")
    if not isinstance(value, str):
        return Text("须是文本", "must be text")
    if len(value) > 400:
        return Text("文本过长", "the text is too long")
    blank = read_text(value) is None
    if kind is Kind.DATE and not blank and read_date(value) is None:
        return Text("须是YYYY-MM-DD的日期", "must be a date YYYY-MM-DD")
    if kind is Kind.MONTH and not blank and read_month(value) is None:
        return Text("须是YYYY-MM的月份", "must be a month YYYY-MM")
    return None
