"""The one door of the security room."""

from __future__ import annotations

from typing import Final

from app.audit import name_actions
from app.core.people import keep_people
from app.core.registry import MenuEntry, Registry
from app.core.text import Text
from app.security import permissions
from app.security.people import Users
from app.security.roles import WORDS, Role

ACTIONS: Final = {
    "security.signed_in": Text("登录", "Signed in"),
    "security.signed_out": Text("退出登录", "Signed out"),
    "security.session_ended": Text("会话到时结束", "Session ended by time"),
    "security.sign_in_failed": Text("登录失败", "Failed to sign in"),
    "security.sign_in_locked_out": Text("锁定期内尝试登录", "Tried to sign in while locked out"),
    "security.locked_out": Text("失败次数过多被暂时锁定", "Locked out after failures"),
    "security.access_refused": Text("越权访问被拒绝", "Refused for lack of permission"),
    "security.user_created": Text("新建用户", "Created a user"),
    "security.user_locked": Text("锁定用户", "Locked a user"),
    "security.user_unlocked": Text("解锁用户", "Unlocked a user"),
    "security.roles_changed": Text("变更岗位", "Changed roles"),
    "security.entities_changed": Text("限定岗位所及的法人机构", "Limited a role to legal entities"),
    "security.access_asked": Text("申请岗位", "Asked for a role"),
    "security.access_refused_by_decision": Text("岗位申请未批准", "Request for a role refused"),
    "security.access_conflict": Text("岗位申请因岗位冲突未受理", "Request for a role ended: roles conflict"),
    "security.access_withdrawn": Text("撤回岗位申请", "Withdrew a request for a role"),
    "security.access_ended": Text("岗位到期收回", "Role ended by time"),
    "security.password_reset": Text("重置密码", "Reset a password"),
    "security.password_changed": Text("修改密码", "Changed the password"),
    "security.password_change_failed": Text("修改密码未成功", "Failed to change the password"),
}


def register(registry: Registry) -> None:
    """Announce roles, permissions, pages, commands, and who may do what from the start."""
    from app.security.cli import user
    from app.security.evidence import register_evidence
    from app.security.steps import register_steps
    from app.security.views import make_blueprint

    registry.models("app.security.models")
    keep_people(Users())
    name_actions(ACTIONS)
    for name, title in permissions.TITLES.items():
        registry.permission(name, title)
    for role in Role:
        registry.role(role.value, WORDS[role].title)
        registry.grant(role.value, permissions.OWN_ACCOUNT, "web.console.use")
    registry.grant("admin_security", permissions.READ_USERS, permissions.MANAGE_USERS, permissions.GRANT_ACCESS)
    registry.grant("admin_audit", permissions.READ_USERS)
    registry.grant("manager", permissions.APPROVE_ACCESS)
    for role in (Role.COMPLIANCE, Role.REVIEWER, Role.OPERATOR):
        registry.grant(role.value, permissions.REVEAL)
    register_steps(registry)
    register_evidence(registry)
    registry.blueprint(make_blueprint(registry))
    registry.menu_entry(
        MenuEntry(
            "security.users",
            Text("用户与岗位", "Users and roles"),
            "security.users",
            permissions.READ_USERS,
            order=900,
            icon="users",
            group="administration",
        )
    )
    registry.command(user)
