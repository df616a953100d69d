"""Plays the cases of a process on the engine that will run it: what goes in, who answers what, how much time passes, and
the path, end, clocks and data that must come out.

A case is a mapping: `name` {zh, en}, `data`, `results` by step or element, `answers` by element, `by` (who answers),
`refused` (elements whose only candidates have had a hand in what they would check), `messages`, `wait`, `at`; and expected
`path`, `end`, `clocks`, `expect` (variables). Results and answers may be lists: one for each time. docs/manual/processes.md has them all.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from app.core import clock
from app.core.text import Text
from app.workflow.checking.fitting import misfit
from app.workflow.checking.graph import Graph, read_graph
from app.workflow.checking.timing import Times, beginning, span
from app.workflow.content import Definition
from app.workflow.engine import Question, Run, StepCall

_KEYS: Final = frozenset(
    {"name", "data", "results", "answers", "by", "refused", "messages", "wait", "at", "path", "end", "clocks", "expect"}
)
_MOST_ROUNDS: Final = 200
_PASSED: Final = ("callActivity", "endEvent")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a case: what differs from what it says, and the work and ends that it passed, in order."""

    name: Text
    faults: tuple[Text, ...]
    passed: tuple[str, ...] = ()


def run_cases(defined: Definition) -> list[Outcome]:
    """Every case of a definition, played."""
    graph = read_graph(defined.xml)
    return [run_case(defined, graph, case, number) for number, case in enumerate(defined.cases, 1)]


def case_faults(defined: Definition) -> Iterator[Text]:
    """What is wrong with the cases of a definition, each with the name of its case."""
    outcomes = run_cases(defined)
    if not outcomes:
        yield Text("流程没有用例", "the process has no cases")
    for outcome in outcomes:
        for fault in outcome.faults:
            yield Text(f"用例“{outcome.name.zh}”：{fault.zh}", f"case “{outcome.name.en}”: {fault.en}")


def run_case(defined: Definition, graph: Graph, case: Any, number: int = 1) -> Outcome:
    """Play one case; whatever is wrong with it is a fault of the outcome, never an error."""
    name = Text(f"第 {number} 个", f"number {number}")
    try:
        name = Text.of(case["name"])
        play = _Play(defined, graph, case)
        play.run()
        return Outcome(name, tuple(play.faults()), tuple(play.passed()))
    except Exception as problem:  # a case is whatever an analyst has typed, and so is the diagram that it drives
        why = getattr(problem, "message", None) or Text(_said(problem), _said(problem))
        return Outcome(name, (Text(f"无法运行：{why.zh}", f"cannot be played: {why.en}"),))


def _said(problem: Exception) -> str:
    return f"{type(problem).__name__}: {problem}"[:300]


