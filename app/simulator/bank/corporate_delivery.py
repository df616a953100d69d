"""The corporate loan extract: tables with Chinese headings, a workbook when small and Parquet files when large.

One sheet (or `<sheet>.parquet`) for each of: 企业客户, 企业成员, 企业股东, 借据, 还款表现, 担保人, 押品合同, 特定交易.
Dates are text yyyy/mm/dd, amounts whole yuan, codes are the words the loan officers use.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import duckdb
from openpyxl import Workbook

from app.simulator.bank.corporate import corporate_state
from app.simulator.bank.corporate_books import BOOKS, write_books
from app.simulator.bank.deliveries import quoted, recode, write_control
from app.simulator.bank.people import MEMBERS, SHAREHOLDERS, company_state

WORKBOOK_ROWS: Final = 50_000
"""Up to this many rows in all sheets together the extract is a workbook."""

CERTIFICATE: Final = {"20": "统一社会信用代码", "30": "组织机构代码", "10": "中征码"}
ORGANISATION: Final = {"11": "公司", "13": "非公司企业法人", "17": "个人独资或合伙", "51": "事业单位"}
ECONOMY: Final = {"159": "其他有限责任", "160": "股份有限", "173": "私营有限责任", "171": "私有独资"}
SCALE: Final = {"2": "大型", "3": "中型", "4": "小型", "5": "微型"}
POSITION: Final = {"1": "法定代表人", "2": "总经理", "3": "财务负责人", "4": "董事长", "5": "监事长"}
TYPE: Final = {"D1": "非循环贷款", "D2": "贴现", "R1": "循环贷款", "R4": "额度项下贷款", "C1": "催收"}
BUSINESS: Final = {"11": "贷款", "12": "贸易融资", "16": "透支", "21": "票据贴现", "41": "垫款", "51": "资产处置"}
DETAIL: Final = {
    "A": "流动资金", "M": "固定资产", "B": "流动资金", "E": "国内打包", "T": "项目融资", "D": "银承贴现",
    "R": "法人透支",
    "S": "流动资金", "G": "固定资产",
}  # fmt: skip
MODE: Final = {"11": "等额本息", "12": "等额本金", "13": "按期付息到期还本", "21": "到期一次还本付息", "31": "循环还本"}
SECURITY: Final = {
    "A": "信用",
    "M": "保证",
    "B": "抵押",
    "E": "保证",
    "T": "组合",
    "D": "信用",
    "R": "信用",
    "S": "质押",
    "G": "抵押",
}
STATUS: Final = {"NORMAL": "正常", "CLOSED": "关闭", "BAD": "待核销", "WRITTEN_OFF": "已核销"}
FIVE_CLASS: Final = {"1": "正常", "2": "关注", "3": "次级", "4": "可疑", "5": "损失"}

AMOUNTS: Final[dict[str, tuple[str, ...]]] = {
    "企业客户": ("注册资本",),
    "企业成员": (),
    "企业股东": (),
    "借据": ("借款金额", "信用额度"),
    "还款表现": ("余额", "逾期总额"),
    "担保人": ("责任金额",),
    "押品合同": (),
    "特定交易": ("交易金额",),
}

_LOAN: Final = "business_code('E', n)"


def corporate_tables(day: str) -> Iterator[tuple[str, str]]:
    """Name and SELECT of each sheet on a day; needs the tables of `living_tables`."""
    yield "known_company", company_state(day)
    yield "企业客户", _COMPANIES
    yield (
        "企业成员",
        f"""SELECT 'Q' || lpad(i::VARCHAR, 9, '0') AS 客户号, {recode("position", POSITION)} AS 职务, name AS 姓名,
            '身份证' AS 证件类型, member_number AS 证件号码 FROM ({MEMBERS})""",
    )
    yield (
        "企业股东",
        f"""SELECT 'Q' || lpad(i::VARCHAR, 9, '0') AS 客户号, seq AS 序号, '股东' AS 出资人类型,
            CASE party WHEN '1' THEN '个人' ELSE '机构' END AS 身份类别, name AS 出资人名称,
            CASE party WHEN '1' THEN '身份证' ELSE '统一社会信用代码' END AS 证件类型, holder_number AS 证件号码,
            ratio AS 出资比例 FROM ({SHAREHOLDERS})""",
    )
    yield "corporate_now", corporate_state("open_corporate", day)
    yield "借据", _LOANS
    yield "还款表现", _states(day)
    yield "担保人", _GUARANTORS
    yield (
        "押品合同",
        f"SELECT {_LOAN} AS 借据号, business_code('PE', n) AS 合同号 FROM open_corporate"
        " WHERE product IN ('B', 'G', 'S', 'T')",
    )
    yield "特定交易", _TRANSACTIONS


def write_corporate_delivery(bank: duckdb.DuckDBPyConnection, business_date: dt.date, folder: Path) -> None:
    """Write `corporate.xlsx`, or Parquet files when it would be too large for a workbook, and the control file."""
    folder.mkdir(parents=True, exist_ok=True)
    row = bank.execute(" UNION ALL ".join(f"SELECT count(*) FROM {table}" for table in AMOUNTS)).fetchall()
    small = sum(count for (count,) in row) <= WORKBOOK_ROWS
    if small:
        book = Workbook(write_only=True)
        for table in AMOUNTS:
            sheet = book.create_sheet(table)
            rows = bank.execute(f"SELECT * FROM {table}")
            sheet.append([column[0] for column in rows.description or ()])
            while block := rows.fetchmany(2000):
                for line in block:
                    sheet.append(line)
        book.save(folder / "corporate.xlsx")
    else:
        for table in AMOUNTS:
            bank.execute(f"COPY {table} TO {quoted(folder / f'{table}.parquet')} (FORMAT parquet)")
    write_books(bank, folder)
    kind = "excel" if small else "parquet"
    write_control(bank, folder, "corporate_loans", kind, business_date, AMOUNTS | BOOKS)


def _day(column: str) -> str:
    return f"strftime({column}, '%Y/%m/%d')"


_COMPANIES: Final = f"""
    SELECT 'Q' || lpad(i::VARCHAR, 9, '0') AS 客户号, name AS 企业名称, {recode("id_type", CERTIFICATE)} AS 证件类型,
        number AS 证件号码, {_day("since")} AS 建档日期, lpad(branch::VARCHAR, 2, '0') AS 维护机构, '授信' AS 客户类别,
        '营业' AS 存续状态, {recode("organisation_type", ORGANISATION)} AS 组织类型, nation AS 国别,
        address AS 注册地址,
        division AS 注册区划, {_day("founded")} AS 成立日期, {_day("licence_ends")} AS 执照到期日, business AS 经营范围,
        industry AS 行业, {recode("economy", ECONOMY)} AS 经济类型, {recode("scale", SCALE)} AS 规模,
        {_day("profile_updated")} AS 概况更新日, {_day("members_updated")} AS 成员更新日, capital_currency AS 资本币种,
        capital AS 注册资本, {_day("shareholders_updated")} AS 股东更新日, contact_division AS 联系区划,
        contact_address AS 联系地址, contact_telephone AS 联系电话, finance_telephone AS 财务电话,
        {_day("contact_updated")} AS 联系更新日
    FROM known_company"""

_LOANS: Final = f"""
    SELECT {_LOAN} AS 借据号, 'Q' || lpad(a.company::VARCHAR, 9, '0') AS 客户号,
    {recode("a.acct_type", TYPE)} AS 账户种类,
        {
    recode(
        '''CASE a.product WHEN 'E' THEN '12' WHEN 'D' THEN '21' WHEN 'R' THEN '16' WHEN 'C'
            THEN CASE WHEN n % 2 = 0 THEN '51' ELSE '41' END ELSE '11' END''',
        BUSINESS,
    )
} AS 业务大类,
        CASE WHEN a.product = 'C' THEN CASE WHEN n % 2 = 0 THEN '资产处置' ELSE '承兑垫款' END
            ELSE {recode("a.product", DETAIL)} END AS 业务品种,
        {_day("a.opened")} AS 开户日, 'CNY' AS 币种, CASE WHEN a.acct_type = 'R1' THEN a.amount END AS 信用额度,
        CASE WHEN a.acct_type <> 'R1' THEN a.amount END AS 借款金额, a.flag AS 分次放款,
        CASE WHEN a.acct_type <> 'C1' THEN {_day("s.due")} END AS 到期日,
        CASE WHEN a.acct_type NOT IN ('C1', 'D2') THEN {recode("a.mode", MODE)} END AS 还款方式,
        CASE WHEN a.acct_type NOT IN ('C1', 'D2') THEN CASE WHEN a.mode = '21' THEN '到期' ELSE '月' END END AS
            还款频率,
        CASE WHEN a.acct_type <> 'C1' THEN '440000' END AS 申请地, {recode("a.product", SECURITY)} AS 担保方式,
        CASE WHEN a.acct_type IN ('D1', 'R4') THEN CASE WHEN a.terms <= 12 THEN '短期' WHEN a.terms <= 60 THEN '中期'
            ELSE '长期' END END AS 期限分类,
        CASE WHEN a.acct_type IN ('D1', 'R1', 'R4') THEN ['C13', 'F51', 'E47'][1 + n % 3] END AS 投向,
        CASE WHEN a.acct_type IN ('R1', 'R4') OR a.flag IN ('1', '2') THEN business_code('ME', n) END AS 授信号,
        lpad(a.branch::VARCHAR, 2, '0') AS 经办机构,
        CASE WHEN a.acct_type = 'C1' THEN company_name(n % 89 + 30) END AS 原债权人,
        CASE WHEN a.acct_type = 'C1' THEN credit_code(n % 89 + 30) END AS 原债权人代码,
        CASE WHEN a.acct_type = 'C1' THEN '贷款' END AS 原债务种类,
        CASE WHEN a.acct_type = 'C1' THEN '逾期180天以上' END AS 转移时状态
    FROM open_corporate a JOIN corporate_now s USING (n)"""


def _states(day: str) -> str:
    plain = "acct_type <> 'C1'"
    return f"""
    SELECT {_LOAN} AS 借据号, {_day(day)} AS 数据日期, {recode("status", STATUS)} AS 状态, balance AS 余额,
        {_day("balance_changed")} AS 余额变动日, {recode("five_class", FIVE_CLASS)} AS 五级分类,
        {_day("five_class_date")} AS 分类日, CASE WHEN acct_type = 'R1' THEN remaining_months END AS 剩余月数,
        CASE WHEN {plain} THEN overdue_total END AS 逾期总额, CASE WHEN {plain} THEN overdue_principal END AS 逾期本金,
        CASE WHEN {plain} THEN overdue_days END AS 逾期天数, {_day("last_paid")} AS 最近还款日,
        last_paid_amount AS 最近还款额, last_paid_principal AS 最近还本额,
        CASE WHEN acct_type = 'C1' THEN '诉讼追偿' ELSE '正常还款' END AS 还款形式,
        CASE WHEN {plain} THEN {_day("last_agreed")} END AS 最近约定日,
        CASE WHEN {plain} THEN last_agreed_amount END AS 最近约定额,
        CASE WHEN {plain} THEN {_day("next_agreed")} END AS 下次约定日, {_day("closed_on")} AS 关闭日,
        {_day("last_drawn")} AS 最近放款日, {_day("extended_on")} AS 展期日
    FROM corporate_now"""


_GUARANTORS: Final = f"""
    SELECT {_LOAN} AS 借据号, 1 AS 序号, CASE WHEN n % 3 = 0 THEN '个人' ELSE '机构' END AS 身份类别,
        CASE WHEN n % 3 = 0 THEN person_name(company + 4000000) ELSE company_name(company + 2000000) END AS 名称,
        CASE WHEN n % 3 = 0 THEN '身份证' ELSE '统一社会信用代码' END AS 证件类型,
        CASE WHEN n % 3 = 0 THEN person_number(company + 4000000) ELSE credit_code(company + 2000000) END AS 证件号码,
        '保证人' AS 责任类型, amount AS 责任金额, CASE WHEN n % 4 = 0 THEN '是' ELSE '否' END AS 联保,
        business_code('GE', n) AS 保证合同号
    FROM open_corporate WHERE product IN ('M', 'E', 'T')"""

_TRANSACTIONS: Final = f"""
    WITH happened AS (
        SELECT n, '展期' AS kind, a.extended AS day, a.amount AS amt, a.extra_terms AS months
        FROM open_corporate a JOIN corporate_now s USING (n) WHERE s.extended_on IS NOT NULL
        UNION ALL
        SELECT n, '提前还款', a.prepaid, a.amount // 4, 0
        FROM open_corporate a JOIN corporate_now s USING (n) WHERE a.prepaid <= s.as_of
        UNION ALL
        SELECT n, '提前还款', a.settled_early, s.last_paid_amount, 0
        FROM open_corporate a JOIN corporate_now s USING (n) WHERE a.settled_early <= s.as_of AND s.last_paid_amount > 0
        UNION ALL
        SELECT n, '核销', due_date(a.first_month, a.settle_day, a.missed) + 541, s.balance, 0
        FROM open_corporate a JOIN corporate_now s USING (n) WHERE s.status = 'WRITTEN_OFF')
    SELECT {_LOAN} AS 借据号, kind AS 交易类型, {_day("day")} AS 交易日, amt AS 交易金额, months AS 变更月数, '' AS 说明
    FROM happened"""
