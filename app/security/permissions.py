"""The names of what this room guards."""

from __future__ import annotations

from typing import Final

from app.core.text import Text

OWN_ACCOUNT: Final = "security.account.use"
READ_USERS: Final = "security.user.read"
MANAGE_USERS: Final = "security.user.manage"
REVEAL: Final = "security.personal_data.reveal"
APPROVE_ACCESS: Final = "security.access.approve"
GRANT_ACCESS: Final = "security.access.grant"

TITLES: Final = {
    OWN_ACCOUNT: Text("使用本人账户", "Use one's own account"),
    READ_USERS: Text("查看用户与岗位", "See users and roles"),
    MANAGE_USERS: Text("管理用户与岗位", "Manage users and roles"),
    REVEAL: Text("查看个人信息明文", "See personal data in the clear"),
    APPROVE_ACCESS: Text("审批与复核岗位申请", "Approve and review requests for roles"),
    GRANT_ACCESS: Text("授予申请的岗位", "Grant roles that were asked for"),
}
