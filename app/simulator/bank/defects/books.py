"""Defects in the contract and statement books of companies (records 340, 350, 420, 440, 510 and 610 to 650)."""

from __future__ import annotations

from typing import Final

from app.core.text import Text
from app.simulator.bank.defects.kind import Kind, Rule


def _kind(
    name: str,
    title: Text,
    record_type: str,
    candidates: str,
    change: str,
    *findings: Rule,
) -> Kind:
    return Kind(name, title, record_type, "first report", candidates, (change,), findings)


def _contract(table: str, number: str, where: str) -> str:
    """Rows of a book of contracts that are reported for the first time."""
    return f'SELECT "{number}" AS key, "{number}" AS record_key FROM "{table}" WHERE is_first() AND {where}'


_OWNER: Final = "CASE 证件类型 WHEN '统一社会信用代码' THEN '20' ELSE '30' END || '|' || 证件号码"


def _linked(table: str, other: str, second: str) -> str:
    """Links that are reported for the first time, by the customer they start from."""
    return f"""SELECT '{table}' || l.客户号 AS key, {_OWNER} || '|' || {second} AS record_key FROM "{table}" l JOIN 企业客户 USING (客户号)
        WHERE is_first() AND {other}"""


def _statement(table: str, where: str, sheet: str = "CASE 报表类型 WHEN '年报' THEN '10' ELSE '20' END") -> str:
    """Statements that are reported for the first time."""
    return f"""SELECT '{table}' || 报表号 AS key, {_OWNER} || '|' || 年份 || '|' || {sheet} || '|1' AS record_key
        FROM "{table}" JOIN 企业客户 USING (客户号) WHERE is_first() AND {where}"""


def _in_statement(table: str, change: str) -> str:
    return f"UPDATE \"{table}\" SET {change} WHERE '{table}' || 报表号 = $key"


_MORE: Final = "{0} = ({0}::DECIMAL(18, 2) + 1)::VARCHAR"

BOOK_KINDS: Final = (
    _kind(
        "identifier_repeated", Text("两组身份标识相同", "Both identifiers are the same"), "340",
        _linked("企业标识", "证件类型 = '统一社会信用代码'", "'20|' || 证件号码"),
        """UPDATE 企业标识 SET 其他类型 = c.证件类型, 其他号码 = c.证件号码 FROM 企业客户 c
            WHERE c.客户号 = 企业标识.客户号 AND '企业标识' || 企业标识.客户号 = $key""",
        Rule("C340-I3400B01", "CGE000"),
    ),
    _kind(
        "related_code_mistyped", Text("关联企业信用代码校验位错误", "A mistyped credit code of a related company"), "350",
        _linked(
            "关联企业", "关联证件类型 = '统一社会信用代码'",
            "'20|' || left(关联证件号码, 17) || CASE right(关联证件号码, 1) WHEN '5' THEN '6' ELSE '5' END",
        ),
        """UPDATE 关联企业 SET 关联证件号码 = left(关联证件号码, 17)
            || CASE right(关联证件号码, 1) WHEN '5' THEN '6' ELSE '5' END WHERE '关联企业' || 客户号 = $key""",
        Rule("CALL-I0000401", "ABE004"),
    ),
    _kind(
        "limit_expires_before_it_begins", Text("额度到期早于生效", "A limit expires before it begins"), "420",
        _contract("授信协议", "协议号", "状态 = '有效'"),
        "UPDATE 授信协议 SET 到期日 = strftime(strptime(生效日, '%Y/%m/%d') - INTERVAL 1 DAY, '%Y/%m/%d') WHERE 协议号 = $key",
        Rule("C420-I4200D01", "CCE002"),
    ),
    _kind(
        "ceiling_without_number", Text("限额无编号", "A credit ceiling without its number"), "420",
        _contract("授信协议", "协议号", "状态 = '有效' AND 限额 IS NOT NULL"),
        "UPDATE 授信协议 SET 限额编号 = NULL WHERE 协议号 = $key",
        Rule("C420-I4200D02", "CCE004"),
    ),
    _kind(
        "guarantee_closed_without_date", Text("担保账户关闭无日期", "A closed guarantee account without a date"), "440",
        _contract("担保账户", "担保号", "状态 = '在保'"),
        "UPDATE 担保账户 SET 状态 = '结清', 在保余额 = 0 WHERE 担保号 = $key",
        Rule("C440-I4400D01", "CAE001"),
    ),
    _kind(
        "guarantor_without_contract", Text("反担保人无保证合同", "A counter-guarantor without a contract"), "440",
        _contract("反担保人", "担保号", "TRUE"),
        "UPDATE 反担保人 SET 保证合同号 = NULL WHERE 担保号 = $key",
        Rule("C440-I4400E03", "CAE009"),
    ),
    _kind(
        "mortgage_without_property", Text("抵押合同无抵押物", "A mortgage without property"), "510",
        _contract("抵质押合同", "合同号", "合同类型 = '抵押' AND 状态 = '有效'"),
        "DELETE FROM 抵押物 WHERE 合同号 = $key",
        Rule("C510-R5100102", "BPR001"),
    ),
    _kind(
        "property_unknown", Text("抵押物种类未映射", "An unmapped kind of property"), "510",
        _contract("抵质押合同", "合同号", "合同类型 = '抵押' AND 状态 = '有效'"),
        "UPDATE 抵押物 SET 种类 = '珠宝' WHERE 合同号 = $key AND 序号 = 1",
        Rule("CALL-I0000201", "ABE001"),
    ),
    _kind(
        "assets_do_not_balance", Text("资产与负债和权益不平", "Assets do not balance"), "610",
        _statement("资产负债表", "版式 = '2007版'"), _in_statement("资产负债表", _MORE.format("资产总计")),
        Rule("C610-I6100D02", "CRE003"),
    ),
    _kind(
        "profit_missing", Text("净利润缺失", "The net profit is missing"), "620",
        _statement("利润表", "TRUE"), _in_statement("利润表", "净利润 = NULL"),
        Rule("CALL-I0000101", "ABE000"),
    ),
    _kind(
        "cash_does_not_add_up", Text("期末现金不等于期初加净增加", "The closing cash does not add up"), "630",
        _statement("现金流量表", "版式 = '2007版'"), _in_statement("现金流量表", _MORE.format("期末现金")),
        Rule("C630-I6300D05", "CRE108"),
    ),
    _kind(
        "institution_half_year", Text("事业单位报送半年报", "A half-yearly statement of an institution"), "640",
        _statement("事业资产负债表", "TRUE", "'20'"), _in_statement("事业资产负债表", "报表类型 = '上半年'"),
        Rule("C640-I6400B01", "CRE200"),
    ),
    _kind(
        "surplus_wrong", Text("本期盈余不等于收入减费用", "The surplus is not income less expense"), "650",
        _statement("事业收支表", "版式 = '2019版'"), _in_statement("事业收支表", _MORE.format("本期盈余")),
        Rule("C650-X02", "CRE304"),
    ),
)  # fmt: skip
