"""Pages: the draft of a ruleset, rule by rule."""

from __future__ import annotations

from flask import Blueprint

from app.core.registry import Registry
from app.rules.views.writing import asking, pages, saving, tables


def add_to(blueprint: Blueprint, registry: Registry) -> None:
    """Put these pages on the room's blueprint."""
    del registry
    one = "/sets/<ruleset>/draft"
    blueprint.add_url_rule("/new", "writing_new", pages.new, methods=["GET", "POST"])
    blueprint.add_url_rule(one, "writing_draft", pages.draft)
    blueprint.add_url_rule(f"{one}/begin", "writing_begin", pages.begin, methods=["POST"])
    blueprint.add_url_rule(f"{one}/discard", "writing_discard", pages.discard, methods=["POST"])
    blueprint.add_url_rule(f"{one}/state", "writing_state", saving.state)
    blueprint.add_url_rule(one, "writing_save", saving.save, methods=["PUT"])
    blueprint.add_url_rule(f"{one}/change", "writing_change", saving.change, methods=["POST"])
    blueprint.add_url_rule(f"{one}/rules/<rule>", "writing_rule", asking.rule)
    blueprint.add_url_rule(f"{one}/workbook", "writing_workbook", tables.workbook)
    blueprint.add_url_rule(f"{one}/workbook", "writing_take_workbook", tables.take_workbook, methods=["POST"])
    for name, view in (
        ("judge", asking.judge),
        ("complete", asking.complete),
        ("codes", asking.codes),
        ("run", asking.run),
        ("try", asking.try_on),
        ("check", asking.check),
    ):
        blueprint.add_url_rule(f"{one}/{name}", f"writing_{name}", view, methods=["POST"])
