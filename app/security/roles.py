"""The roles of a lender's staff, and which of them one person may not hold together.

The three administrators are separate by the duty to keep system, security and audit apart (GB/T 22239-2019, 8.1.5):
none may hold another's role, nor do business with rights they could give themselves or a trail they keep.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from app.core.errors import Invalid
from app.core.text import Text


class Role(StrEnum):
    COMPLIANCE = "compliance"
    REVIEWER = "reviewer"
    ANALYST = "analyst"
    MANAGER = "manager"
    OPERATOR = "operator"
    ADMIN_SYSTEM = "admin_system"
    ADMIN_SECURITY = "admin_security"
    ADMIN_AUDIT = "admin_audit"


@dataclass(frozen=True, slots=True)
class RoleWords:
    title: Text
    duty: Text


WORDS: Final[dict[Role, RoleWords]] = {
    Role.COMPLIANCE: RoleWords(
        Text("合规岗", "Compliance"),
        Text("维护规则与标准，判断口径", "Keeps rules and the standard, decides how they are read"),
    ),
    Role.REVIEWER: RoleWords(
        Text("复核岗", "Reviewer"),
        Text("复核并放行他人提交的事项", "Checks and releases what others have prepared"),
    ),
    Role.ANALYST: RoleWords(
        Text("分析岗", "Analyst"),
        Text("查看数据与差异，绘制流程", "Looks into data and differences, draws processes"),
    ),
    Role.MANAGER: RoleWords(
        Text("主管岗", "Manager"),
        Text("分派任务，审批申请，干预流程", "Assigns work, approves requests, intervenes in processes"),
    ),
    Role.OPERATOR: RoleWords(
        Text("操作岗", "Operator"),
        Text("办理日常报送与异常处理", "Runs the daily reporting and mends exceptions"),
    ),
    Role.ADMIN_SYSTEM: RoleWords(
        Text("系统管理员", "System administrator"),
        Text("维护参数与运行，不接触业务数据", "Keeps settings and operation, without business data"),
    ),
    Role.ADMIN_SECURITY: RoleWords(
        Text("安全管理员", "Security administrator"),
        Text("管理用户与授权", "Keeps users and grants"),
    ),
    Role.ADMIN_AUDIT: RoleWords(
        Text("审计管理员", "Audit administrator"),
        Text("查阅与核验审计记录", "Reads and verifies the audit record"),
    ),
}

ADMINISTRATORS: Final = frozenset({Role.ADMIN_SYSTEM, Role.ADMIN_SECURITY, Role.ADMIN_AUDIT})
BUSINESS: Final = frozenset(Role) - ADMINISTRATORS
EVERYONE: Final = frozenset(Role)


def parse_roles(names: Iterable[str]) -> frozenset[Role]:
    """Roles by their names; raises Invalid (`security.role_unknown`) naming all that do not exist."""
    known = {role.value for role in Role}
    wanted = set(names)
    if unknown := sorted(wanted - known):
        listed = ", ".join(unknown)
        raise Invalid("security.role_unknown", Text(f"没有这些角色：{listed}", f"there are no such roles: {listed}"))
    return frozenset(Role(name) for name in wanted)


def refuse_exclusive(roles: frozenset[Role]) -> None:
    """Raises Invalid (`security.roles_exclusive`) when `roles` may not be held by one person."""
    administrators = roles & ADMINISTRATORS
    if len(administrators) > 1 or (administrators and roles & BUSINESS):
        raise Invalid(
            "security.roles_exclusive",
            Text(
                "系统、安全、审计管理员三权分立：管理员只能担任其中一种，且不得兼任业务岗位",
                "system, security and audit are kept apart: an administrator holds one of these roles and no other",
            ),
        )
