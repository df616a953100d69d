"""What the form of a review shows beside its fields: how many supplements, what they change, what the pre-check says."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from app.core.db import unit_of_work
from app.core.people import name_of
from app.core.registry import FormRows, Registry
from app.core.text import Text
from app.submission.permissions import SUPPLEMENTS
from app.submission.supplement import deciding
from app.submission.supplement.entry import entry_form, field_titles
from app.web.words import date_text, number_text, say, t


def register_evidence(registry: Registry) -> None:
    """Announce the rows."""
    registry.rows_for_forms(
        FormRows(
            "submission.supplements",
            Text("待复核的补录", "Supplements to be reviewed"),
            {"item": Text("事项", "Item"), "content": Text("内容", "Content")},
            request_rows,
            SUPPLEMENTS,
        )
    )


def request_rows(params: Mapping[str, Any], most: int) -> Iterable[Mapping[str, Any]]:
    """`request` is its id; values of items stay on the page of the request. Raises NotFound."""
    with unit_of_work(reading=True):
        request = deciding.find_request(str(params.get("request")))
        form = entry_form(request.form)
        titles = field_titles(form)
        supplements = deciding.supplements_of(request)
        touched = dict.fromkeys(tag for each in supplements for tag in each.items if tag in titles)
        rules = dict.fromkeys(rule for each in supplements for rule, *_ in each.findings)
        rows = [
            (t("表单", "Form"), say(form.title)),
            (t("补录条数", "Supplements"), number_text(request.count)),
            (t("其中有拦截类问题", "of them held back by a finding"), number_text(request.blocked)),
            (t("数据项", "Items"), t("、", ", ").join(say(titles[tag]) for tag in list(touched)[:20])),
            (t("预校验指出", "The pre-check names"), " ".join(list(rules)[:20]) or "–"),
            (t("补录人", "Written by"), name_of(request.author)),
        ]
        if len(supplements) == 1:
            only = supplements[0]
            dates = f"{date_text(only.valid_from)} – {date_text(only.valid_until)}"
            rows += [(t("理由", "Reason"), only.reason), (t("适用业务日", "Business days"), dates)]
    return [{"item": item, "content": content} for item, content in rows[:most]]
