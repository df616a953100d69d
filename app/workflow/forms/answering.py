"""One marshmallow field for each kind of question: what an answer must be, and in both languages how to mend it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final

import marshmallow as ma

from app.core import clock
from app.core.text import Text
from app.workflow.forms.field_reading import plain
from app.workflow.forms.parts import CHOOSING, MANY, Field
from app.workflow.forms.properties import exact, writable


@dataclass(frozen=True, slots=True)
class Wrong:
    """Why an answer cannot be taken; `rule` is stable."""

    rule: str
    message: Text


REQUIRED: Final = Wrong("required", Text("请填写此项", "Please answer this"))
CHOOSE: Final = Wrong("required", Text("请选择一项", "Please choose one"))
TICK: Final = Wrong("required", Text("须勾选此项才能提交", "This must be ticked to go on"))
UNKNOWN: Final = Wrong(
    "unknown", Text("表单中没有这一项，请刷新页面后重填", "The form has no such field; reload the page")
)
READONLY: Final = Wrong("readonly", Text("此项只读，不能修改", "This is read-only and cannot be changed"))
NOT_TEXT: Final = Wrong("type", Text("须为一段文字", "This must be one text"))
NOT_WRITABLE: Final = Wrong(
    "type", Text("含有不能保存的控制字符，请删除", "Please remove the control characters in it")
)
ONE_LINE: Final = Wrong(
    "type", Text("只能填写一行，请去掉换行", "This must be one line; please remove the line breaks")
)
NOT_NUMBER: Final = Wrong(
    "number", Text("请填写数字，例如 1200 或 1200.50", "Please give a number such as 1200 or 1200.50")
)
NOT_DATE: Final = Wrong(
    "date", Text("请按 年-月-日 填写日期，例如 2026-11-22", "Please give the date as year-month-day: 2026-11-22")
)
PAST: Final = Wrong("past", Text("日期不能早于今天", "The date may not lie before today"))
NOT_CHOICE: Final = Wrong("choice", Text("请从所列选项中选择", "Please choose from what is offered"))
NOT_TICK: Final = Wrong("type", Text("须为“是”或“否”", "This must be yes or no"))
PATTERN: Final = Wrong("pattern", Text("格式不符，请按说明填写", "This does not have the form that is asked for"))
EMAIL: Final = Wrong(
    "email", Text("请填写电子邮箱，例如 zhang@example.cn", "Please give an e-mail address such as zhang@example.cn")
)
PHONE: Final = Wrong(
    "phone",
    Text(
        "请填写电话号码，例如 13812345678 或 010-12345678",
        "Please give a telephone number such as 13812345678 or 010-12345678",
    ),
)
_EMAIL: Final = re.compile(r"[A-Za-z0-9._%+-]{1,64}@([A-Za-z0-9-]{1,63}\.){1,8}[A-Za-z]{2,24}")
_PHONE: Final = re.compile(
    r"((\+|00)86)?1[3-9][0-9]{9}|(0[0-9]{2,3})?[0-9]{7,8}|[48]00[0-9]{7}|(\+|00)[1-9][0-9]{6,14}"
)
_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def refuse(wrong: Wrong) -> ma.ValidationError:
    return ma.ValidationError([wrong])


class _Answer(ma.fields.Field[Any]):
    """Reads and checks one answer; gives it in the form in which it is kept."""

    def __init__(self, asked: Field) -> None:
        missing = TICK if asked.kind == "checkbox" else CHOOSE if asked.kind in CHOOSING else REQUIRED
        messages: dict[str, Any] = {"required": [missing], "null": [missing]}
        super().__init__(required=asked.rules.required, error_messages=messages)
        self.asked = asked


class TextAnswer(_Answer):
    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> str:
        if not isinstance(value, str):
            raise refuse(NOT_TEXT)
        rules, wrongs = self.asked.rules, []
        if not writable(value):
            wrongs.append(NOT_WRITABLE)
        if self.asked.kind == "textfield" and ("\n" in value or "\r" in value):
            wrongs.append(ONE_LINE)
        if len(value) < rules.shortest:
            wrongs.append(_length("min_length", "至少填写", "at least", rules.shortest, len(value)))
        if len(value) > rules.longest:
            wrongs.append(_length("max_length", "至多填写", "at most", rules.longest, len(value)))
        elif rules.pattern and not rules.pattern.fullmatch(value):
            wrongs.append(PATTERN)
        elif rules.format == "email" and not _EMAIL.fullmatch(value):
            wrongs.append(EMAIL)
        elif rules.format == "phone" and not _PHONE.fullmatch(re.sub("[ ()-]", "", value)):
            wrongs.append(PHONE)
        if wrongs:
            raise ma.ValidationError(wrongs)
        return value


def _length(rule: str, zh: str, en: str, limit: int, now: int) -> Wrong:
    return Wrong(
        rule,
        Text(f"{zh} {limit} 个字符，现有 {now} 个", f"This must have {en} {limit} characters; it has {now}"),
    )


class NumberAnswer(_Answer):
    """A whole number where no decimals are allowed, else the exact number as text."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> str | int:
        rules = self.asked.rules
        number = exact(value)
        if number is None:
            raise refuse(NOT_NUMBER)
        wrongs = []
        if _decimals(number) > rules.decimals:
            wrongs.append(
                Wrong("decimals", Text("须为整数", "This must be a whole number"))
                if not rules.decimals
                else Wrong(
                    "decimals",
                    Text(f"小数至多 {rules.decimals} 位", f"At most {rules.decimals} digits may follow the point"),
                )
            )
        if rules.least is not None and number < rules.least:
            least = plain(rules.least)
            wrongs.append(Wrong("min", Text(f"不得小于 {least}", f"This may not be less than {least}")))
        if rules.most is not None and number > rules.most:
            most = plain(rules.most)
            wrongs.append(Wrong("max", Text(f"不得大于 {most}", f"This may not be more than {most}")))
        if wrongs:
            raise ma.ValidationError(wrongs)
        if rules.decimals or self.asked.as_text:
            return plain(number + 0 if number else abs(number))
        return int(number)


