"""What the centre already holds, as rules ask for it: the names below `accepted`, by record type.

About a normal record it is the state of the same subject, account, agreement or contract; about an operation that of the
record it operates on. What is not known stays absent, and a rule that asks for it reports nothing.
"""

from __future__ import annotations

from collections.abc import Iterator

from app.core.text import Text
from app.language import Field, Kind, Scalar
from app.rules.fields import given, rows, struct
from app.standard.catalogue import RecordType

ACCEPTED = "accepted"
_ACCOUNTS = frozenset({"210", "410"})
_GUARANTEES = frozenset({"230", "440"})
_CLOSED = {
    "210": Text("库中账户已关闭", "the stored account is closed"),
    "220": Text("库中协议已到期或失效", "the stored agreement has ended"),
    "510": Text("库中合同已到期或失效", "the stored contract has ended"),
}
_LIKE = {"230": "210", "410": "210", "440": "210", "420": "220"}

_NEIGHBOUR_LABELS = {
    "RptDate": Text("信息报告日期", "report date"),
    "FiveCateAdjDate": Text("五级分类认定日期", "date of the classification"),
    "BalChgDate": Text("余额变化日期", "date of the balance change"),
    "LatRpyDate": Text("最近一次实际还款日期", "date of the latest actual repayment"),
    "LatAgrrRpyDate": Text("最近一次约定还款日", "latest agreed repayment date"),
    "NxtAgrrRpyDate": Text("下一次约定还款日期", "next agreed repayment date"),
    "AcctBal": Text("余额", "balance"),
    "TotOverd": Text("当前逾期总额", "total overdue"),
}
_AMOUNTS = frozenset({"AcctBal", "TotOverd"})
NEIGHBOUR = ("RptDate", "FiveCateAdjDate", "BalChgDate", "LatRpyDate", "LatAgrrRpyDate", "NxtAgrrRpyDate", "AcctBal")
"""The items of a loan account's record before or after this one in time."""

_MONTH = given("Month", Kind.MONTH, "月份", "month")
_REPORTED = given("RptDate", Kind.DATE, "信息报告日期", "report date")
_ACCOUNT_TYPE = given("AcctType", Kind.TEXT, "库中账户类型", "stored account type")
_EVENTS = rows(
    "events",
    "库中有效的特殊事件",
    "stored special events in effect",
    given("OpetnType", Kind.TEXT, "事件类型", "type of event"),
    given("Month", Kind.MONTH, "事件月份", "month of the event"),
    _REPORTED,
)
_MONTHS = rows(
    "months",
    "库中月度记录",
    "stored monthly records",
    _MONTH,
    _REPORTED,
    given("RpyStatus", Kind.TEXT, "当月还款状态", "repayment status of the month"),
)


def accepted_field(record: RecordType, parent: RecordType | None) -> Field:
    """The name `accepted` for a record type; `parent` is the record that an operation is about."""
    about = parent or record
    fields = {field.name: field for field in (*_common(about), *_by_kind(record, about))}
    return struct(ACCEPTED, Text("库中状态", "stored state"), *fields.values())


def _common(about: RecordType) -> Iterator[Field]:
    yield given("exists", Kind.BOOL, "库中已有", "already stored")
    yield given("same", Kind.BOOL, "库中已有标识项完全相同的记录", "a record with the identical key is stored")
    closed = _CLOSED.get(_LIKE.get(about.code, about.code), _CLOSED["210"])
    yield given("closed", Kind.BOOL, closed.zh, closed.en)
    yield given("transferred", Kind.BOOL, "库中账户已转出", "the stored account has been transferred")
    yield given("replaced", Kind.BOOL, "标识已变更", "the identifier has been replaced")
    yield given("RptDate", Kind.DATE, "库中最新信息报告日期", "latest stored report date")


def _by_kind(record: RecordType, about: RecordType) -> Iterator[Field]:
    match record.kind:
        case "record":
            yield from _of_record(record)
        case "change_identifier":
            yield given("new_exists", Kind.BOOL, "库中已有新标识码", "the new identifier is stored")
            yield given(
                "new_own",
                Kind.BOOL,
                "新标识码曾是同一业务的标识码",
                "the new identifier was once that of the same business",
            )
        case "correct_segment":
            yield from _of_correction(record, about)
        case "delete_segment" if about.code == "210":
            yield _EVENTS
        case "special_event":
            yield from (_ACCOUNT_TYPE, _MONTHS, _EVENTS)
            yield given(
                "same_day",
                Kind.BOOL,
                "库中已有该账户同一报告日期的记录",
                "a record of the account with the same report date is stored",
            )
        case _:
            return


