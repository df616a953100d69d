"""Cases of processes, played: results, answers, errors, messages, four-eyes, passing time and clocks; and what fails, in words."""

from __future__ import annotations

from typing import Any

import pytest
from sketch import content

from app.workflow.checking import case_faults
from app.workflow.content import compiled

NAME = {"zh": "一", "en": "one"}
FACTS = {"checked": {"fine": "bool"}, "asked": {"yes": "bool"}}
LOOP = """
    start S
    x M
    service C step=test.check result=checked value=key
    x G
    user A form=test/ask role=reviewer result=asked
    end E
    S > M > C > G
    G > E : checked.fine
    G >> A
    A > M
"""
FORM = {
    "id": "ask", "type": "default", "schemaVersion": 17, "title": {"zh": "补正", "en": "Mend"},
    "components": [
        {"id": "a", "type": "textfield", "key": "reason", "label": "理由", "label_en": "Reason",
         "validate": {"required": True, "minLength": 2}},
    ],
}  # fmt: skip


def faults(text: str, case: dict[str, Any], **described: Any) -> list[str]:
    made = content(text, {"name": NAME, **case}, facts=FACTS, **described)
    found = list(case_faults(compiled(made)))
    assert all(each.zh.startswith("用例“一”：") for each in found)
    return [each.en.removeprefix("case “one”: ") for each in found]


def test_lists_of_results_and_answers_are_taken_one_for_each_time() -> None:
    case = {
        "results": {"test.check": [{"fine": False}, {"fine": False}, {"fine": True}]},
        "answers": {"A": [{"reason": "first"}, {"reason": "second"}]},
        "path": ["C", "A", "C", "A", "C"],
        "end": "E",
        "expect": {"asked": {"reason": "second"}},
    }
    assert faults(LOOP, case) == []


def test_results_by_element_go_before_those_by_step() -> None:
    case = {"results": {"test.check": {"fine": False}, "C": {"fine": True}}, "path": ["C"], "end": "E"}
    assert faults(LOOP, case) == []


FAILING: dict[str, tuple[dict[str, Any], str]] = {
    "another path": ({"path": ["C", "A"], "end": "E"}, "path expected C → A, got C"),
    "another end": ({"path": ["C"], "end": "F"}, "end expected F, got E"),
    "other data": ({"path": ["C"], "end": "E", "expect": {"checked": 1}}, "data checked expected 1, got {'fine': True}"),
    "an answer too many": ({"path": ["C"], "end": "E", "answers": {"A": {}}}, "the answers to A were never asked for"),
    "a step that is not there": (
        {"path": ["C"], "end": "E", "results": {"C": {"fine": True}, "test.x": {}}},
        "test.x in results is neither a step nor an element",
    ),
    "a word that is not known": ({"path": ["C"], "end": "E", "ende": "E"}, "“ende” is not known"),
    "no path": ({"end": "E"}, "does not say which path is expected"),
    "a message that nobody awaits": (
        {"path": ["C"], "end": "E", "messages": [{"name": "Paid"}]},
        "was never used: message {'name': 'Paid'}",
    ),
    "another clock": ({"path": ["C"], "end": "E", "clocks": {"c": "met"}}, "clock c expected met, got —"),
    "a refusal that did not come": ({"path": ["C"], "end": "E", "refused": ["A"]}, "refused to whom had a hand in it expected A, got —"),
}  # fmt: skip


@pytest.mark.parametrize(("case", "words"), FAILING.values(), ids=FAILING)
def test_what_differs_is_said(case: dict[str, Any], words: str) -> None:
    assert words in faults(LOOP, {"results": {"C": {"fine": True}}, **case})


def test_a_case_that_stops_says_where_and_what_it_lacks() -> None:
    found = faults(LOOP, {"results": {"C": {"fine": False}}, "path": ["C"], "end": "E"})
    assert "stops at A: no answers to A" in found
    assert "end expected E, got —" in found


def test_a_case_that_goes_round_for_ever_ends() -> None:
    text = "start S\nx M\nservice C step=test.check result=checked\nx G\nend E\nS > M > C > G\nG > E : checked.fine\nG >> M"
    assert "has not ended after 200 steps" in faults(text, {"path": [], "end": "E"})


