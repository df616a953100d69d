"""A small vocabulary that has every kind of name."""

from __future__ import annotations

import pytest

from app.core.text import Text
from app.language import CodeList, Field, Form, Function, Kind, ListOf, Scalar, SetOf, Struct, Type, Vocabulary

STATUS = CodeList("Status", Text("账户状态", "account status"), frozenset({"1", "2", "3"}))
LINES = CodeList(
    "Lines", Text("业务种类", "lines"), frozenset({"11", "12", "21"}), parents={"11": "1", "12": "1", "21": "2"}
)
NATIONAL = CodeList("National", Text("行政区划", "division"), frozenset({"110000"}), strict=False)
NOWHERE = CodeList("Nowhere", Text("空表", "empty table"), frozenset())


def named(name: str, type_: Type | Kind, zh: str = "", form: Form | None = None, written: bool = True) -> Field:
    return Field(name, Scalar(type_) if isinstance(type_, Kind) else type_, Text(zh or name, name), form, written)


def struct(name: str, zh: str, *fields: Field) -> Field:
    return Field(name, Struct({field.name: field for field in fields}), Text(zh, name))


PARTY = Struct(
    {
        field.name: field
        for field in (
            named("kind", Kind.TEXT, "责任人类型"),
            named("amount", Kind.NUMBER, "责任金额", Form("A", 15)),
            named("since", Kind.DATE, "起始日期", Form("D", 10, fixed=True)),
        )
    }
)


@pytest.fixture(scope="session")
def vocabulary() -> Vocabulary:
    fields = (
        struct(
            "B",
            "基础段",
            named("AcctType", Kind.TEXT, "账户类型", Form("AN", 2, fixed=True)),
            named("Name", Kind.TEXT, "姓名", Form("ANC", 4)),
            named("RptDate", Kind.DATE, "信息报告日期", Form("D", 10, fixed=True)),
        ),
        struct(
            "H",
            "月度表现段",
            named("Status", Kind.TEXT, "账户状态", Form("AN", 1, codes=(STATUS,))),
            named("Division", Kind.TEXT, "行政区划", Form("AN", 6, fixed=True, codes=(NATIONAL,))),
            named("Balance", Kind.NUMBER, "余额", Form("A", 15)),
            named("Ratio", Kind.NUMBER, "比例", Form("N", 6, decimals=2)),
            named("Month", Kind.MONTH, "月份", Form("M", 7, fixed=True)),
            named("CloseDate", Kind.DATE, "关闭日期", Form("D", 10, fixed=True)),
            named("Moment", Kind.TEXT, "时间", Form("T", 19, fixed=True)),
            named("Parties", ListOf(PARTY), "责任人"),
        ),
        struct(
            "accepted",
            "库中状态",
            named("closed", Kind.BOOL, "库中已关闭", written=False),
            named("count", Kind.NUMBER, "库中记录数", written=False),
        ),
        struct("form", "格式", named("unknown", ListOf(Scalar(Kind.TEXT)), "未知标签")),
        struct("sets", "名录", named("known", SetOf(), "已知代码")),
    )
    even = Function("even_length", Text("{0}与{1}等长", "{0} is as long as {1}"), 2, lambda a, b: len(a) == len(b))
    return Vocabulary(
        {field.name: field for field in fields},
        {table.name: table for table in (STATUS, LINES, NATIONAL, NOWHERE)},
        {"even_length": even},
    )
