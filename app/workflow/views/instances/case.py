"""One running process: where it stands, what happened, what it knows, and what may be done to it with a reason."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from flask import Blueprint, Response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app.core import clock
from app.core.db import unit_of_work
from app.core.errors import Conflict, CreditLinkError, Invalid, NotFound
from app.core.events import publish
from app.core.people import name_of
from app.core.registry import Registry
from app.core.text import Text
from app.web.access import may, permission
from app.web.toasts import toast
from app.web.words import say, t
from app.workflow import intervention
from app.workflow.clocks import nearness
from app.workflow.models import ENDED, ProcessInstance, ProcessTask
from app.workflow.permissions import INSTANCES, OPERATE, REVEAL, WORK
from app.workflow.titles import element_titles, task_title
from app.workflow.versions import version
from app.workflow.views.instances import mending, reading, sight, wording

_DONE: Final = {
    "retry": Text("已重新执行该步骤", "The step runs again"),
    "repair": Text("数据已修正，步骤重新执行", "The data are repaired and the step runs again"),
    "skip": Text("已跳过该步骤", "The step is skipped"),
    "suspend": Text("流程已暂停", "The process is suspended"),
    "resume": Text("流程已恢复", "The process goes on"),
    "cancel": Text("流程已终止", "The process is cancelled"),
    "move": Text("位置已移动", "It has been moved"),
}


@dataclass(frozen=True, slots=True)
class TaskLine:
    """A task on the page: with what it was given and what came of it where the reader may intervene."""

    task: ProcessTask
    given: tuple[sight.Known, ...] = ()
    got: tuple[sight.Known, ...] = ()
    parameters: tuple[mending.MendField, ...] = ()
    results: tuple[mending.MendField, ...] = ()


class CasePages:
    """The pages of one instance, which know the steps that were announced."""

    def __init__(self, registry: Registry) -> None:
        self.registry = registry

    def _page(self, instance_id: str, problem: Text | None = None, *, clear: bool = False) -> str:
        instance = reading.instance_of(instance_id)
        operate = may(OPERATE)
        defined, row = version(instance.version), reading.version_row(instance.version)
        tasks, clocks = reading.tasks_of(instance.id), reading.clocks_of(instance.id)
        titles = element_titles(instance.version, self.registry)
        shown = {node: say(title) for node, title in titles.items()}

        def titled(task: ProcessTask) -> Text:
            return task_title(task.title, task.node, titles)

        return render_template(
            "workflow/instance.html",
            instance=instance,
            title=defined.title,
            number=row.number,
            problem=problem,
            typed=request.form,
            words=wording,
            ended=instance.status in ENDED,
            marks=reading.marks_of(instance, tasks, bytes(row.xml)),
            caller=reading.caller_of(instance),
            called=reading.called_from(instance.id),
            lines=[self._line(task, operate, clear) for task in tasks],
            clocks=clocks,
            happened=reading.timeline_of(
                instance, tasks, clocks, {**shown, **_version_words(instance)}, titled, with_words=may(WORK)
            ),
            task_title=titled,
            operate=operate,
            clear=clear,
            may_reveal=operate and may(REVEAL),
            data=sight.data_of(instance, clear=clear) if operate else (),
            places=reading.places_of(defined, titles),
            now=clock.now(),
            nearness=nearness,
            name_of=name_of,
            role_title=self._role_title,
        )

    def _line(self, task: ProcessTask, operate: bool, clear: bool) -> TaskLine:
        if not operate:
            return TaskLine(task)
        given, got = sight.given_and_got(task, clear=clear)
        if task.status != "failed" or task.kind != "step":
            return TaskLine(task, given, got)
        defined = version(reading.instance_of(task.instance_id).version)
        parameters = mending.parameter_fields(task, self.registry, clear=clear)
        return TaskLine(task, given, got, parameters, mending.result_fields(task, defined))

    def _role_title(self, name: str) -> Text:
        role = self.registry.roles.get(name)
        return role.title if role else Text(name, name)

    def one(self, instance_id: str) -> ResponseReturnValue:
        """The instance as it now is."""
        return self._page(instance_id)

    def reveal(self, instance_id: str) -> ResponseReturnValue:
        """The same page with the values in the clear, for who holds that grant too; that it was seen is told."""
        instance = reading.instance_of(instance_id)
        publish(sight.InstanceDataSeen(instance.id, instance.process, instance.business_key))
        answer = Response(self._page(instance_id, clear=True))
        answer.headers["Cache-Control"] = "no-store"
        return answer

    def act(self, instance_id: str, act: str) -> ResponseReturnValue:
        """Do something to the instance, or show its page as it is with what hinders."""
        instance = reading.instance_of(instance_id)
        if act not in _DONE:
            raise NotFound("workflow.act", Text("没有这种操作", "There is no such act"))
        try:
            with unit_of_work():
                self._acts(instance, act)()
        except CreditLinkError as problem:
            return self._page(instance_id, problem.message), problem.status
        toast(_DONE[act])
        return redirect(url_for("workflow.instances_one", instance_id=instance_id))

    def _acts(self, instance: ProcessInstance, act: str) -> Callable[[], Any]:
        reason = request.form.get("reason", "")
        if act in ("suspend", "resume", "cancel"):
            whole = {
                "suspend": intervention.suspend,
                "resume": intervention.resume,
                "cancel": intervention.cancel,
            }[act]
            return lambda: whole(instance.id, reason)
        if instance.status == "suspended":
            raise Conflict("workflow.suspended", Text("该流程已暂停，请先恢复", "It is suspended; resume it first"))
        task = _task_of(instance, request.form.get("task", ""))
        if act == "retry":
            return lambda: intervention.retry(task.id, reason)
        if act == "repair":
            fields = mending.parameter_fields(task, self.registry, clear=False)
            values = mending.typed(fields, request.form, "param-")
            if not values:
                raise Invalid("workflow.nothing_mended", Text("请至少填写一项新值", "Give at least one new value"))
            return lambda: intervention.repair(task.id, values, reason)
        if act == "skip":
            result = self._result(task, instance)
            return lambda: intervention.skip(task.id, result, reason)
        place = request.form.get("place", "")
        if place not in {node for node, _ in reading.places_of(version(instance.version), {})}:
            raise Invalid("workflow.no_such_place", Text("请选择要移到的节点", "Choose the element to move to"))
        return lambda: intervention.move(task.id, place, reason)

    def _result(self, task: ProcessTask, instance: ProcessInstance) -> Any:
        whole = request.form.get("result", "").strip()
        if whole:
            try:
                return json.loads(whole)
            except ValueError:
                raise Invalid(
                    "workflow.mend_field", Text("步骤结果不是合法的 JSON", "The result is not valid JSON")
                ) from None
        fields = mending.result_fields(task, version(instance.version))
        return mending.typed(fields, request.form, "result-") or None


def _version_words(instance: ProcessInstance) -> dict[str, str]:
    """What acts call versions, and what people do."""
    numbers = wording.version_numbers(instance.process)
    return {version_hash[:8]: t(f"第 {number} 版", f"version {number}") for version_hash, number in numbers.items()}


def _task_of(instance: ProcessInstance, task_id: str) -> ProcessTask:
    found = next((each for each in reading.tasks_of(instance.id) if each.id == task_id), None)
    if found is None:
        raise NotFound("workflow.task", Text("没有这个任务", "There is no such task"))
    return found


def add_to(blueprint: Blueprint, registry: Registry) -> None:
    pages = CasePages(registry)

    @permission(INSTANCES)
    def drawing(version_hash: str) -> ResponseReturnValue:
        """The diagram of a version, in the reader's language."""
        row = reading.version_row(version_hash)
        return Response(reading.worded(bytes(row.xml), registry), mimetype="application/xml")

    @permission(INSTANCES)
    def one(instance_id: str) -> ResponseReturnValue:
        return pages.one(instance_id)

    @permission(REVEAL)
    def reveal(instance_id: str) -> ResponseReturnValue:
        return pages.reveal(instance_id)

    @permission(OPERATE)
    def act(instance_id: str, act: str) -> ResponseReturnValue:
        return pages.act(instance_id, act)

    blueprint.add_url_rule("/diagrams/<version_hash>.bpmn", "instances_bpmn", drawing)
    blueprint.add_url_rule("/instances/<instance_id>", "instances_one", one)
    blueprint.add_url_rule("/instances/<instance_id>/reveal", "instances_reveal", reveal, methods=["POST"])
    blueprint.add_url_rule("/instances/<instance_id>/<act>", "instances_act", act, methods=["POST"])