@pytest.mark.parametrize(
    "case", [[], "text", 3, None, {}, {"name": "one"}, {"name": NAME, "data": 3}, {"name": NAME, "wait": 7}]
)
def test_a_case_that_is_none_is_a_fault(case: Any) -> None:
    found = list(case_faults(compiled(content(LOOP, case, facts=FACTS))))
    assert found
    assert all(each.zh and each.en for each in found)


def test_answers_must_fit_the_form() -> None:
    case = {
        "results": {"test.check": [{"fine": False}, {"fine": True}]},
        "answers": {"A": {"reason": "x", "strange": 1}},
        "path": ["C", "A", "C"],
        "end": "E",
    }
    [told] = faults(LOOP, case, forms={"test/ask": FORM})
    assert told.startswith("the answers to A do not fit the form:")
    assert "Reason" in told
    assert faults(LOOP, {**case, "answers": {"A": {"reason": "mended"}}}, forms={"test/ask": FORM}) == []


ERROR = """
    start S
    service C step=test.check result=checked
    edge X on=C error=GONE
    user A role=reviewer form=test/ask
    end E
    end F
    S > C > E
    X > A > F
"""


def test_a_step_that_fails_goes_the_way_of_its_error_event() -> None:
    case = {"results": {"C": {"fail": "GONE"}}, "answers": {"A": {}}, "path": ["A"], "end": "F"}
    assert faults(ERROR, case) == []


def test_an_error_that_nothing_catches_is_said() -> None:
    [told] = faults(ERROR, {"results": {"C": {"fail": "OTHER"}}, "path": [], "end": "F"})
    assert "C: no boundary event catches the error OTHER" in told


MESSAGE = """
    start S
    service C step=test.check result=checked
    catch W message=Paid
    end E
    S > C > W > E
"""


def test_a_message_comes_after_the_element_that_it_waits_for() -> None:
    case = {"messages": [{"name": "Paid", "after": "C", "payload": {"sum": 3}}], "path": ["C"], "end": "E"}
    assert faults(MESSAGE, {**case, "expect": {"W": {"sum": 3}}}) == []
    assert "stops at W and does not come to an end" in faults(MESSAGE, {"path": ["C"], "end": "E"})


FOUR_EYES = """
    start S
    user A role=reviewer form=test/ask
    user B role=reviewer form=test/ask not_by=A,start
    end E
    S > A > B > E
"""
BOTH = {"answers": {"A": {}, "B": {}}, "path": ["A", "B"], "end": "E"}


def test_who_is_not_named_is_somebody_else() -> None:
    assert faults(FOUR_EYES, BOTH) == []


def test_a_second_person_may_do_what_the_first_is_refused() -> None:
    assert faults(FOUR_EYES, {**BOTH, "by": {"A": "lin", "B": ["lin", "zhou"]}, "refused": ["B"]}) == []
    assert faults(FOUR_EYES, {**BOTH, "by": {"start": "lin", "B": ["lin", "zhou"]}, "refused": ["B"]}) == []


def test_a_case_may_end_with_the_refusal() -> None:
    case = {"answers": {"A": {}, "B": {}}, "by": {"A": "lin", "B": "lin"}, "refused": ["B"], "path": ["A"]}
    assert faults(FOUR_EYES, case) == []


def test_a_refusal_that_the_case_does_not_expect_is_said() -> None:
    found = faults(FOUR_EYES, {**BOTH, "by": {"A": "lin", "B": "lin"}})
    assert "refused to whom had a hand in it expected —, got B" in found


TIMED = """
    start S
    user A role=reviewer form=test/ask
    edge T on=A timer=3_working_days
    user B role=reviewer form=test/ask
    x M
    end E
    S > A > M > E
    T > B > M
"""
CLOCKS = {
    "whole": {"title": NAME, "kind": "statutory", "from": "start", "within": "10 days"},
    "mending": {"title": NAME, "kind": "house", "from": "B", "until": ["B"], "within": "1 day"},
    "first": {"title": NAME, "kind": "house", "from": "A", "until": ["A"], "within": "2 days"},
}


