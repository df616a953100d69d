"""The supplement desk: lists, entry, review, and workbooks."""

from __future__ import annotations

from flask import Blueprint

from app.submission.views.supplements import desk, excel, lists, one, review

__all__ = ["add_to"]


def add_to(blueprint: Blueprint) -> None:
    """Put these pages on the room's blueprint."""
    for pages in (lists, desk, review, excel, one):
        pages.add_to(blueprint)
