"""What a list makes of the address line, whatever stands in it."""

from __future__ import annotations

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from app.core.text import Text
from app.web.listing import Column, Filter, Listing, Page, csv_answer, like_pattern

LISTING = Listing(
    columns=(
        Column("code", Text("代码", "Code"), sortable=True),
        Column("lines", Text("行", "Lines"), sortable=True, number=True),
        Column("secret", Text("密", "Secret")),
    ),
    order="-lines",
    filters=(
        Filter("q", Text("搜索", "Search")),
        Filter("state", Text("状态", "State"), options=(("open", Text("开", "Open")), ("shut", Text("关", "Shut")))),
    ),
)


def test_nothing_given_is_the_list_s_own_order() -> None:
    query = LISTING.read({})
    assert (query.sort, query.descending, query.page, query.size, query.filters) == ("lines", True, 1, 50, {})


@given(st.dictionaries(st.sampled_from(["sort", "page", "size", "q", "state"]), st.text(max_size=300)))
def test_anything_given_is_a_usable_wish(given_arguments: dict[str, str]) -> None:
    query = LISTING.read(given_arguments)
    assert query.sort in ("code", "lines")
    assert 1 <= query.page <= 100_000
    assert query.size in (25, 50, 100, 200)
    assert query.filters.get("state", "open") in ("open", "shut")
    assert len(query.filters.get("q", "")) <= 200


def test_unsortable_columns_are_not_sorted_by() -> None:
    assert LISTING.read({"sort": "secret"}).sort == "lines"


def test_addresses_keep_what_is_not_theirs() -> None:
    with Flask("x").test_request_context("/list?state=open&tab=2&page=3&sort=code"):
        query = LISTING.read()
        assert query.url(page=4) == "/list?tab=2&state=open&sort=code&page=4"
        assert query.sort_url("code") == "/list?tab=2&state=open&sort=-code"
        assert query.sort_url("lines") == "/list?tab=2&state=open&sort=lines"
        assert query.at("/list.csv") == "/list.csv?state=open"


@pytest.mark.parametrize(
    ("page", "total", "nearby"),
    [
        (1, 0, (1,)),
        (1, 51, (1, 2)),
        (6, 1000, (1, None, 4, 5, 6, 7, 8, None, 20)),
        (20, 1000, (1, None, 18, 19, 20)),
    ],
)
def test_page_numbers_worth_a_link(page: int, total: int, nearby: tuple[int | None, ...]) -> None:
    assert Page(LISTING.read({"page": str(page)}), (), total).nearby == nearby


def test_like_patterns_are_literal() -> None:
    assert like_pattern("50%_\\") == "%50\\%\\_\\\\%"


def test_csv_is_safe_for_spreadsheets() -> None:
    rows = [("=1+1", 2, None), ("@x", -3, "逗,号"), ("-5", 0, 'quo"te')]
    with Flask("x").test_request_context("/"):
        answer = csv_answer("list", [column.title for column in LISTING.columns], rows, lambda row: row, told=True)
        text = answer.get_data().decode("utf-8-sig")
    assert text.splitlines() == ["代码,行,密", "'=1+1,2,", '\'@x,-3,"逗,号"', '\'-5,0,"quo""te"']
