"""Pages: the draft of a ruleset, rule by rule."""

from __future__ import annotations

from flask import Blueprint

from app.core.registry import Registry


def add_to(blueprint: Blueprint, registry: Registry) -> None:
    """Put these pages on the room's blueprint."""
