"""Changed words are marked, and nothing is lost or made up by marking them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from app.rules.reader.marking import marked

TEXTS = st.text(alphabet="账户关闭日期不早于 \n.,()'ABab01=<", max_size=60)


@given(TEXTS, TEXTS)
def test_both_texts_are_told_whole_and_what_stayed_is_the_same_on_both_sides(before: str, after: str) -> None:
    old, new = marked(before, after)

    assert "".join(span.text for span in old) == before
    assert "".join(span.text for span in new) == after
    assert {span.change for span in old} <= {"same", "gone"}
    assert {span.change for span in new} <= {"same", "new"}
    if before == after:
        assert all(span.change == "same" for span in (*old, *new))
    else:
        assert any(span.change != "same" for span in (*old, *new))


def test_names_stay_whole_and_chinese_is_told_sign_by_sign() -> None:
    old, new = marked("要求H.CloseDate不早于B.RptDate", "要求H.OpenDate不晚于B.RptDate")

    assert [span.text for span in old if span.change == "gone"] == ["H.CloseDate", "早"]
    assert [span.text for span in new if span.change == "new"] == ["H.OpenDate", "晚"]