def _of_record(record: RecordType) -> Iterator[Field]:
    if record.code in _ACCOUNTS:
        yield from _of_account(record)
    elif record.code in _GUARANTEES:
        yield _ACCOUNT_TYPE
        yield from _neighbours("RptDate", "FiveCateAdjDate")
    for segment, _, item in record.items():
        if item.tag.endswith("UpDate"):
            yield Field(item.tag, Scalar(Kind.DATE), Text(f"库中的{item.title.zh}", f"stored {item.title.en}"))
        if segment.code == "B" and item.tag == "OrgType":
            yield given("OrgType", Kind.TEXT, "库中组织机构类型", "stored organisation type")
    if record.code == "110":
        yield rows(
            "identities",
            "库中的其他标识",
            "other identities stored",
            given("OthIDType", Kind.TEXT, "证件类型", "document type"),
            given("OthIDNum", Kind.TEXT, "证件号码", "document number"),
        )


def _of_account(record: RecordType) -> Iterator[Field]:
    yield _ACCOUNT_TYPE
    yield given("Flag", Kind.TEXT, "库中分次放款标志", "stored flag of loans drawn in parts")
    yield given(
        "event_RptDate", Kind.DATE, "库中特殊事件的最新报告日期", "latest report date of a stored special event"
    )
    yield _MONTHS
    yield rows(
        "transactions",
        "库中特殊交易",
        "stored special transactions",
        given("TranDate", Kind.DATE, "交易日期", "transaction date"),
        given("ChanTranType", Kind.TEXT, "交易类型", "type of transaction"),
    )
    yield _EVENTS
    if record.code == "210":
        yield rows(
            "points",
            "库中已报的报告时点",
            "reporting points stored",
            given("RptDateCode", Kind.TEXT, "报告时点说明代码", "reporting point code"),
            _REPORTED,
        )
        yield from _neighbours(*NEIGHBOUR, "TotOverd")
    else:
        yield from _neighbours(*NEIGHBOUR)


def _of_correction(record: RecordType, about: RecordType) -> Iterator[Field]:
    if any(item.tag == "AcctType" for _, _, item in record.items()):
        yield _ACCOUNT_TYPE
    yield given("IDType", Kind.TEXT, "库中主体的标识类型", "identifier type of the stored subject")
    yield given("IDNum", Kind.TEXT, "库中主体的标识号码", "identifier of the stored subject")
    yield rows(
        "segments",
        "库中各信息段",
        "stored segments",
        given("Code", Kind.TEXT, "信息段", "segment"),
        _REPORTED,
    )
    if about.code == "210":
        yield from (_MONTHS, _EVENTS)
        yield given(
            "status", Kind.TEXT, "库中该报告日期的账户状态", "account status stored for the report date in question"
        )
        yield rows(
            "instalments",
            "库中的大额专项分期",
            "special instalments stored",
            given("SpecEfctDate", Kind.DATE, "分期额度生效日期", "date from which the instalment limit holds"),
            _REPORTED,
        )
    if about.code == "410":
        yield given("OpenDate", Kind.DATE, "库中开户日期", "stored opening date")
        yield from _neighbours(*NEIGHBOUR)
    else:
        yield from _neighbours("RptDate", "FiveCateAdjDate")


def _neighbours(*tags: str) -> Iterator[Field]:
    yield _neighbour("previous", "库中前一条记录", "stored record before", tags)
    yield _neighbour("next", "库中后一条记录", "stored record after", tags)


def _neighbour(name: str, zh: str, en: str, tags: tuple[str, ...]) -> Field:
    fields = [
        Field(
            tag,
            Scalar(Kind.NUMBER if tag in _AMOUNTS else Kind.DATE),
            Text(f"{zh}的{_NEIGHBOUR_LABELS[tag].zh}", f"{_NEIGHBOUR_LABELS[tag].en} of the {en}"),
        )
        for tag in tags
    ]
    return struct(name, Text(zh, en), *fields)