class _Play:
    """One case on its way."""

    def __init__(self, defined: Definition, graph: Graph, case: Mapping[str, Any]) -> None:
        self._defined, self._graph, self._case = defined, graph, case
        self._trouble: list[Text] = []
        self._used: Counter[str] = Counter()
        self._refused: list[str] = []
        self._doers: dict[str, set[str]] = {"start": {str((case.get("by") or {}).get("start", "start"))}}
        self._pending = [("message", each) for each in case.get("messages") or ()]
        self._pending += [("wait", each) for each in case.get("wait") or ()]
        self._seen: Counter[str] = Counter()
        self._stood: set[str] = set()
        self._done: Counter[str] = Counter()
        self._rounds: set[tuple[str, int]] = set()
        """visits by which a repeated task as a whole was left; its single runs are on the path already"""
        self.times = Times(graph, defined.content.description, beginning(case.get("at")))
        if "data" in case:
            self._complain_of_start(case["data"] or {})
        with clock.frozen(self.times.now):
            self._run: Run = defined.diagram.start(dict(case.get("data") or {}))
        self._look()

    def run(self) -> None:
        """Go on until the end, or until nothing that the case gives can move the process."""
        for _ in range(_MOST_ROUNDS):
            with clock.frozen(self.times.now):
                if self._run.finished or not (self._from_outside() or self._step() or self._question()):
                    break
        else:
            self._complain(f"超过 {_MOST_ROUNDS} 步仍未结束", f"has not ended after {_MOST_ROUNDS} steps")
        if not self._run.finished and not (self._refused and "end" not in self._case):
            self._explain_stop()

    def passed(self) -> list[str]:
        """The work and the ends behind us, in order."""
        counted: Counter[str] = Counter()
        found = []
        for visited in self._run.path():
            node = self._graph.nodes.get(visited)
            counted[visited] += 1
            if node is None or (visited, counted[visited]) in self._rounds:
                continue
            if node.kind.endswith("Task") or node.kind in _PASSED:
                found.append(visited)
        return found

    def faults(self) -> Iterator[Text]:
        """What differs from what the case says."""
        yield from self._trouble
        case, passed = self._case, self.passed()
        for key in sorted(set(case) - _KEYS):
            yield Text(f"不认识“{key}”", f"“{key}” is not known")
        work = [node for node in passed if self._graph.nodes[node].kind != "endEvent"]
        if "path" not in case:
            yield Text("没有写应走的路径（path）", "does not say which path is expected")
        elif work != list(case["path"]):
            yield self._differs(Text("路径", "path"), _way(list(case["path"])), _way(work))
        ends = [node for node in passed if node not in work]
        if "end" in case and case["end"] not in ends:
            yield self._differs(Text("结束", "end"), str(case["end"]), ", ".join(ends) or "—")
        states = self.times.states()
        for name, state in (case.get("clocks") or {}).items():
            if states.get(name) != state:
                yield self._differs(Text(f"时钟 {name}", f"clock {name}"), str(state), states.get(name, "—"))
        known = self._run.data
        for name, value in (case.get("expect") or {}).items():
            if known.get(name) != value:
                yield self._differs(Text(f"数据 {name}", f"data {name}"), repr(value), repr(known.get(name)))
        if sorted(set(case.get("refused") or ())) != sorted(set(self._refused)):
            wanted, got = ", ".join(case.get("refused") or ()) or "—", ", ".join(self._refused) or "—"
            yield self._differs(Text("因回避被拒", "refused to whom had a hand in it"), wanted, got)
        yield from self._left_over()

    def _differs(self, what: Text, wanted: str, got: str) -> Text:
        return Text(f"{what.zh}应为 {wanted}，实为 {got}", f"{what.en} expected {wanted}, got {got}")

    def _left_over(self) -> Iterator[Text]:
        """What the case gives and nothing has asked for."""
        for kind, each in self._pending:
            yield Text(f"没有用到：{kind} {dict(each)}", f"was never used: {kind} {dict(each)}")
        steps = {node.operator.step for node in self._graph.nodes.values() if node.operator}
        for name in self._case.get("results") or ():
            if name not in self._graph.nodes and name not in steps:
                yield Text(
                    f"results 中的 {name} 不是步骤也不是元素", f"{name} in results is neither a step nor an element"
                )
        for node, given in (self._case.get("answers") or {}).items():
            wanted, used = len(given) if isinstance(given, list) else 1, self._used[f"answers/{node}"]
            if used < wanted and node not in self._refused:
                yield Text(f"对 {node} 的答复没有用到", f"the answers to {node} were never asked for")

    def _from_outside(self) -> bool:
        """Send the first message or let the first span of time pass whose moment has come."""
        path = Counter(self._run.path())
        waited = {each.message for each in self._run.messages()}
        for number, (kind, each) in enumerate(self._pending):
            after = each.get("after", "start")
            done = self._used[f"{kind}/{after}"]
            if after != "start" and path[after] <= done:
                continue
            if kind == "message" and each["name"] not in waited:
                continue
            del self._pending[number]
            self._used[f"{kind}/{after}"] += 1
            if kind == "message":
                self._run.catch(each["name"], each.get("payload"))
                self._look()
            else:
                self._let_pass(each["for"])
            return True
        return False

    def _let_pass(self, given: Any) -> None:
        until = self.times.after(span(given))
        while (message := self.times.next_timer(self._run, until)) is not None:
            with clock.frozen(self.times.now):
                self._run.catch(message)
                self._look()
                # what a timer sets off by itself happens at that moment, not when the case has waited enough
                while self._step():
                    pass

    def _step(self) -> bool:
        call = next(iter(self._run.steps()), None)
        if call is None:
            return False
        result = self._result(call)
        if isinstance(result, Mapping) and set(result) == {"fail"}:
            if not self._run.fail(call.task_id, str(result["fail"])):
                code = str(result["fail"])
                raise ValueError(f"{call.node}: no boundary event catches the error {code}")
        else:
            self._done[call.node] += 1
            self._run.complete(call.task_id, call.result, result)
        self._look()
        return True

    def _result(self, call: StepCall) -> Any:
        results = self._case.get("results") or {}
        for key in (call.node, call.step):
            if key in results:
                return self._next("results", key, results[key])
        return {}

    def _next(self, where: str, key: str, given: Any) -> Any:
        """The next of a list, whose last stands for all that follow; anything else is the same each time."""
        turn = self._used[f"{where}/{key}"]
        self._used[f"{where}/{key}"] += 1
        if isinstance(given, list):
            return given[min(turn, len(given) - 1)] if given else {}
        return given

    def _question(self) -> bool:
        answers = self._case.get("answers") or {}
        for question in self._run.questions():
            if question.node not in answers:
                continue
            person = self._person(question)
            if person is None:
                continue
            given = self._next("answers", question.node, answers[question.node])
            self._complain_of_form(question, given or {})
            self._doers.setdefault(question.node, set()).add(person)
            self._done[question.node] += 1
            self._run.complete(question.task_id, question.result, given or {})
            self._look()
            return True
        return False

    def _person(self, question: Question) -> str | None:
        """Who answers; None where everyone whom the case names has had a hand in what is to be checked."""
        excluded = {doer for node in question.not_by for doer in self._doers.get(node, ())}
        named = (self._case.get("by") or {}).get(question.node)
        candidates = named if isinstance(named, list) else [named or f"who answers {question.node}"]
        for person in candidates:
            if str(person) not in excluded:
                return str(person)
            if question.node not in self._refused:
                self._refused.append(question.node)
        return None

    def _complain_of_form(self, question: Question, given: Mapping[str, Any]) -> None:
        if wrong := misfit(self._defined.content, question.form, given, self._run.data):
            self._complain(
                f"对 {question.node} 的答复不符合表单：{wrong.zh}",
                f"the answers to {question.node} do not fit the form: {wrong.en}",
            )

    def _complain_of_start(self, given: Mapping[str, Any]) -> None:
        """What a case begins with must be what the start form, where the process has one, would let in."""
        start = self._defined.content.description.get("start")
        named = start.get("form") if isinstance(start, Mapping) else None
        if named and (wrong := misfit(self._defined.content, str(named), given, {})):
            self._complain(f"发起数据不符合发起表单：{wrong.zh}", f"the data do not fit the start form: {wrong.en}")

    def _look(self) -> None:
        """Notice what was entered and left since the last look."""
        path, waiting = Counter(self._run.path()), set(self._run.waiting())
        left = list((path - self._seen).elements())
        for node in set(left) & self._done.keys():
            whole = sum(name == node for name, _ in self._rounds)
            if self._graph.nodes[node].repetition and path[node] - self._done[node] > whole:
                self._rounds.add((node, path[node]))
        entered = [*(node for node in left if node not in self._stood), *(waiting - self._stood)]
        self._seen, self._stood = path, waiting
        self.times.notice(self._run, entered, left)

    def _explain_stop(self) -> None:
        waits = ", ".join(self._run.waiting())
        asked = [each.node for each in self._run.questions() if each.node not in (self._case.get("answers") or {})]
        if asked:
            self._complain(
                f"停在 {waits}：没有给出 {', '.join(asked)} 的答复",
                f"stops at {waits}: no answers to {', '.join(asked)}",
            )
        else:
            self._complain(f"停在 {waits}，没有走到结束", f"stops at {waits} and does not come to an end")

    def _complain(self, zh: str, en: str) -> None:
        self._trouble.append(Text(zh, en))


def _way(nodes: list[Any]) -> str:
    return " → ".join(str(node) for node in nodes) or "—"
