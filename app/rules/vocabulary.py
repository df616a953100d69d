"""The names a rule may use: the items of a record by the catalogue, and the facts that stand beside the record."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache

from app.core.text import Text
from app.language import CodeList, Field, Form, Function, Kind, ListOf, Scalar, SetOf, Struct, Type, Vocabulary
from app.rules.accepted import ACCEPTED, accepted_field
from app.rules.fields import given, register, struct, texts
from app.standard import catalogue, identifiers
from app.standard.catalogue import Catalogue, CodeTable, Group, Item, Segment, Subject

FILE = "file.report"
DAY = "day.report"
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


_HEADER = (
    given("provider", Kind.TEXT, "文件头的数据提供机构区段码", "provider section code of the header"),
    given("created_date", Kind.DATE, "文件生成日期", "creation date of the file"),
    given("record_type", Kind.TEXT, "文件头的信息记录类型", "record type of the header"),
    given("version", Kind.TEXT, "文件头的版本号", "version of the header"),
    given("template", Kind.TEXT, "文件头的模板号", "template of the header"),
)

BESIDE: Mapping[str, Field] = {
    field.name: field
    for field in (
        struct("header", Text("文件头", "file header"), *_HEADER),
        struct(
            "form",
            Text("记录格式", "form of the record"),
            texts("unknown", "不属于本记录的标签", "tags that do not belong to the record"),
            texts("repeated", "重复出现的信息段或标签", "segments or tags that stand more than once"),
            given("parsed", Kind.BOOL, "记录可以解析", "the record can be read"),
        ),
        struct(
            "batch",
            Text("本批文件", "this batch"),
            given("same_key", Kind.NUMBER, "标识项相同的记录数", "number of records with the same key"),
        ),
        struct(
            SETS,
            Text("名录", "registers"),
            register("sections", "本机构的区段码", "section codes of our institution"),
            register("institutions", "有效的机构代码", "live institution codes"),
            register("zhongzheng", "已知的中征码", "known Zhongzheng codes"),
            register("agreements", "已报送的授信协议标识码", "credit agreements reported"),
            register("collateral_contracts", "已报送的抵质押合同标识码", "collateral contracts reported"),
        ),
    )
}

_FILE_FIELDS: Mapping[str, Field] = {
    field.name: field
    for field in (
        struct(
            "name",
            Text("文件名", "file name"),
            given("prefix", Kind.TEXT, "文件名前缀", "file name prefix"),
            given("length", Kind.NUMBER, "文件名前缀长度", "length of the file name prefix"),
            given("provider", Kind.TEXT, "文件名中的区段码", "section code in the file name"),
            given("date", Kind.DATE, "文件名中的日期", "date in the file name"),
            given("record_type", Kind.TEXT, "文件名中的信息记录类型", "record type in the file name"),
            given("reserved", Kind.TEXT, "文件名的预留位", "reserved position of the file name"),
            given("serial", Kind.TEXT, "文件流水号", "serial number of the file"),
            given("feedback_flag", Kind.TEXT, "反馈标志", "feedback flag"),
        ),
        struct(
            "header",
            Text("文件头", "file header"),
            given("length", Kind.NUMBER, "文件头长度", "length of the header"),
            *_HEADER,
            given("count", Kind.NUMBER, "文件头中的记录数", "number of records in the header"),
        ),
        struct(
            "file",
            Text("文件", "file"),
            given("utf8", Kind.BOOL, "采用UTF-8编码", "the file is UTF-8"),
            given("separators", Kind.BOOL, "以单个回车换行分隔", "lines are separated by one CR LF"),
            given("longest_line", Kind.NUMBER, "最长一行的字符数", "characters of the longest line"),
            given("records", Kind.NUMBER, "文件体的记录数", "number of records in the body"),
            given("received_before", Kind.BOOL, "同名文件已接收", "a file of this name was received before"),
            given("decrypts", Kind.BOOL, "文件可以解密", "the file can be decrypted"),
            given("decompresses", Kind.BOOL, "文件可以解压缩", "the file can be decompressed"),
            given("parses", Kind.BOOL, "文件可以解析", "the file can be read"),
        ),
        BESIDE[SETS],
    )
}


_DAY_FIELDS: Mapping[str, Field] = {
    field.name: field
    for field in (
        struct(
            "day",
            Text("报送日", "reporting day"),
            given("begun", Kind.BOOL, "批次已发起", "the batch has begun"),
            given("status", Kind.TEXT, "批次状态", "state of the batch"),
            given("sent", Kind.BOOL, "应报记录已全部报送", "all that is due has been sent"),
            given("hours_left", Kind.NUMBER, "距报送时限的小时数", "hours until the deadline"),
            given("hours_begun", Kind.NUMBER, "批次发起后的小时数", "hours since the batch began"),
            given("feedback_hours", Kind.NUMBER, "等待反馈的小时数", "hours that feedback has been waited for"),
        ),
        struct(
            "source",
            Text("来源", "source"),
            given("name", Kind.TEXT, "来源名称", "name of the source"),
            given("state", Kind.TEXT, "来源状态", "state of the source"),
            given("rows", Kind.NUMBER, "来源行数", "rows of the source"),
            given("usual_rows", Kind.NUMBER, "来源往日行数", "usual rows of the source"),
        ),
        struct(
            "type",
            Text("记录类型", "record type"),
            given("code", Kind.TEXT, "记录类型代码", "code of the record type"),
            given("due", Kind.NUMBER, "应报记录数", "records due"),
            given("usual_due", Kind.NUMBER, "往日应报记录数", "records usually due"),
            given("sent", Kind.NUMBER, "已报记录数", "records sent"),
            given("blocked_permille", Kind.NUMBER, "拦截率（千分之）", "blocked records in a thousand"),
            given("usual_blocked_permille", Kind.NUMBER, "往日拦截率（千分之）", "usually blocked in a thousand"),
            given("rejected_permille", Kind.NUMBER, "退回率（千分之）", "rejected records in a thousand"),
            given("usual_rejected_permille", Kind.NUMBER, "往日退回率（千分之）", "usually rejected in a thousand"),
            given("entities", Kind.NUMBER, "标准实体数", "standard entities"),
            given("usual_entities", Kind.NUMBER, "往日标准实体数", "usual standard entities"),
            given("balance", Kind.NUMBER, "余额合计", "total balance"),
            given("previous_balance", Kind.NUMBER, "前一报送日余额合计", "total balance of the reporting day before"),
        ),
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


def record_vocabulary(code: str, subject: Subject | None = None) -> Vocabulary:
    """The names rules about a record type may use; `subject` chooses the wording and code tables of a record for both.

    Raises NotFound for a type the edition in force does not have.
    """
    return _record_vocabulary(catalogue.current(), code, subject)


@lru_cache(maxsize=128)
def _record_vocabulary(edition: Catalogue, code: str, subject: Subject | None) -> Vocabulary:
    record = edition.record(code, subject)
    codes = Codes(edition.codes(record.subject))
    corrected = Struct({segment.code: _segment(segment, codes) for segment in record.corrections})
    segments = {
        segment.code: _segment(segment, codes) if segment.items else Field(segment.code, corrected, segment.title)
        for segment in record.segments
    }
    if record.flat:
        inner = next(iter(segments.values())).type
        segments = dict(inner.fields) if isinstance(inner, Struct) else {}
    parent = edition.record(record.parent, subject) if record.parent else None
    fields = {**segments, **BESIDE, ACCEPTED: accepted_field(record, parent)}
    return Vocabulary(fields, codes, FUNCTIONS, {"record.type": code})


def file_vocabulary() -> Vocabulary:
    """The names rules about a whole report file may use."""
    return Vocabulary(_FILE_FIELDS)


def day_vocabulary() -> Vocabulary:
    """The names rules about a reporting day may use: the day, and one of its sources or record types."""
    return Vocabulary(_DAY_FIELDS)


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
