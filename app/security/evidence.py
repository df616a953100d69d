"""What forms about access show beside their fields: the request with what was said about it, and the roles held now."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from app.core.db import unit_of_work
from app.core.people import name_of
from app.core.registry import FormRows, Registry
from app.core.text import Text
from app.security import grants, permissions
from app.security.models import AccessRequest
from app.security.requests import find_request
from app.security.roles import WORDS, Role
from app.web.words import NOTHING, date_text, say, t


def register_evidence(registry: Registry) -> None:
    """Announce the rows."""
    registry.rows_for_forms(
        FormRows(
            "security.access_request",
            Text("岗位申请", "Request for a role"),
            {"item": Text("事项", "Item"), "content": Text("内容", "Content")},
            request_rows,
            permissions.OWN_ACCOUNT,
        )
    )
    registry.rows_for_forms(
        FormRows(
            "security.held_roles",
            Text("现有岗位", "Roles held now"),
            {
                "role": Text("岗位", "Role"),
                "until": Text("到期日", "Until"),
                "by": Text("授予人", "Granted by"),
            },
            held_rows,
            permissions.READ_USERS,
        )
    )


def request_rows(params: Mapping[str, Any], most: int) -> Iterable[Mapping[str, Any]]:
    """`request` is its id; `approval` and `explanation` are the answers given so far. Raises NotFound."""
    with unit_of_work(reading=True):
        request = find_request(str(params.get("request")))
        user = grants.user_of(request)
        rows = [
            (t("申请人", "Asker"), user.display_name),
            (t("申请岗位", "Role"), say(WORDS[Role(request.role)].title)),
            (t("职责", "Duty"), say(WORDS[Role(request.role)].duty)),
            (t("申请理由", "Reason"), request.reason),
            (t("到期日", "Until"), date_text(request.until)),
            (t("现状", "Standing"), _standing(request)),
        ]
    for name, words in (
        ("approval", t("主管意见", "Manager’s words")),
        ("explanation", t("申请人补充说明", "Asker’s explanation")),
    ):
        given = params.get(name)
        if isinstance(given, Mapping) and isinstance(given.get("comment"), str):
            rows.append((words, given["comment"]))
    return [{"item": item, "content": content} for item, content in rows[:most]]


def _standing(request: AccessRequest) -> str:
    if request.state == "granted" and grants.grant_of(request) is None:
        return t("岗位已被手工收回", "the role has been taken away by hand")
    if request.state == "granted":
        return t("持有中", "held")
    return t("尚未授予", "not granted yet")


def held_rows(params: Mapping[str, Any], most: int) -> Iterable[Mapping[str, Any]]:
    """The roles of whoever made the `request`. Raises NotFound."""
    with unit_of_work(reading=True):
        user = grants.user_of(find_request(str(params.get("request"))))
        return [
            {
                "role": say(WORDS[Role(each.role)].title),
                "until": date_text(each.until) if each.until else NOTHING,
                "by": name_of(each.granted_by),
            }
            for each in user.grants[:most]
        ]
