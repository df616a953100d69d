"""The slow reader of a record line: for lines with faults, with the position of every element.

It reads what the quick reader reads and gives the same fact; beyond that it names each fault, where it stands and
what was expected. Unknown and repeated elements are noted and passed over; the first break of well-formedness ends
the reading of the line, since nothing after it can be trusted.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from app.core.text import Text
from app.standard.files.characters import STRAY, plain
from app.standard.files.grammar import DOCUMENT, Place, root_of
from app.standard.finding import Finding
from app.standard.model import RecordType

Fact = dict[str, Any]

MOST_FINDINGS = 50
"""Findings kept for one line; a line made of nothing but faults must not fill the memory."""
DEEPEST = 12
"""Elements inside each other before reading stops; a record has at most six."""
SHOWN = 40
"""Characters of a wrong text that a message quotes."""

_TOKEN = re.compile(
    r"<(?P<open>[A-Za-z_]\w*+)(?P<empty>/?)>|</(?P<close>[A-Za-z_]\w*+)>|(?P<text>[^<]++)|(?P<wrong><)", re.ASCII
)

_NOWHERE = Place("", "", False, frozenset())
"""Stands for the inside of an unknown or repeated element, where nothing is judged."""


@dataclass(slots=True)
class Outcome:
    """What the slow reading found; `fact` is None where the line is not well formed."""

    fact: Fact | None = None
    record_type: RecordType | None = None
    findings: tuple[Finding, ...] = ()
    unknown: tuple[str, ...] = ()
    repeated: tuple[str, ...] = ()


class _Broken(Exception):
    """The line is not well formed from here on."""


@dataclass(slots=True)
class _Open:
    """An element whose end has not come yet. `leaf` marks one that may hold text only, `target` is the fact it
    fills.
    """

    tag: str
    place: Place
    target: Fact | None
    leaf: bool = False
    start: int = 0
    text: str = ""


@dataclass(slots=True)
class _Scan:
    line: str
    number: int
    roots: Callable[[str], Place | None]
    fact: Fact = field(default_factory=dict)
    root: Place | None = None
    stack: list[_Open] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    unknown: dict[str, None] = field(default_factory=dict)
    repeated: dict[str, None] = field(default_factory=dict)
    rooted: bool = False
    done: bool = False

    def note(self, code: str, tag: str, message: Text, at: int, expected: str = "") -> None:
        if len(self.findings) == MOST_FINDINGS - 1:
            raise self.broken(Text("错误过多，不再读取本行", "too many faults, the line is read no further"), at, "")
        self.findings.append(Finding(self.number, code, tag, message, at + 1, expected))

    def broken(self, message: Text, at: int, expected: str) -> _Broken:
        self.findings.append(Finding(self.number, "ABR006", "0000", message, at + 1, expected))
        return _Broken()

    def run(self) -> None:
        for token in _TOKEN.finditer(self.line):
            if token.lastgroup == "text":
                self.text(token["text"], token.start())
            elif token["close"]:
                self.close(token["close"], token.start())
            elif token["open"]:
                self.open(token["open"], token.start())
                if token["empty"]:
                    self.close(token["open"], token.start())
            else:
                raise self.wrong(token.start())
        if not self.done:
            expected = f"</{self.stack[-1].tag}>" if self.stack else f"<{DOCUMENT}>"
            raise self.broken(
                Text("记录不完整，缺少{expected}", "the record is cut off, {expected} is missing").format(
                    expected=expected
                ),
                len(self.line),
                expected,
            )

    def open(self, tag: str, at: int) -> None:
        if self.done:
            raise self.broken(Text("</Document>之后不得再有内容", "nothing may follow </Document>"), at, "CR LF")
        if not self.stack:
            if tag != DOCUMENT:
                raise self.broken(
                    Text("记录应以<Document>开始，实为<{tag}>", "a record begins with <Document>, not <{tag}>").format(
                        tag=tag[:SHOWN]
                    ),
                    at,
                    f"<{DOCUMENT}>",
                )
            self.stack.append(_Open(tag, _NOWHERE, None))
            return
        if len(self.stack) == 1:
            self.open_root(tag, at)
            return
        if len(self.stack) > DEEPEST:
            raise self.broken(Text("标签嵌套过深", "tags are nested too deep"), at, f"</{self.stack[-1].tag[:SHOWN]}>")
        self.open_inside(tag, at)

    def open_root(self, tag: str, at: int) -> None:
        if self.rooted:
            raise self.broken(Text("一行只能有一条记录", "a line holds one record only"), at, f"</{DOCUMENT}>")
        self.rooted = True
        self.root = self.roots(tag)
        if self.root is None:
            self.unknown[tag[:SHOWN]] = None
            message = Text("未知的记录根元素<{tag}>", "<{tag}> is not the root of any record")
            self.note("ABR000", "0000", message.format(tag=tag[:SHOWN]), at, "")
            self.stack.append(_Open(tag, _NOWHERE, None))
        else:
            self.stack.append(_Open(tag, self.root, self.fact))

    def open_inside(self, tag: str, at: int) -> None:
        top = self.stack[-1]
        if top.target is None:
            self.stack.append(_Open(tag, _NOWHERE, None))
            return
        inner = None if top.leaf else top.place.inner.get(tag)
        if inner is not None:
            self.open_place(inner, top.target, tag, at)
        elif not top.leaf and tag in top.place.leaves:
            if tag in top.target:
                self.repeat(tag, at, top.tag)
                self.stack.append(_Open(tag, _NOWHERE, None))
            else:
                self.stack.append(_Open(tag, top.place, top.target, leaf=True, start=at))
        else:
            self.unknown.setdefault(tag[:SHOWN])
            message = Text("{holder}中不得出现标签{tag}", "{holder} may not hold the tag {tag}")
            expected = ", ".join(top.place.order) if not top.leaf else "text"
            self.note("ABR000", "0000", message.format(holder=top.tag, tag=tag[:SHOWN]), at, expected[:400])
            self.stack.append(_Open(tag, _NOWHERE, None))

    def open_place(self, inner: Place, target: Fact, tag: str, at: int) -> None:
        opened: Fact = {}
        if inner.repeats:
            target.setdefault(inner.key, []).append(opened)
        elif inner.key in target:
            self.repeat(tag, at, self.stack[-1].tag)
            self.stack.append(_Open(tag, _NOWHERE, None))
            return
        else:
            target[inner.key] = opened
        self.stack.append(_Open(tag, inner, opened))

    def repeat(self, tag: str, at: int, holder: str) -> None:
        self.repeated.setdefault(tag)
        message = Text("{holder}中{tag}重复出现", "{tag} stands more than once in {holder}")
        self.note("ABR000", "0000", message.format(holder=holder, tag=tag), at, f"one <{tag}>")

    def text(self, text: str, at: int) -> None:
        stray = STRAY.search(text)
        if stray:
            raise self.stray(stray, at)
        top = self.stack[-1] if self.stack else None
        if top is None or len(self.stack) == 1 or (top.target is not None and not top.leaf):
            where = top.tag if top else DOCUMENT
            message = Text("{where}处不得有文字“{text}”", "no text may stand at {where}: “{text}”")
            raise self.broken(message.format(where=where, text=text[:SHOWN]), at, "an element")
        if top.leaf:
            top.text += plain(text)

    def stray(self, found: re.Match[str], at: int) -> _Broken:
        if found[0] == "&":
            message = Text(
                "“&”只能用于五个预定义实体，不得引用其他实体", "“&” may only begin one of the five predefined entities"
            )
            return self.broken(message, at + found.start(), "&amp; &lt; &gt; &quot; &apos;")
        message = Text("控制字符U+{point}不得出现", "control character U+{point} may not appear")
        return self.broken(message.format(point=f"{ord(found[0]):04X}"), at + found.start(), "printable characters")

    def close(self, tag: str, at: int) -> None:
        if not self.stack or self.stack[-1].tag != tag:
            expected = f"</{self.stack[-1].tag[:SHOWN]}>" if self.stack else f"<{DOCUMENT}>"
            message = Text("此处应为{expected}，实为</{tag}>", "{expected} must stand here, not </{tag}>")
            raise self.broken(message.format(expected=expected, tag=tag[:SHOWN]), at, expected)
        top = self.stack.pop()
        if top.leaf and top.target is not None:
            top.target[tag] = top.text
        if not self.stack:
            self.done = True
            if not self.rooted:
                raise self.broken(Text("记录为空", "the record is empty"), at, "a record")

    def wrong(self, at: int) -> _Broken:
        """Say what the `<` at this position begins, and that it may not."""
        rest = self.line[at : at + 200]
        for start, zh, en in _FORBIDDEN:
            if rest.startswith(start):
                message = Text(f"不得使用{zh}", f"{en} may not be used")
                return self.broken(message, at, "an element")
        if re.match(r"</?[\w.-]*:", rest):
            return self.broken(Text("不得使用命名空间", "namespaces may not be used"), at, "a tag without prefix")
        if re.match(r"</?[\w.-]+\s", rest):
            message = Text("标签中不得有属性或空格", "a tag may hold neither attributes nor spaces")
            return self.broken(message, at, "a bare tag")
        if ">" not in rest and len(rest) < 200:
            message = Text("记录在标签中间被截断", "the record is cut off within a tag")
            return self.broken(message, at, "a complete tag")
        return self.broken(Text("“<”之后不是完整的标签", "no complete tag follows “<”"), at, "a tag")


_FORBIDDEN = (
    ("<!--", "注释", "comments"),
    ("<!DOCTYPE", "文档类型声明（DTD）", "document type declarations"),
    ("<!ENTITY", "实体声明", "entity declarations"),
    ("<![CDATA[", "CDATA段", "CDATA sections"),
    ("<!", "声明", "declarations"),
    ("<?", "处理指令或XML声明", "processing instructions and XML declarations"),
)


def _scan(line: str, number: int, roots: Callable[[str], Place | None]) -> tuple[_Scan, Fact | None]:
    scan = _Scan(line, number, roots)
    try:
        scan.run()
    except _Broken:
        return scan, None
    return scan, scan.fact


def diagnose(line: str, number: int, roots: Mapping[str, RecordType]) -> Outcome:
    """Read one record line slowly. `roots` gives the record types by root element."""
    scan, fact = _scan(line, number, lambda tag: root_of(roots[tag]) if tag in roots else None)
    return Outcome(
        fact=fact,
        record_type=roots[scan.root.tag] if scan.root else None,
        findings=tuple(scan.findings),
        unknown=tuple(scan.unknown),
        repeated=tuple(scan.repeated),
    )


def read_tree(line: str, number: int, root: Place) -> tuple[Fact | None, tuple[Finding, ...]]:
    """Read one line whose root element is `root`; the fact is None where the line is not well formed or has another
    root.
    """
    scan, fact = _scan(line, number, lambda tag: root if tag == root.tag else None)
    return fact if scan.root else None, tuple(scan.findings)
