"""Puts an expression into a Chinese and an English sentence, with the labels of the vocabulary for its names."""

from __future__ import annotations

from collections.abc import Mapping

from app.core.text import LANGUAGES, Language, Text
from app.language.functions import LABELS
from app.language.nodes import (
    Arithmetic,
    Call,
    Comparison,
    Conformity,
    Expression,
    Known,
    Literal,
    Logic,
    Membership,
    Minus,
    Negation,
    Node,
    OrZero,
    Parent,
    Path,
    Presence,
    Quantifier,
)
from app.language.types import CodeList, Kind, Scalar, SetOf

_COMPARE: Mapping[str, Text] = {
    "==": Text("{0}等于{1}", "{0} is {1}"),
    "!=": Text("{0}不等于{1}", "{0} is not {1}"),
    "<": Text("{0}小于{1}", "{0} is less than {1}"),
    "<=": Text("{0}不大于{1}", "{0} is at most {1}"),
    ">": Text("{0}大于{1}", "{0} is greater than {1}"),
    ">=": Text("{0}不小于{1}", "{0} is at least {1}"),
}
_COMPARE_DAYS: Mapping[str, Text] = {
    "==": Text("{0}等于{1}", "{0} is {1}"),
    "!=": Text("{0}不等于{1}", "{0} is not {1}"),
    "<": Text("{0}早于{1}", "{0} is before {1}"),
    "<=": Text("{0}不晚于{1}", "{0} is not after {1}"),
    ">": Text("{0}晚于{1}", "{0} is after {1}"),
    ">=": Text("{0}不早于{1}", "{0} is not before {1}"),
}
_MEMBER = Text("{0}属于{1}", "{0} is one of {1}")
_NOT_MEMBER = Text("{0}不属于{1}", "{0} is none of {1}")
_PARENT = Text("{0}在代码表“{1}”中的上级", "the code above {0} in the table “{1}”")
_NEGATION = Text("并非（{0}）", "it is not the case that ({0})")
_ABSENT = Text("没有{0}", "{0} is absent")
_QUANTIFIED: Mapping[str, Text] = {
    "all": Text("每个{source}都满足：{body}", "for every {source}: {body}"),
    "any": Text("至少有一个{source}满足：{body}", "for at least one {source}: {body}"),
    "sum": Text("各{source}的{body}之和", "the sum of {body} over all {source}"),
    "count": Text("{source}的个数", "the number of {source}"),
    "distinct": Text("各{source}的{body}互不相同", "{body} differs between all {source}"),
}
_SUCH = Text("（其中{condition}的）{source}", "{source} (where {condition})")
_WHOLE = Text("内容", "the content")
_JOIN = {("and", "zh"): "，且", ("or", "zh"): "，或", ("and", "en"): ", and ", ("or", "en"): ", or "}


def word(expression: Expression | Node) -> Text:
    """The expression in words."""
    root = expression.root if isinstance(expression, Expression) else expression
    zh, en = (_Wording(language).say(root) for language in LANGUAGES)
    return Text(zh, en)


class _Wording:
    def __init__(self, language: Language) -> None:
        self.language: Language = language

    def fill(self, pattern: Text, *places: str, **named: str) -> str:
        return pattern.in_(self.language).format(*places, **named)

    def say(self, node: Node) -> str:
        match node:
            case Literal(value=value):
                return f"“{value}”" if isinstance(value, str) else self.truth(value)
            case Path(field=field):
                return field.label.in_(self.language)
            case Comparison():
                kinds = _COMPARE_DAYS if _is_time(node.left) else _COMPARE
                return self.fill(kinds[node.operator], self.say(node.left), self.say(node.right))
            case Membership():
                pattern = _NOT_MEMBER if node.negated else _MEMBER
                return self.fill(pattern, self.say(node.item), self.container(node.container))
            case Logic():
                joint = _JOIN[node.operator, self.language]
                return joint.join(self.inner(term) for term in node.terms)
            case Negation():
                return self.negation(node)
            case Arithmetic():
                sign = "×" if node.operator == "*" else node.operator
                return f"{self.operand(node.left)} {sign} {self.operand(node.right)}"
            case Minus():
                return f"-{self.operand(node.term)}"
            case Parent():
                return self.fill(_PARENT, self.say(node.argument), node.table.label.in_(self.language))
            case OrZero():
                return self.fill(LABELS["or_zero"], self.say(node.path))
            case Presence() | Conformity():
                return self.fill(LABELS[node.name], self.say(node.path))
            case Known():
                return self.fill(LABELS["known"], self.inner(node.term))
            case Call():
                return self.call(node)
            case Quantifier():
                return self.quantifier(node)
            case _:
                raise TypeError(type(node).__name__)

    def truth(self, value: object) -> str:
        if isinstance(value, bool):
            return {("zh", True): "是", ("zh", False): "否", ("en", True): "true", ("en", False): "false"}[
                self.language, value
            ]
        return str(value)

    def inner(self, node: Node) -> str:
        said = self.say(node)
        return (f"（{said}）" if self.language == "zh" else f"({said})") if isinstance(node, Logic) else said

    def operand(self, node: Node) -> str:
        said = self.say(node)
        return f"({said})" if isinstance(node, Arithmetic | Minus) else said

    def negation(self, node: Negation) -> str:
        term = node.term
        if isinstance(term, Presence) and term.name == "has":
            return self.fill(_ABSENT, self.say(term.path))
        return self.fill(_NEGATION, self.say(term))

    def container(self, container: tuple[Literal, ...] | CodeList | Path) -> str:
        if isinstance(container, tuple):
            return ("、" if self.language == "zh" else ", ").join(self.say(value) for value in container)
        label = container.label if isinstance(container, CodeList) else container.field.label
        if isinstance(container, CodeList) or isinstance(container.type, SetOf):
            return f"“{label.in_(self.language)}”"
        return label.in_(self.language)

    def call(self, node: Call) -> str:
        if node.function is not None:
            return self.fill(node.function.label, *map(self.say, node.arguments))
        label = "digits_any" if node.name == "digits" and len(node.arguments) == 1 else node.name
        return self.fill(LABELS[label], *map(self.say, node.arguments))

    def quantifier(self, node: Quantifier) -> str:
        source = self.say(node.source)
        if node.condition is not None:
            source = self.fill(_SUCH, condition=self.say(node.condition), source=source)
        joint = "、" if self.language == "zh" else ", "
        body = joint.join(self.say(part) for part in node.body) or _WHOLE.in_(self.language)
        return self.fill(_QUANTIFIED[node.name], source=source, body=body)


def _is_time(node: Node) -> bool:
    return node.type in (Scalar(Kind.DATE), Scalar(Kind.MONTH))
