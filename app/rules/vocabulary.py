"""The names a rule may use: the items of a record by the catalogue, and the facts that stand beside the record."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache

from app.core.text import Text
from app.language import CodeList, Field, Form, Function, Kind, ListOf, Scalar, SetOf, Struct, Type, Vocabulary
from app.standard import catalogue, identifiers
from app.standard.catalogue import Catalogue, CodeTable, Group, Item, RecordType, Segment

RECORDS = ("110", "210", "310", "410")
FILE = "file.report"
SETS = "sets"

FUNCTIONS: Mapping[str, Function] = {
    "valid_person_number": Function(
        "valid_person_number",
        Text("类型为{0}的证件号码{1}符合编码规则", "{1} is a valid number for a document of type {0}"),
        2,
        identifiers.valid_person_number,
    ),
    "valid_organisation_number": Function(
        "valid_organisation_number",
        Text("类型为{0}的企业标识{1}符合编码规则", "{1} is a valid number for an identifier of type {0}"),
        2,
        identifiers.valid_organisation_number,
    ),
}


class Codes(Mapping[str, CodeList]):
    """The code tables of a subject as the language sees them; long national ones are read when asked for."""

    def __init__(self, tables: Mapping[str, CodeTable]) -> None:
        self._tables = tables
        self._made: dict[str, CodeList] = {}

    def __getitem__(self, name: str) -> CodeList:
        if name not in self._made:
            table = self._tables[name]
            self._made[name] = CodeList(name, table.title, frozenset(table.values), table.strict, table.parents)
        return self._made[name]

    def __contains__(self, name: object) -> bool:
        return name in self._made or any(name == known for known in self._tables)

    def __iter__(self) -> Iterator[str]:
        return iter(self._tables)

    def __len__(self) -> int:
        return len(self._tables)


def _struct(name: str, label: Text, *fields: Field) -> Field:
    return Field(name, Struct({field.name: field for field in fields}), label)


def _given(name: str, kind: Kind, zh: str, en: str) -> Field:
    """A fact that is not read from a file: truth values and numbers come as such, texts, dates and months as text."""
    return Field(name, Scalar(kind), Text(zh, en), written=kind not in (Kind.BOOL, Kind.NUMBER))


def _texts(name: str, zh: str, en: str) -> Field:
    return Field(name, ListOf(Scalar(Kind.TEXT)), Text(zh, en))


def _set(name: str, zh: str, en: str) -> Field:
    return Field(name, SetOf(), Text(zh, en))


_HEADER = (
    _given("provider", Kind.TEXT, "文件头的数据提供机构区段码", "provider section code of the header"),
    _given("created_date", Kind.DATE, "文件生成日期", "creation date of the file"),
    _given("record_type", Kind.TEXT, "文件头的信息记录类型", "record type of the header"),
    _given("version", Kind.TEXT, "文件头的版本号", "version of the header"),
    _given("template", Kind.TEXT, "文件头的模板号", "template of the header"),
)

BESIDE: Mapping[str, Field] = {
    field.name: field
    for field in (
        _struct("header", Text("文件头", "file header"), *_HEADER),
        _struct(
            "form",
            Text("记录格式", "form of the record"),
            _texts("unknown", "不属于本记录的标签", "tags that do not belong to the record"),
            _texts("repeated", "重复出现的信息段或标签", "segments or tags that stand more than once"),
            _given("parsed", Kind.BOOL, "记录可以解析", "the record can be read"),
        ),
        _struct(
            "batch",
            Text("本批文件", "this batch"),
            _given("same_key", Kind.NUMBER, "标识项相同的记录数", "number of records with the same key"),
        ),
        _struct(
            SETS,
            Text("名录", "registers"),
            _set("sections", "本机构的区段码", "section codes of our institution"),
            _set("institutions", "有效的机构代码", "live institution codes"),
            _set("zhongzheng", "已知的中征码", "known Zhongzheng codes"),
            _set("agreements", "已报送的授信协议标识码", "credit agreements reported"),
            _set("collateral_contracts", "已报送的抵质押合同标识码", "collateral contracts reported"),
        ),
    )
}

_STORED = (
    _given("exists", Kind.BOOL, "库中已有", "already stored"),
    _given("same", Kind.BOOL, "库中已有标识项完全相同的记录", "a record with the identical key is stored"),
    _given("closed", Kind.BOOL, "库中账户已关闭", "the stored account is closed"),
    _given("transferred", Kind.BOOL, "库中账户已转出", "the stored account has been transferred"),
    _given("replaced", Kind.BOOL, "标识已变更", "the identifier has been replaced"),
    _given("RptDate", Kind.DATE, "库中最新信息报告日期", "latest stored report date"),
)
_NEIGHBOUR = ("RptDate", "FiveCateAdjDate", "BalChgDate", "LatRpyDate", "LatAgrrRpyDate", "NxtAgrrRpyDate", "AcctBal")
_NEIGHBOUR_LABELS = {
    "RptDate": Text("信息报告日期", "report date"),
    "FiveCateAdjDate": Text("五级分类认定日期", "date of the classification"),
    "BalChgDate": Text("余额变化日期", "date of the balance change"),
    "LatRpyDate": Text("最近一次实际还款日期", "date of the latest actual repayment"),
    "LatAgrrRpyDate": Text("最近一次约定还款日", "latest agreed repayment date"),
    "NxtAgrrRpyDate": Text("下一次约定还款日期", "next agreed repayment date"),
    "AcctBal": Text("余额", "balance"),
}


def _neighbour(name: str, zh: str, en: str) -> Field:
    fields = [
        Field(
            tag,
            Scalar(Kind.NUMBER if tag == "AcctBal" else Kind.DATE),
            Text(f"{zh}的{_NEIGHBOUR_LABELS[tag].zh}", f"{_NEIGHBOUR_LABELS[tag].en} of the {en}"),
        )
        for tag in _NEIGHBOUR
    ]
    return _struct(name, Text(zh, en), *fields)


def _rows(name: str, zh: str, en: str, *fields: Field) -> Field:
    return Field(name, ListOf(Struct({field.name: field for field in fields})), Text(zh, en))


_ACCOUNT = (
    _given("AcctType", Kind.TEXT, "库中账户类型", "stored account type"),
    _given("Flag", Kind.TEXT, "库中分次放款标志", "stored flag of loans drawn in parts"),
    _given("event_RptDate", Kind.DATE, "库中特殊事件的最新报告日期", "latest report date of a stored special event"),
    _rows(
        "months",
        "库中月度记录",
        "stored monthly records",
        _given("Month", Kind.MONTH, "月份", "month"),
        _given("RptDate", Kind.DATE, "信息报告日期", "report date"),
    ),
    _rows(
        "transactions",
        "库中特殊交易",
        "stored special transactions",
        _given("TranDate", Kind.DATE, "交易日期", "transaction date"),
        _given("ChanTranType", Kind.TEXT, "交易类型", "type of transaction"),
    ),
    _rows(
        "events",
        "库中特殊事件",
        "stored special events",
        _given("OpetnType", Kind.TEXT, "事件类型", "type of event"),
        _given("Month", Kind.MONTH, "事件月份", "month of the event"),
        _given("RptDate", Kind.DATE, "信息报告日期", "report date"),
    ),
    _neighbour("previous", "库中前一条记录", "stored record before"),
    _neighbour("next", "库中后一条记录", "stored record after"),
)

_FILE_FIELDS: Mapping[str, Field] = {
    field.name: field
    for field in (
        _struct(
            "name",
            Text("文件名", "file name"),
            _given("prefix", Kind.TEXT, "文件名前缀", "file name prefix"),
            _given("length", Kind.NUMBER, "文件名前缀长度", "length of the file name prefix"),
            _given("provider", Kind.TEXT, "文件名中的区段码", "section code in the file name"),
            _given("date", Kind.DATE, "文件名中的日期", "date in the file name"),
            _given("record_type", Kind.TEXT, "文件名中的信息记录类型", "record type in the file name"),
            _given("reserved", Kind.TEXT, "文件名的预留位", "reserved position of the file name"),
            _given("serial", Kind.TEXT, "文件流水号", "serial number of the file"),
            _given("feedback_flag", Kind.TEXT, "反馈标志", "feedback flag"),
        ),
        _struct(
            "header",
            Text("文件头", "file header"),
            _given("length", Kind.NUMBER, "文件头长度", "length of the header"),
            *_HEADER,
            _given("count", Kind.NUMBER, "文件头中的记录数", "number of records in the header"),
        ),
        _struct(
            "file",
            Text("文件", "file"),
            _given("utf8", Kind.BOOL, "采用UTF-8编码", "the file is UTF-8"),
            _given("separators", Kind.BOOL, "以单个回车换行分隔", "lines are separated by one CR LF"),
            _given("longest_line", Kind.NUMBER, "最长一行的字符数", "characters of the longest line"),
            _given("records", Kind.NUMBER, "文件体的记录数", "number of records in the body"),
            _given("received_before", Kind.BOOL, "同名文件已接收", "a file of this name was received before"),
            _given("decrypts", Kind.BOOL, "文件可以解密", "the file can be decrypted"),
            _given("decompresses", Kind.BOOL, "文件可以解压缩", "the file can be decompressed"),
            _given("parses", Kind.BOOL, "文件可以解析", "the file can be read"),
        ),
        BESIDE[SETS],
    )
}


def _kind(item: Item) -> Kind:
    match item.type:
        case "A" | "N":
            return Kind.NUMBER
        case "D":
            return Kind.DATE
        case "M":
            return Kind.MONTH
        case _:
            return Kind.TEXT


def _item(item: Item, codes: Codes) -> Field:
    tables = tuple(codes[name] for name in item.codes if name in codes)
    form = Form(item.type, item.length, item.fixed, tables, item.decimals)
    return Field(item.tag, Scalar(_kind(item)), item.title, form)


def _group(group: Group, codes: Codes) -> Field:
    element = Struct({item.tag: _item(item, codes) for item in group.items})
    return Field(group.tag, ListOf(element), group.title)


def _segment(segment: Segment, codes: Codes) -> Field:
    entries = {
        entry.tag: _item(entry, codes) if isinstance(entry, Item) else _group(entry, codes) for entry in segment.items
    }
    return Field(segment.code, Struct(entries), segment.title)


def accepted_field(record: RecordType) -> Field:
    """What the centre already holds about the subject or account of a record."""
    label = Text("库中状态", "stored state")
    if record.code in ("210", "410"):
        return _struct("accepted", label, *_STORED, *_ACCOUNT)
    dates = [
        Field(item.tag, Scalar(Kind.DATE), Text(f"库中的{item.title.zh}", f"stored {item.title.en}"))
        for segment, _, item in record.items()
        if item.tag.endswith("UpDate")
    ]
    extra = (
        [_given("OrgType", Kind.TEXT, "库中组织机构类型", "stored organisation type")] if record.code == "310" else []
    )
    return _struct("accepted", label, *_STORED, *dates, *extra)


def record_vocabulary(code: str) -> Vocabulary:
    """The names rules about a record type may use. Raises NotFound for a type the edition in force does not have."""
    return _record_vocabulary(catalogue.current(), code)


@lru_cache(maxsize=32)
def _record_vocabulary(edition: Catalogue, code: str) -> Vocabulary:
    record = edition.record(code)
    codes = Codes(edition.codes(record.subject))
    corrected = Struct({segment.code: _segment(segment, codes) for segment in record.corrections})
    segments = {
        segment.code: _segment(segment, codes) if segment.items else Field(segment.code, corrected, segment.title)
        for segment in record.segments
    }
    if record.flat:
        inner = next(iter(segments.values())).type
        segments = dict(inner.fields) if isinstance(inner, Struct) else {}
    fields = {**segments, **BESIDE, "accepted": accepted_field(record)}
    return Vocabulary(fields, codes, FUNCTIONS, {"record.type": code})


def file_vocabulary() -> Vocabulary:
    """The names rules about a whole report file may use."""
    return Vocabulary(_FILE_FIELDS)


def column_type(type_: Type, written: bool = True) -> str:
    """The DuckDB type in which the lake holds a field: texts, dates and written numbers as VARCHAR."""
    match type_:
        case Struct(fields=fields):
            inner = ", ".join(f'"{name}" {column_type(field.type, field.written)}' for name, field in fields.items())
            return f"STRUCT({inner})"
        case ListOf(element=element):
            return column_type(element) + "[]"
        case SetOf():
            return "VARCHAR[]"
        case Scalar(kind=Kind.BOOL):
            return "BOOLEAN"
        case Scalar(kind=Kind.NUMBER) if not written:
            return "BIGINT"
        case _:
            return "VARCHAR"


def column_types(vocabulary: Vocabulary) -> dict[str, str]:
    """The DuckDB type of every top-level name of a vocabulary: segments and the facts beside them."""
    return {name: column_type(field.type, field.written) for name, field in vocabulary.fields.items()}
