"""What may be done with processes and their tasks, and which posts may do it from the start."""

from __future__ import annotations

from typing import Final

from app.core.text import Text

VIEW: Final = "workflow.process.view"
DRAW: Final = "workflow.process.draw"
PUBLISH: Final = "workflow.process.publish"
WORK: Final = "workflow.task.work"
ASSIGN: Final = "workflow.task.assign"
START: Final = "workflow.instance.start"
INSTANCES: Final = "workflow.instance.view"
OPERATE: Final = "workflow.instance.operate"
REVEAL: Final = "workflow.instance.reveal"

PERMISSIONS: Final = {
    VIEW: Text("查看流程定义", "View process definitions"),
    DRAW: Text("绘制与测试流程", "Draw and try processes"),
    PUBLISH: Text("复核并发布流程", "Review and publish processes"),
    WORK: Text("办理任务", "Work on tasks"),
    ASSIGN: Text("分派与改派他人任务", "Assign tasks to others"),
    START: Text("发起业务", "Begin cases"),
    INSTANCES: Text("查看流程实例", "View running processes"),
    OPERATE: Text("干预流程实例", "Intervene in running processes"),
    REVEAL: Text("查看流程数据明文", "See the data of processes in the clear"),
}

FROM_THE_START: Final = {
    "compliance": (VIEW, PUBLISH, WORK, START, INSTANCES),
    "reviewer": (VIEW, WORK, START, INSTANCES),
    "analyst": (VIEW, DRAW, PUBLISH, WORK, INSTANCES),
    "operator": (VIEW, WORK, START, INSTANCES),
    "manager": (VIEW, WORK, ASSIGN, START, INSTANCES, OPERATE, REVEAL),
    "admin_system": (VIEW, INSTANCES, OPERATE),
    "admin_security": (WORK,),
}
