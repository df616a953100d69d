"""The layout of a decision table in a workbook: which sheet, row and column holds what. Export and import both follow it."""

from __future__ import annotations

from typing import Final

TABLE: Final = "决策表_Table"
ABOUT: Final = "说明_About"
SCALES: Final = "等级_Scales"
CODES: Final = "代码_Codes"
HELP: Final = "写法_Help"
SHEETS: Final = (TABLE, ABOUT, SCALES, CODES, HELP)

HEAD: Final = (
    ("part", "列的种类 Part"),
    ("id", "标识 Id"),
    ("zh", "中文名称 Chinese title"),
    ("en", "英文名称 English title"),
    ("value", "表达式 Value"),
    ("type", "类型 Type"),
    ("codes", "代码表 Code table"),
    ("range", "应有范围 Range"),
    ("optional", "可能无值 Optional"),
)
"""The rows above the table's own, by what they hold; the labels stand in column A."""

FIRST_ROW: Final = len(HEAD) + 1
INPUT, OUTPUT, NOTE = "输入 input", "输出 output", "备注 note"
NOTES: Final = (
    ("note_zh", "中文说明", "note in Chinese"),
    ("note_en", "英文说明", "note in English"),
    ("basis", "依据", "basis"),
)
"""The columns after the outputs, by id."""

ABOUT_KEYS: Final = (
    ("ruleset", "规则集 Ruleset"),
    ("title", "名称 Title"),
    ("basis", "依据 Basis"),
    ("effective", "生效日期 Effective from"),
    ("record", "信息记录 Record"),
    ("subject", "主体 Subject"),
    ("file", "文件 File"),
    ("hit", "命中方式 Hit policy"),
    ("complete", "须无遗漏 Complete"),
)
"""The lines of the sheet about the ruleset, by key: column A holds the key, B the value (Chinese), C the English."""

HELP_LINES: Final = (
    ("写法 Cell", "意思", "Meaning"),
    ("-", "任何值，无值也算（空白单元格相同）", "anything, missing as well (so does an empty cell)"),
    ("3  或  A", "等于这个值", "this value"),
    ("1, 2, 3", "其中之一", "one of these"),
    ("1..3", "代码表中从1到3的代码", "the codes of the table from 1 to 3"),
    ("< 30   >= 90", "小于30；不小于90（数字、日期、月份）", "less than 30; at least 90 (numbers, dates, months)"),
    ("[1, 5)", "从1到5，含1不含5", "from 1 to 5, with 1 and without 5"),
    ("[2026-01-01, 2026-12-31]", "日期范围，两端都含", "dates, both ends with it"),
    ("empty 无值", "没有可用的值", "there is no value that can be read"),
    ("absent 未出现", "标签都没有出现", "not even the tag stands"),
    ("filled 有值", "有可用的值", "there is a value"),
    ("not 1, 2", "有值，且不是1或2", "a value that is neither 1 nor 2"),
    ('"a, b"', "含逗号、空格等符号的文本加英文引号", "a text with commas, blanks or signs stands in quotes"),
)
"""The page that explains the cells to people; import does not read it."""


def place(sheet: str, column: str, row: int) -> str:
    """A cell's address as Excel writes it."""
    return f"{sheet}!{column}{row}"
