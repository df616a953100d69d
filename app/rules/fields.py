"""Makers of the names that stand beside a record: facts that are given, not read from its segments."""

from __future__ import annotations

from app.core.text import Text
from app.language import Field, Kind, ListOf, Scalar, SetOf, Struct


def struct(name: str, label: Text, *fields: Field) -> Field:
    """Named facts under one name."""
    return Field(name, Struct({field.name: field for field in fields}), label)


def given(name: str, kind: Kind, zh: str, en: str) -> Field:
    """A single fact: truth values and numbers come as such, texts, dates and months as text."""
    return Field(name, Scalar(kind), Text(zh, en), written=kind not in (Kind.BOOL, Kind.NUMBER))


def texts(name: str, zh: str, en: str) -> Field:
    """A list of texts."""
    return Field(name, ListOf(Scalar(Kind.TEXT)), Text(zh, en))


def register(name: str, zh: str, en: str) -> Field:
    """A set of texts in which a value can be looked up; not provided, membership is unknown."""
    return Field(name, SetOf(), Text(zh, en))


def rows(name: str, zh: str, en: str, *fields: Field) -> Field:
    """A list of facts of one shape."""
    return Field(name, ListOf(Struct({field.name: field for field in fields})), Text(zh, en))