def _decimals(number: Decimal) -> int:
    exponent = number.normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


class DateAnswer(_Answer):
    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> str:
        text = value.isoformat() if type(value) is date else value
        if not isinstance(text, str) or not _DATE.fullmatch(text):
            raise refuse(NOT_DATE)
        try:
            day = date.fromisoformat(text)
        except ValueError:
            raise refuse(NOT_DATE) from None
        if self.asked.rules.not_past and day < clock.today():
            raise refuse(PAST)
        return text


class TickAnswer(_Answer):
    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> bool:
        if not isinstance(value, bool):
            raise refuse(NOT_TICK)
        if self.asked.rules.required and not value:
            raise refuse(TICK)
        return value


class ChoiceAnswer(_Answer):
    """One of the choices; those that come from rows are looked up when the rest has been checked."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> str:
        if not isinstance(value, str):
            raise refuse(NOT_CHOICE)
        self._known([value])
        return value

    def _known(self, values: list[Any]) -> None:
        offered = {each.value for each in self.asked.choices}
        if not self.asked.dynamic and any(each not in offered for each in values):
            raise refuse(NOT_CHOICE)


class ChoicesAnswer(ChoiceAnswer):
    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> Any:
        listed = isinstance(value, list | tuple) and all(isinstance(each, str) for each in value)
        if not listed or len(set(value)) != len(value):
            raise refuse(NOT_CHOICE)
        self._known(list(value))
        return list(value)


def answer_of(asked: Field) -> _Answer:
    """The marshmallow field of a question."""
    if asked.kind in MANY:
        return ChoicesAnswer(asked)
    if asked.kind in CHOOSING:
        return ChoiceAnswer(asked)
    return {"number": NumberAnswer, "date": DateAnswer, "checkbox": TickAnswer}.get(asked.kind, TextAnswer)(asked)