def timed(case: dict[str, Any]) -> list[str]:
    return faults(TIMED, {"end": "E", **case}, clocks=CLOCKS)


def test_without_waiting_nothing_falls_due() -> None:
    case = {"answers": {"A": {}}, "path": ["A"], "clocks": {"whole": "met", "first": "met"}}
    assert timed(case) == []
    assert timed({**case, "clocks": {"mending": "met"}}) == ["clock mending expected met, got —"]


def test_a_timer_falls_due_when_enough_time_has_passed() -> None:
    case = {
        "wait": [{"after": "start", "for": "3 working days"}],
        "answers": {"B": {}},
        "path": ["B"],
        "clocks": {"whole": "met", "first": "missed", "mending": "met"},
    }
    assert timed(case) == []
    assert timed({**case, "at": "2026-03-05 09:00", "wait": [{"after": "S", "for": "4 days"}]}) != []


def test_working_days_are_those_of_the_calendar() -> None:
    friday = {"at": "2026-03-06 15:00", "wait": [{"after": "S", "for": "3 days"}], "answers": {"A": {}}, "path": ["A"]}
    assert timed({**friday, "clocks": {"first": "missed"}}) == []


def test_clocks_run_out_at_their_own_time_while_a_case_waits() -> None:
    case = {
        "wait": [{"after": "S", "for": "15 days"}],
        "answers": {"B": {}},
        "path": ["B"],
        "clocks": {"whole": "missed", "first": "missed", "mending": "missed"},
    }
    assert timed(case) == []


def test_time_that_cannot_be_read_is_said() -> None:
    [told] = timed({"wait": [{"after": "S", "for": "a while"}], "answers": {"A": {}}, "path": ["A"]})
    assert "a while" in told


def test_a_process_without_cases_is_said_to_have_none() -> None:
    [told] = case_faults(compiled(content(LOOP, facts=FACTS)))
    assert told.en == "the process has no cases"


def test_work_inside_a_sub_process_and_for_each_of_a_list_is_on_the_path() -> None:
    text = """
        start S
        sub P
          start S2
          user A role=reviewer form=test/ask
          end E2
          S2 > A > E2
        user B role=reviewer form=test/ask result=said many=people
        end E
        S > P > B > E
    """
    case = {"data": {"people": ["lin", "zhou"]}, "answers": {"A": {}, "B": [{"n": 1}, {"n": 2}]}, "end": "E"}
    assert faults(text, {**case, "path": ["A", "B", "B"]}) == []


def test_of_two_events_the_first_that_happens_decides() -> None:
    text = """
        start S
        e G
        catch W message=Paid
        catch T timer=P1D
        end E
        end F
        S > G > W > E
        G > T > F
    """
    assert faults(text, {"messages": [{"name": "Paid"}], "path": [], "end": "E"}) == []
    assert faults(text, {"wait": [{"after": "S", "for": "2 days"}], "path": [], "end": "F"}) == []


def test_a_timer_that_takes_its_time_from_a_variable_falls_due_then() -> None:
    text = "start S\ncatch T timer=granted.until\nend E\nS > T > E"
    case = {"data": {"granted": {"until": "2026-03-20"}}, "path": [], "end": "E"}
    assert faults(text, {**case, "wait": [{"after": "S", "for": "18 days"}]}) == []
    assert "stops at T and does not come to an end" in faults(
        text, {**case, "wait": [{"after": "S", "for": "17 days"}]}
    )


def test_what_a_case_begins_with_must_fit_the_start_form() -> None:
    forms, start = {"test/begin": FORM}, {"form": "test/begin"}
    case = {"results": {"test.check": {"fine": True}}, "path": ["C"], "end": "E"}
    assert faults(LOOP, {**case, "data": {"reason": "why"}}, forms=forms, start=start) == []
    assert faults(LOOP, case, forms=forms, start=start) == [], "a process that calls this one gives what it has"
    for data, words in (({"reason": "x"}, "Reason"), ({"reason": "why", "raeson": 1}, "raeson"), ({}, "Reason")):
        (told,) = faults(LOOP, {**case, "data": data}, forms=forms, start=start)
        assert told.startswith("the data do not fit the start form: ")
        assert words in told
