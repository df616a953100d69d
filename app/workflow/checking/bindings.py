"""Rules about what a diagram names outside of itself: steps, forms, roles, permissions, messages, time limits, processes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from app.core.errors import Invalid
from app.workflow.checking.graph import Node, Operator
from app.workflow.checking.report import Problem
from app.workflow.checking.rule import Drawing, nearest
from app.workflow.checking.starts import given_at_start
from app.workflow.clocks import parse_limit
from app.workflow.clocks.moments import names_variable
from app.workflow.palette import parameters

_START: Final = "start"
_PROPERTIES: Final = frozenset(
    {"form", "role", "permission", "result", "within", "priority", "not_by", "assignee", "name_en"}
)


def steps_are_known(drawing: Drawing) -> Iterator[Problem]:
    for node in drawing.nodes:
        if node.kind != "serviceTask":
            continue
        if node.operator is None or not node.operator.step:
            yield drawing.found("error", "no-step", node.id, "服务任务「{name}」没有选步骤",
                                "the service task “{name}” has no step")  # fmt: skip
            continue
        step = drawing.registry.steps.get(node.operator.step)
        if step is None:
            yield drawing.found(
                "error", "unknown-step", node.id, "「{name}」：没有步骤 {step}{hint}", "“{name}”: there is no step {step}{hint}",
                step=node.operator.step, hint=nearest(node.operator.step, drawing.registry.steps),
            )  # fmt: skip
        else:
            yield from _parameters(drawing, node, node.operator, step)
        if not node.operator.result:
            yield drawing.found("warning", "no-result", node.id, "「{name}」没有写结果变量，步骤的结果会丢弃",
                                "“{name}” names no result variable: what the step gives back is lost")  # fmt: skip


def _parameters(drawing: Drawing, node: Node, operator: Operator, step: Any) -> Iterator[Problem]:
    wanted = {each.name: each.required for each in parameters(step)}
    given = dict(operator.parameters)
    for name, required in wanted.items():
        if required and not given.get(name, "").strip():
            yield drawing.found("error", "missing-parameter", node.id, "「{name}」：步骤 {step} 缺少参数 {key}",
                                "“{name}”: the step {step} needs the parameter {key}", step=step.name, key=name)  # fmt: skip
    for name in given:
        if name not in wanted:
            yield drawing.found(
                "error", "unknown-parameter", node.id, "「{name}」：步骤 {step} 没有参数 {key}{hint}",
                "“{name}”: the step {step} has no parameter {key}{hint}", step=step.name, key=name, hint=nearest(name, wanted),
            )  # fmt: skip


def variables_are_given(drawing: Drawing) -> Iterator[Problem]:
    """What parameters take is there: start data, a result, an answer. Each missing one is told once."""
    if drawing.description is None:
        return
    told = set(produced(drawing))
    for node in drawing.nodes:
        for name, variable in node.operator.parameters if node.operator else ():
            if variable.strip() and variable not in told:
                told.add(variable)
                yield drawing.found(
                    "warning", "unknown-variable", node.id,
                    "「{name}」：参数 {key} 取变量 {variable}，但没有步骤、任务或发起数据（data）给出它",
                    "“{name}”: the parameter {key} takes the variable {variable}, which no step, task or start data (data:) gives",
                    key=name, variable=variable,
                )  # fmt: skip


def produced(drawing: Drawing) -> frozenset[str]:
    """Names of the variables that a process may have: start data, results of steps, answers, messages, items of lists."""
    data = (drawing.description or {}).get("data") or ()
    made = {str(name) for name in data} if isinstance(data, list | Mapping) else set()
    made |= given_at_start(drawing) or set()
    for node in drawing.nodes:
        if node.operator and node.operator.result:
            made.add(node.operator.result)
        if node.kind in ("userTask", "callActivity"):
            made.add(node.properties.get("result") or node.id)
        if node.event == "message":
            made.add(node.id)
        if node.repetition:
            made.update({node.repetition.item, node.repetition.output})
    return frozenset(made - {""})


def questions_are_whole(drawing: Drawing) -> Iterator[Problem]:
    questions = {node.id for node in drawing.nodes if node.kind == "userTask"}
    for node in drawing.nodes:
        if node.kind != "userTask":
            continue
        given = node.properties
        for key, zh, en in (("form", "表单", "form"), ("role", "候选岗位", "role")):
            if not given.get(key):
                yield drawing.found("error", f"no-{key}", node.id, f"用户任务「{{name}}」没有指定{zh}（{key}）",
                                    f"the user task “{{name}}” names no {en}")  # fmt: skip
        form = given.get("form")
        if form and drawing.description is not None and form not in drawing.forms:
            yield drawing.found("error", "unknown-form", node.id, "「{name}」：没有表单 {form}{hint}",
                                "“{name}”: there is no form {form}{hint}", form=form, hint=nearest(form, drawing.forms))  # fmt: skip
        for key, known, zh, en in (
            ("role", drawing.registry.roles, "岗位", "role"),
            ("permission", drawing.registry.permissions, "权限", "permission"),
        ):
            if given.get(key) and given[key] not in known:
                yield drawing.found(
                    "error", f"unknown-{key}", node.id, f"「{{name}}」：没有{zh} {{value}}{{hint}}",
                    f"“{{name}}”: there is no {en} {{value}}{{hint}}", value=given[key], hint=nearest(given[key], known),
                )  # fmt: skip
        yield from _manners(drawing, node, questions)


def _manners(drawing: Drawing, node: Node, questions: set[str]) -> Iterator[Problem]:
    given = node.properties
    for other in filter(None, (each.strip() for each in given.get("not_by", "").split(","))):
        if other == node.id or other not in questions | {_START}:
            yield drawing.found(
                "error", "not-by", node.id, "「{name}」的 not_by：{other} 不是本流程另一个用户任务的标识，也不是 start",
                "not_by of “{name}”: {other} is neither the id of another user task of this process nor start", other=other,
            )  # fmt: skip
    if within := given.get("within"):
        yield from _limit(drawing, node, within)
    priority = given.get("priority")
    if priority and not (priority.isascii() and priority.isdigit() and len(priority) < 4 and int(priority) <= 100):
        yield drawing.found("error", "priority", node.id, "「{name}」的 priority 须为 0 到 100 的整数，现为“{value}”",
                            "priority of “{name}” must be a whole number from 0 to 100, not “{value}”", value=priority)  # fmt: skip
    for key in sorted(given.keys() - _PROPERTIES):
        yield drawing.found(
            "warning", "unknown-property", node.id, "「{name}」：属性 {key} 不起作用{hint}",
            "“{name}”: the property {key} has no effect{hint}", key=key, hint=nearest(key, _PROPERTIES),
        )  # fmt: skip


def _limit(drawing: Drawing, node: Node, text: str) -> Iterator[Problem]:
    try:
        parse_limit(text)
    except Invalid as wrong:
        yield drawing.found("error", "time-limit", node.id, f"「{{name}}」：{wrong.message.zh}",
                            f"“{{name}}”: {wrong.message.en}")  # fmt: skip


def waits_are_told(drawing: Drawing) -> Iterator[Problem]:
    """Timers have a readable limit, messages a name."""
    for node in drawing.nodes:
        if node.event == "timer" and node.kind != "startEvent":
            if not names_variable(node.reference):
                yield from _limit(drawing, node, node.reference)
            elif drawing.description is not None and node.reference.partition(".")[0] not in produced(drawing):
                yield drawing.found(
                    "error", "time-limit", node.id, "「{name}」：没有步骤、任务或发起数据给出变量 {variable}",
                    "“{name}”: no step, task or start data gives the variable {variable}", variable=node.reference,
                )  # fmt: skip
        if node.event == "message" and not node.reference:
            yield drawing.found("error", "no-message", node.id, "「{name}」没有指明消息，或消息没有名称",
                                "“{name}” names no message, or the message has no name")  # fmt: skip


def calls_are_known(drawing: Drawing) -> Iterator[Problem]:
    for node in drawing.nodes:
        if node.kind == "callActivity":
            if not node.called:
                yield drawing.found("error", "no-call", node.id, "「{name}」没有指明调用哪个流程",
                                    "“{name}” does not say which process it calls")  # fmt: skip
            elif node.called not in drawing.known:
                yield drawing.found(
                    "error", "unknown-process", node.id, "「{name}」：没有流程 {called}{hint}",
                    "“{name}”: there is no process {called}{hint}", called=node.called, hint=nearest(node.called, drawing.known),
                )  # fmt: skip
        if node.repetition and node.repetition.kind != "standard" and not node.repetition.collection:
            yield drawing.found("error", "no-collection", node.id, "「{name}」要逐项重复，但没有指明列表",
                                "“{name}” is repeated, but over no list")  # fmt: skip


RULES: Final = (steps_are_known, variables_are_given, questions_are_whole, waits_are_told, calls_are_known)
