"""Rules about how a diagram is drawn: beginnings and ends, flows, gateways, and what may not stand in it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from app.workflow.checking.graph import Node
from app.workflow.checking.report import Problem
from app.workflow.checking.rule import Drawing

_TAKEN: Final = ("Start", "End", "Root")
_REFUSED: Final = {
    "scriptTask": ("脚本任务", "script tasks", "改用服务任务", "use a service task"),
    "businessRuleTask": ("业务规则任务", "business rule tasks", "改用服务任务调用规则步骤", "use a service task that calls a rule step"),
    "complexGateway": ("复杂网关", "complex gateways", "改用排他、并行或包容网关", "use an exclusive, parallel or inclusive gateway"),
    "adHocSubProcess": ("即兴子流程", "ad-hoc sub-processes", "改用普通子流程", "use an ordinary sub-process"),
    "transaction": ("事务子流程", "transactions", "改用普通子流程，出错处放错误边界事件", "use a sub-process with an error at its edge"),
    "task": ("未指明类型的任务", "tasks without a type", "改为用户任务或服务任务", "make it a user task or a service task"),
    "manualTask": ("手工任务", "manual tasks", "改为用户任务，系统才知道何时办完", "make it a user task, so that its end is known"),
}  # fmt: skip
_EVENTS_RUN: Final = frozenset({"", "timer", "message", "error", "escalation", "terminate", "compensate"})
_DECIDING: Final = ("exclusiveGateway", "inclusiveGateway")


def process_is_named(drawing: Drawing) -> Iterator[Problem]:
    processes = drawing.graph.processes
    if drawing.process not in processes:
        names = ", ".join(processes) or "—"
        yield drawing.found(
            "error", "process-id", "", "图中没有 id 为 {id} 的流程，只有：{names}",
            "the diagram has no process with the id {id}, only: {names}", id=drawing.process, names=names,
        )  # fmt: skip
    elif not processes[drawing.process]:
        yield drawing.found(
            "error", "not-executable", drawing.process, "流程 {name} 没有标为可执行（isExecutable）",
            "the process {name} is not marked as executable (isExecutable)",
        )  # fmt: skip
    for other in processes:
        if other != drawing.process and drawing.process in processes:
            yield drawing.found(
                "warning", "other-process", other, "泳池 {name} 只作说明，不会运行",
                "the pool {name} is drawn only and will not be run",
            )  # fmt: skip


def ids_are_unique(drawing: Drawing) -> Iterator[Problem]:
    for identity in drawing.graph.repeated:
        yield drawing.found("error", "duplicate-id", identity, "标识 {id} 被用了不止一次",
                         "the id {id} is used more than once", id=identity)  # fmt: skip
    for kind in drawing.graph.nameless:
        yield drawing.found("error", "no-id", "", "有一个 {kind} 没有标识（id）", "a {kind} has no id", kind=kind)
    for node in drawing.nodes:
        if node.id in _TAKEN:
            yield drawing.found("error", "taken-id", node.id, "标识 {id} 由引擎自用，请换一个",
                             "the id {id} is the engine's own; choose another", id=node.id)  # fmt: skip


def only_what_is_run(drawing: Drawing) -> Iterator[Problem]:
    for node in drawing.nodes:
        if node.kind in _REFUSED:
            zh, en, mend_zh, mend_en = _REFUSED[node.kind]
            yield drawing.found("error", "refused-element", node.id, f"「{{name}}」：不允许{zh}，{mend_zh}",
                             f"“{{name}}”: {en} are not allowed; {mend_en}")  # fmt: skip
        if node.by_event:
            yield drawing.found("error", "refused-element", node.id, "「{name}」：不支持事件子流程，改用边界事件",
                             "“{name}”: event sub-processes are not run; use boundary events")  # fmt: skip
        kinds = node.event.split("+")
        if len(kinds) > 1:
            yield drawing.found("error", "several-events", node.id, "「{name}」有不止一个事件定义，请拆成几个事件",
                             "“{name}” has more than one event definition; make several events of it")  # fmt: skip
        elif node.event not in _EVENTS_RUN:
            yield drawing.found(
                "error", "refused-element", node.id, "「{name}」：不支持 {kind} 事件，改用消息、定时或错误事件",
                "“{name}”: {kind} events are not run; use a message, a timer or an error", kind=node.event,
            )  # fmt: skip
        if node.repetition and node.repetition.kind == "standard":
            yield drawing.found("error", "refused-element", node.id, "「{name}」：不支持循环标记，用网关画出循环",
                             "“{name}”: loop markers are not run; draw the loop with a gateway")  # fmt: skip


def begins_and_ends(drawing: Drawing) -> Iterator[Problem]:
    for scope in drawing.scopes:
        inside = drawing.graph.within(scope)
        if scope != drawing.process and drawing.graph.nodes[scope].kind == "adHocSubProcess":
            continue
        starts = [node for node in inside if node.kind == "startEvent"]
        if not starts:
            yield drawing.found("error", "no-start", scope, "「{name}」没有开始事件", "“{name}” has no start event")
        for node in starts[1:]:
            yield drawing.found("error", "several-starts", node.id, "「{name}」是多余的开始事件：每个流程只能有一个",
                             "“{name}” is one start event too many: a process has one")  # fmt: skip
        for node in starts:
            if node.event:
                yield drawing.found(
                    "error", "start-kind", node.id, "开始事件「{name}」须为普通开始：流程由程序或人员发起，不由消息或定时发起",
                    "the start “{name}” must be a plain one: processes are started by people or programs, not by messages or timers",
                )  # fmt: skip
        if not any(node.kind == "endEvent" for node in inside):
            yield drawing.found("error", "no-end", scope, "「{name}」没有结束事件", "“{name}” has no end event")


def flows_are_whole(drawing: Drawing) -> Iterator[Problem]:
    nodes = drawing.graph.nodes
    for flow in drawing.flows:
        source, target = nodes.get(flow.source), nodes.get(flow.target)
        if source is None or target is None:
            yield drawing.found("error", "loose-flow", flow.id, "连线「{name}」有一端没有接在元素上",
                             "the flow “{name}” is not tied to an element at both ends")  # fmt: skip
        elif source.scope != target.scope:
            yield drawing.found("error", "loose-flow", flow.id, "连线「{name}」穿过了子流程的边界",
                             "the flow “{name}” crosses the border of a sub-process")  # fmt: skip
    for node in drawing.nodes:
        into, out = drawing.graph.into(node.id), drawing.graph.out_of(node.id)
        if node.kind == "endEvent" and out:
            yield drawing.found("error", "after-the-end", node.id, "结束事件「{name}」之后还有连线",
                             "a flow leads out of the end “{name}”")  # fmt: skip
        if node.kind in ("startEvent", "boundaryEvent") and into:
            yield drawing.found("error", "before-the-start", node.id, "连线不能进入「{name}」：它是由事件触发的",
                             "no flow may lead into “{name}”: it is set off by an event")  # fmt: skip
        if _needs_way_out(node) and not out:
            yield drawing.found("error", "dead-end", node.id, "「{name}」之后没有连线，也不是结束事件",
                             "nothing follows “{name}”, and it is not an end")  # fmt: skip
        if len(out) > 1 and not node.kind.endswith("Gateway"):
            yield drawing.found("error", "split-without-gateway", node.id, "「{name}」有多条出线，请用网关分支",
                             "several flows leave “{name}”; use a gateway to split")  # fmt: skip


def _needs_way_out(node: Node) -> bool:
    return not (node.kind == "endEvent" or node.by_event or node.compensating or node.event == "compensate")


def everything_is_reached(drawing: Drawing) -> Iterator[Problem]:
    for scope in drawing.scopes:
        inside = drawing.graph.within(scope)
        reached: set[str] = set()
        queue = [node.id for node in inside if node.kind == "startEvent"]
        if not queue:
            continue
        while queue:
            each = queue.pop()
            if each not in reached:
                reached.add(each)
                queue += [flow.target for flow in drawing.graph.out_of(each)]
                queue += [edge.id for edge in drawing.graph.edges_of(each)]
        for node in inside:
            if node.id not in reached and not (node.by_event or node.compensating):
                yield drawing.found(
                    "error", "unreachable", node.id, "没有任何路径通到「{name}」", "no way leads to “{name}”"
                )


def events_are_told(drawing: Drawing) -> Iterator[Problem]:
    for node in drawing.nodes:
        if node.kind == "boundaryEvent" and node.attached not in drawing.graph.nodes:
            yield drawing.found("error", "loose-boundary", node.id, "边界事件「{name}」没有附在任务上",
                             "the boundary event “{name}” is not attached to a task")  # fmt: skip
        if node.kind in ("boundaryEvent", "intermediateCatchEvent") and not node.event:
            yield drawing.found("error", "event-without-kind", node.id, "「{name}」没有说明等待什么（消息、定时或错误）",
                             "“{name}” does not say what it waits for (a message, a time, an error)")  # fmt: skip
        if node.kind == "eventBasedGateway":
            out = drawing.graph.out_of(node.id)
            targets = [drawing.graph.nodes.get(flow.target) for flow in out]
            if len(out) < 2 or any(
                each and each.kind not in ("intermediateCatchEvent", "receiveTask") for each in targets
            ):
                yield drawing.found(
                    "error", "event-gateway", node.id, "事件网关「{name}」之后须至少有两个等待消息或定时的事件",
                    "at least two events that wait for a message or a time must follow the event gateway “{name}”",
                )  # fmt: skip


def gateways_decide(drawing: Drawing) -> Iterator[Problem]:
    for node in drawing.nodes:
        if node.kind not in _DECIDING:
            continue
        out = drawing.graph.out_of(node.id)
        if len(out) < 2:
            continue
        default = next((flow for flow in out if flow.id == node.default), None)
        if default is None:
            yield drawing.found(
                "error", "no-default", node.id, "网关「{name}」没有默认出线：条件都不成立或无法判断时无路可走",
                "the gateway “{name}” has no default flow: there is no way when no condition holds or none can be judged",
            )  # fmt: skip
        elif default.condition:
            yield drawing.found("warning", "default-condition", default.id, "默认出线「{name}」上的条件不起作用",
                             "the condition on the default flow “{name}” has no effect")  # fmt: skip
        for flow in out:
            if flow is not default and not flow.condition:
                yield drawing.found("error", "no-condition", flow.id, "出线「{name}」没有条件，也不是默认出线",
                                 "the flow “{name}” out of a gateway has no condition and is not the default")  # fmt: skip
            if not flow.name.strip():
                yield drawing.found("warning", "unnamed-flow", flow.id, "出线「{name}」没有名称，请写明何时走这条",
                                 "the flow “{name}” has no name; say when it is taken")  # fmt: skip


def everything_is_drawn(drawing: Drawing) -> Iterator[Problem]:
    """Only where there is a picture at all: a diagram without one is made by a program."""
    boxes = drawing.graph.shapes
    if not boxes:
        yield drawing.found("warning", "not-drawn", "", "文件没有图形信息，打开后看不到图", "the file has no drawing")
        return
    for node in drawing.nodes:
        if node.id not in boxes:
            yield drawing.found("warning", "not-drawn", node.id, "「{name}」没有画在图上", "“{name}” is not drawn")
    for flow in drawing.flows:
        if flow.id not in drawing.graph.drawn:
            yield drawing.found(
                "warning", "not-drawn", flow.id, "连线「{name}」没有画在图上", "the flow “{name}” is not drawn"
            )
    for scope in drawing.scopes:
        placed = [node for node in drawing.graph.within(scope) if node.id in boxes and node.kind != "boundaryEvent"]
        placed.sort(key=lambda node: boxes[node.id].x)
        for number, node in enumerate(placed):
            box = boxes[node.id]
            for other in placed[number + 1 : number + 60]:
                if boxes[other.id].x >= box.x + box.width:
                    break
                if box.overlaps(boxes[other.id]):
                    yield drawing.found("warning", "overlap", other.id, "「{name}」与「{other}」叠在一起",
                                     "“{name}” lies on top of “{other}”", other=drawing.graph.label(node.id))  # fmt: skip


RULES: Final = (
    process_is_named,
    ids_are_unique,
    only_what_is_run,
    begins_and_ends,
    flows_are_whole,
    everything_is_reached,
    events_are_told,
    gateways_decide,
    everything_is_drawn,
)
