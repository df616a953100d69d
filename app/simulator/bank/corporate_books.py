"""The contract and statement books of the corporate loan extract: Parquet files beside the sheets of customers and loans.

One file for each of: 授信协议, 共同受信人, 担保账户, 反担保人, 抵质押合同, 其他债务人, 抵押物, 质物, 企业标识, 关联企业 and the five
statements. Agreements and collateral contracts belong to loans and guarantee accounts, begin with them and lapse with them;
in between limits are adjusted, property is valued anew, beneficiaries and guarantors join, links between companies end.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import duckdb

from app.simulator.bank.corporate_guarantees import corporate_guarantee_state
from app.simulator.bank.deliveries import quoted, recode
from app.simulator.bank.statements import statement_tables

LIMIT: Final = {"11": "贷款", "16": "透支", "41": "信用证", "51": "承兑汇票"}
LINE: Final = {"A": "银行承兑汇票", "L": "信用证", "F": "融资性保函", "N": "非融资性保函"}
PROPERTY: Final = {"11": "房产", "14": "机器设备"}
PLEDGE: Final = {"12": "票据", "23": "应收账款"}
RELATION: Final = {"21": "控制方", "22": "被控制方", "23": "同受控制", "24": "其他关联"}

BOOKS: Final[dict[str, tuple[str, ...]]] = {
    "授信协议": ("授信额度",),
    "共同受信人": (),
    "担保账户": ("担保金额", "在保余额"),
    "反担保人": ("责任金额",),
    "抵质押合同": ("担保金额",),
    "其他债务人": (),
    "抵押物": ("评估价值",),
    "质物": ("价值",),
    "企业标识": (),
    "关联企业": (),
    "资产负债表": (),
    "利润表": (),
    "现金流量表": (),
    "事业资产负债表": (),
    "事业收支表": (),
}


def book_tables(day: str) -> Iterator[tuple[str, str]]:
    """Name and SELECT of each book on a day; needs the tables of `living_tables` and `known_company`."""
    yield "corporate_guarantee_now", corporate_guarantee_state(day)
    yield "agreement_now", _agreements(day)
    yield "contract_now", _contracts(day)
    yield "outside_company", _OUTSIDE
    yield "授信协议", _AGREEMENTS
    yield "共同受信人", _BENEFICIARIES
    yield "担保账户", _guarantees()
    yield "反担保人", _GUARANTORS
    yield "抵质押合同", _CONTRACTS
    yield "其他债务人", _DEBTORS
    yield "抵押物", _MORTGAGED
    yield "质物", _PLEDGED
    yield "企业标识", _identifiers(day)
    yield "关联企业", _relations(day)
    yield from statement_tables(day)


def write_books(bank: duckdb.DuckDBPyConnection, folder: Path) -> None:
    """Write one Parquet file a book."""
    for table in BOOKS:
        bank.execute(f'COPY "{table}" TO {quoted(folder / f"{table}.parquet")} (FORMAT parquet)')


def _day(column: str) -> str:
    return f"strftime({column}, '%Y/%m/%d')"


# Companies that are no customers, all named at once: every statement that works out a check character costs a while.
_OUTSIDE: Final = """
    SELECT company, part, company_name(company + offset_) AS name, credit_code(company + offset_) AS number
    FROM (SELECT company FROM agreement_now UNION SELECT company FROM contract_now UNION SELECT company FROM corporate_guarantee_now),
        (VALUES ('shares', 2500000), ('owes', 2600000), ('guarantees', 2700000), ('owns', 2800000)) o(part, offset_)"""

_CUSTOMER: Final = "'Q' || lpad(company::VARCHAR, 9, '0')"
_BRANCH: Final = "lpad(branch::VARCHAR, 2, '0')"


def _agreements(day: str) -> str:
    return f"""
    WITH lines AS (
        SELECT business_code('ME', n) AS code, 1000000 + n AS k, company, branch, opened, amount,
            CASE product WHEN 'R' THEN '16' ELSE '11' END AS kind, product IN ('R', 'S') AS revolving,
            due_date(first_month, settle_day, terms) AS expires, closed
        FROM open_corporate WHERE acct_type IN ('R1', 'R4') OR flag IN ('1', '2')
        UNION ALL
        SELECT business_code('MG', n), 2000000 + n, company, branch, opened, amount,
            CASE line WHEN 'L' THEN '41' ELSE '51' END, FALSE, due, CASE WHEN over THEN closed END
        FROM corporate_guarantee_now WHERE line IN ('A', 'L')),
    dated AS (
        SELECT *, opened - chance(k, 'signed', 10)::INTEGER AS begins,
            CASE WHEN chance(k, 'limit raised', 100) < 30
                THEN first_day() + 1 + chance(k, 'limit raised on', 40)::INTEGER END AS raised,
            CASE WHEN k % 9 = 0 THEN first_day() + 1 + chance(k, 'beneficiary joins', 40)::INTEGER END AS joined
        FROM lines)
    SELECT *, coalesce({day} >= raised AND raised > opened, FALSE) AS is_raised, {day} >= least(expires, closed) AS lapsed,
        coalesce({day} >= joined AND joined > opened, FALSE) AS has_joined
    FROM dated"""


_AGREEMENTS: Final = f"""
    SELECT code AS 协议号, {_CUSTOMER} AS 客户号, {_BRANCH} AS 经办机构, {recode("kind", LIMIT)} AS 额度类型,
        CASE WHEN revolving THEN '是' ELSE '否' END AS 循环, CASE WHEN is_raised THEN amount * 12 // 10 ELSE amount END AS 授信额度,
        'CNY' AS 币种, {_day("begins")} AS 生效日, {_day("expires")} AS 到期日,
        CASE WHEN lapsed THEN '失效' ELSE '有效' END AS 状态, CASE WHEN k % 6 = 0 THEN amount * 8 // 10 END AS 限额,
        CASE WHEN k % 6 = 0 THEN business_code('XE', k) END AS 限额编号
    FROM agreement_now"""

_BENEFICIARIES: Final = """
    SELECT code AS 协议号, 1 AS 序号, '机构' AS 身份类别, o.name AS 名称,
        '统一社会信用代码' AS 证件类型, o.number AS 证件号码 FROM agreement_now JOIN outside_company o USING (company)
    WHERE k % 4 = 0 AND o.part = 'shares'
    UNION ALL
    SELECT code, 2, '个人', person_name(company + 4500000), '身份证', person_number(company + 4500000)
    FROM agreement_now WHERE has_joined"""


def _guarantees() -> str:
    return f"""
    SELECT business_code('BG', n) AS 担保号, {_CUSTOMER} AS 客户号, {_BRANCH} AS 经办机构, {recode("line", LINE)} AS 担保品种,
        {_day("opened")} AS 开立日, amount AS 担保金额, 'CNY' AS 币种, {_day("due")} AS 到期日,
        CASE WHEN secured THEN '抵押' WHEN line = 'F' THEN '保证' ELSE '信用' END AS 反担保方式,
        CASE line WHEN 'A' THEN '30' WHEN 'L' THEN '20' WHEN 'N' THEN '10' ELSE '0' END AS 保证金比例,
        'DB' || lpad(n::VARCHAR, 8, '0') AS 合同文本号, CASE WHEN over THEN '结清' ELSE '在保' END AS 状态, balance AS 在保余额,
        {_day("balance_changed")} AS 余额变动日, CASE five_class WHEN '2' THEN '关注' ELSE '正常' END AS 五级分类,
        {_day("five_class_date")} AS 分类日, balance AS 敞口, CASE WHEN over AND advanced THEN '是' ELSE '否' END AS 垫款,
        CASE WHEN over THEN {_day("closed")} END AS 结清日,
        CASE WHEN secured THEN business_code('PG', n) END AS 押品合同号,
        CASE WHEN line IN ('A', 'L') THEN business_code('MG', n) END AS 授信号
    FROM corporate_guarantee_now"""


_GUARANTORS: Final = """
    SELECT business_code('BG', n) AS 担保号, 1 AS 序号, '机构' AS 身份类别, o.name AS 名称,
        '统一社会信用代码' AS 证件类型, o.number AS 证件号码, '反担保人' AS 责任类型, amount AS 责任金额,
        '否' AS 联保, business_code('GG', n) AS 保证合同号
    FROM corporate_guarantee_now JOIN outside_company o USING (company) WHERE has_guarantor AND o.part = 'guarantees'"""


def _contracts(day: str) -> str:
    return f"""
    WITH deeds AS (
        SELECT business_code('PE', n) AS code, 3000000 + n AS k, company, branch, opened, amount * 15 // 10 AS amount,
            product = 'S' AS pledge, due_date(first_month, settle_day, terms) + 30 AS expires, closed
        FROM open_corporate WHERE product IN ('B', 'G', 'S', 'T')
        UNION ALL
        SELECT business_code('PG', n), 4000000 + n, company, branch, opened, amount, FALSE, due + 30,
            CASE WHEN over THEN closed END
        FROM corporate_guarantee_now WHERE secured),
    dated AS (
        SELECT *, opened - chance(k, 'pledged', 15)::INTEGER AS begins, CASE WHEN chance(k, 'valued anew', 100) < 40
            THEN first_day() + 1 + chance(k, 'valued anew on', 40)::INTEGER END AS valued
        FROM deeds)
    SELECT *, {day} >= least(expires, closed) AS lapsed, coalesce({day} >= valued AND valued > opened, FALSE) AS is_valued
    FROM dated"""


_CONTRACTS: Final = f"""
    SELECT code AS 合同号, {_CUSTOMER} AS 客户号, {_BRANCH} AS 经办机构, CASE WHEN pledge THEN '质押' ELSE '抵押' END AS 合同类型,
        amount AS 担保金额, 'CNY' AS 币种, {_day("begins")} AS 生效日, {_day("expires")} AS 到期日,
        CASE WHEN k % 2 = 0 THEN '是' ELSE '否' END AS 最高额, CASE WHEN lapsed THEN '失效' ELSE '有效' END AS 状态
    FROM contract_now"""

_DEBTORS: Final = """
    SELECT code AS 合同号, 1 AS 序号, '机构' AS 身份类别, o.name AS 名称,
        '统一社会信用代码' AS 证件类型, o.number AS 证件号码 FROM contract_now JOIN outside_company o USING (company)
    WHERE k % 10 = 0 AND o.part = 'owes'"""

_VALUE: Final = "CASE WHEN is_valued THEN amount * 13 // 10 ELSE amount * 12 // 10 END"

_MORTGAGED: Final = f"""
    SELECT code AS 合同号, 1 AS 序号, '{PROPERTY["11"]}' AS 种类, '房产证' AS 识别号类型,
        '样本不动产' || lpad(k::VARCHAR, 8, '0') AS 识别号, '440000' AS 所在地, {_VALUE} AS 评估价值, 'CNY' AS 币种,
        '外部' AS 评估机构, {_day("CASE WHEN is_valued THEN valued ELSE begins END")} AS 评估日, '机构' AS 权属类别,
        o.name AS 权属人, '统一社会信用代码' AS 证件类型, o.number AS 证件号码,
        '' AS 说明
    FROM contract_now JOIN outside_company o USING (company) WHERE NOT pledge AND o.part = 'owns'
    UNION ALL
    SELECT code, 2, '{PROPERTY["14"]}', '设备型号', 'XH-' || k, NULL, amount // 10, 'CNY', '自评', {_day("begins")}, '个人',
        person_name(company + 4800000), '身份证', person_number(company + 4800000), '生产线一套'
    FROM contract_now WHERE NOT pledge AND k % 3 = 0"""

_PLEDGED: Final = f"""
    SELECT code AS 合同号, 1 AS 序号, CASE WHEN k % 2 = 0 THEN '{PLEDGE["12"]}' ELSE '{PLEDGE["23"]}' END AS 种类, {_VALUE} AS 价值,
        'CNY' AS 币种, '机构' AS 权属类别, o.name AS 权属人, '统一社会信用代码' AS 证件类型,
        o.number AS 证件号码
    FROM contract_now JOIN outside_company o USING (company) WHERE pledge AND o.part = 'owns'"""


def _identifiers(day: str) -> str:
    ended = "first_day() + 1 + chance(i, 'severed on', 60)::INTEGER"
    return f"""
    SELECT 'Q' || lpad(i::VARCHAR, 9, '0') AS 客户号, CASE id_type WHEN '20' THEN '组织机构代码' ELSE '工商注册号' END AS 其他类型,
        CASE id_type WHEN '20' THEN organisation_code(i) ELSE '9900' || lpad(i::VARCHAR, 11, '0') END AS 其他号码,
        CASE WHEN chance(i, 'severed', 100) < 10 AND {day} >= {ended} AND since < {ended} THEN '无效' ELSE '有效' END AS 关系
    FROM known_company WHERE i % 2 = 0"""


def _relations(day: str) -> str:
    ended = "first_day() + 1 + chance(a.i, 'parted on', 60)::INTEGER"
    types = ", ".join(f"'{name}'" for name in RELATION.values())
    return f"""
    SELECT 'Q' || lpad(a.i::VARCHAR, 9, '0') AS 客户号, 'Q' || lpad(b.i::VARCHAR, 9, '0') AS 关联客户号, b.name AS 关联企业名称,
        CASE b.id_type WHEN '20' THEN '统一社会信用代码' ELSE '组织机构代码' END AS 关联证件类型, b.number AS 关联证件号码,
        [{types}][1 + a.i % 4] AS 关系类型,
        CASE WHEN chance(a.i, 'parted', 100) < 20 AND {day} >= {ended} AND greatest(a.since, b.since) < {ended}
            THEN '解除' ELSE '存续' END AS 状态
    FROM known_company a JOIN known_company b ON b.i = a.i + 1 WHERE a.i % 3 = 0"""
