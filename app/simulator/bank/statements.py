"""Financial statements that companies and public institutions hand in: figures that add up, in the layouts in use.

Every fourth company hands in the annual statement of the last year and that of the half-year after it, every institution the
annual one. Most have come before the first day; the others come during the weeks after it, and some of those that have
come are followed by an audited version with other figures. All amounts are whole fen until they are written.
"""

from __future__ import annotations

from collections.abc import Iterator

_LATE_DAYS = 25


def statement_tables(day: str) -> Iterator[tuple[str, str]]:
    """Name and SELECT of each statement table on a day; needs `known_company`."""
    yield "statement_now", _received(day)
    yield "statement_figures", _FIGURES
    for name, (owner, columns) in _SHEETS.items():
        yield name, f"SELECT {_HEAD}, {_written(columns)} FROM statement_figures WHERE institution = {owner}"


def _received(day: str) -> str:
    audited = f"first_day() + 1 + chance(i * 10 + half, 'audited', {_LATE_DAYS})::INTEGER"
    return f"""
    WITH obliged AS (
        SELECT i, branch, since, organisation_type = '51' AS institution, year(first_day() - 120) AS half_year
        FROM known_company WHERE organisation_type = '51' OR i % 4 = 0),
    kinds AS (
        SELECT *, half, half_year - CASE half WHEN 0 THEN 1 ELSE 0 END AS sheet_year
        FROM obliged, (VALUES (0), (1)) k(half) WHERE half = 0 OR NOT institution),
    dated AS (
        SELECT *, CASE WHEN chance(i * 10 + half, 'statement in time', 100) < 75 THEN since
                ELSE greatest(since, first_day() + 1 + chance(i * 10 + half, 'statement', {_LATE_DAYS})::INTEGER) END AS
                    received,
            CASE WHEN half = 0 AND chance(i, 'is audited', 100) < 30 THEN {audited} END AS audited_drawn
        FROM kinds)
    SELECT *, coalesce(audited_drawn > received AND audited_drawn <= {day}, FALSE) AS audited,
        CASE WHEN institution THEN (i // 12) % 3 = 0 ELSE (i // 4) % 4 = 3 END AS older
    FROM dated WHERE received <= {day}"""


_FIGURES = """
    WITH sized AS (
        SELECT *, ((50 + chance(i, 'statement size', 5000)) * 1000000 + chance(i * 10 + half, 'odd fen', 99999))::BIGINT
            + CASE WHEN audited THEN chance(i, 'corrected', 500000)::BIGINT ELSE 0 END AS s
        FROM statement_now),
    assets AS (
        SELECT *, s * 12 // 100 AS cash, s * 21 // 100 AS receivables, s * 18 // 100 AS stock, s * 4 // 100 AS other_current,
            s * 31 // 100 AS fixed, s * 9 // 100 AS intangible, s * 5 // 100 AS holdings,
            CASE WHEN institution AND NOT older THEN s * 2 // 100 ELSE 0 END AS agency
        FROM sized),
    owed AS (
        SELECT *, cash + receivables + stock + other_current AS current_assets, fixed + intangible + holdings AS lasting_assets,
            s * CASE WHEN i % 11 = 0 THEN 60 ELSE 22 END // 100 AS short_loans, s * 15 // 100 AS payables,
            s * 2 // 100 AS wages, s // 100 AS taxes_due, s * 11 // 100 AS long_loans,
            CASE WHEN older AND NOT institution THEN s * 3 // 100 ELSE 0 END AS minority,
            s * 20 // 100 AS capital, s * 4 // 100 AS capital_reserve, s * 3 // 100 AS surplus_reserve
        FROM assets),
    balanced AS (
        SELECT *, current_assets + lasting_assets + agency AS total_assets,
            short_loans + payables + wages + taxes_due AS current_debts,
            short_loans + payables + wages + taxes_due + long_loans + agency AS debts
        FROM owed),
    earned AS (
        SELECT *, total_assets - debts - minority AS equity,
            total_assets - debts - minority - capital - capital_reserve - surplus_reserve AS unappropriated,
            s * 110 // CASE half WHEN 1 THEN 200 ELSE 100 END AS revenue
        FROM balanced),
    costed AS (
        SELECT *, revenue * 80 // 100 AS cost, revenue // 100 AS sales_tax, revenue * 4 // 100 AS selling,
            revenue * 5 // 100 AS administration, revenue * 3 // 100 AS interest, revenue // 200 AS extra_income,
            revenue * CASE WHEN i % 5 = 2 THEN 12 ELSE 1 END // 100 AS extra_expense
        FROM earned),
    profits AS (
        SELECT *, revenue - cost - sales_tax - selling - administration - interest AS operating_profit,
            revenue - cost - sales_tax - selling - administration - interest + extra_income - extra_expense AS profit
        FROM costed),
    taxed AS (SELECT *, greatest(0, profit // 4) AS income_tax FROM profits),
    flows AS (
        SELECT *, profit - income_tax AS net_profit, revenue * 102 // 100 AS cash_in, revenue * 95 // 100 AS cash_out,
            revenue * 2 // 100 AS invest_in, revenue * 9 // 100 AS invest_out, revenue * 12 // 100 AS lent_in,
            revenue * 11 // 100 AS lent_out, revenue // 1000 - 777 AS exchange
        FROM taxed),
    ends AS (
        SELECT *, cash_in - cash_out AS operating_flow, invest_in - invest_out AS invest_flow, lent_in - lent_out AS lent_flow,
            cash_in - cash_out + invest_in - invest_out + lent_in - lent_out + exchange AS cash_change,
            revenue * 60 // 100 AS subsidy, revenue * 58 // 100 AS subsidy_spent, revenue * 25 // 100 AS own_income,
            revenue * 26 // 100 AS own_spent, revenue * 15 // 100 AS trade_income, revenue * 12 // 100 AS trade_spent
        FROM flows)
    SELECT *, cash - cash_change AS cash_before, subsidy + own_income + trade_income AS income,
        subsidy_spent + own_spent + trade_spent AS expense
    FROM ends"""

_HEAD = """'Q' || lpad(i::VARCHAR, 9, '0') || '-' || sheet_year || '-' || half AS 报表号,
        'Q' || lpad(i::VARCHAR, 9, '0') AS 客户号, sheet_year::VARCHAR AS 年份,
        CASE half WHEN 1 THEN '上半年' ELSE '年报' END AS 报表类型, '本部' AS 口径,
        CASE WHEN institution THEN CASE WHEN older THEN '旧版' ELSE '2019版' END
            ELSE CASE WHEN older THEN '2002版' ELSE '2007版' END END AS 版式,
        CASE WHEN audited THEN '样本会计师事务所' END AS 事务所,
        CASE WHEN audited THEN person_name(i + 9000000) END AS 审计人,
        CASE WHEN audited THEN strftime(audited_drawn, '%Y/%m/%d') END AS 审计日"""

_SHEETS: dict[str, tuple[str, dict[str, str]]] = {
    "资产负债表": (
        "FALSE",
        {
            "货币资金": "cash", "应收账款": "receivables", "存货": "stock", "其他流动资产": "other_current",
            "流动资产合计": "current_assets", "长期股权投资": "holdings", "固定资产": "fixed", "无形资产": "intangible",
            "非流动资产合计": "lasting_assets", "资产总计": "total_assets", "短期借款": "short_loans", "应付账款": "payables",
            "应付职工薪酬": "wages", "应交税费": "taxes_due", "流动负债合计": "current_debts", "长期借款": "long_loans",
            "非流动负债合计": "long_loans", "负债合计": "debts", "少数股东权益": "minority", "实收资本": "capital",
            "资本公积": "capital_reserve", "盈余公积": "surplus_reserve", "未分配利润": "unappropriated",
            "所有者权益合计": "equity", "负债和所有者权益总计": "total_assets",
        },
    ),
    "利润表": (
        "FALSE",
        {
            "营业收入": "revenue", "营业成本": "cost", "税金及附加": "sales_tax", "主营业务利润": "revenue - cost - sales_tax",
            "销售费用": "selling", "管理费用": "administration", "财务费用": "interest", "营业利润": "operating_profit",
            "营业外收入": "extra_income", "营业外支出": "extra_expense", "利润总额": "profit", "所得税费用": "income_tax",
            "净利润": "net_profit",
        },
    ),
    "现金流量表": (
        "FALSE",
        {
            "销售收现": "cash_in", "经营流入小计": "cash_in", "采购付现": "cash_out", "经营流出小计": "cash_out",
            "经营净额": "operating_flow", "投资流入小计": "invest_in", "投资流出小计": "invest_out", "投资净额": "invest_flow",
            "借款收现": "lent_in", "筹资流入小计": "lent_in", "筹资流出小计": "lent_out", "筹资净额": "lent_flow",
            "汇率影响": "exchange", "现金净增加额": "cash_change", "期初现金": "cash_before", "期末现金": "cash",
            "净利润": "net_profit",
        },
    ),
    "事业资产负债表": (
        "TRUE",
        {
            "货币资金": "cash", "应收账款": "receivables", "存货": "stock", "其他流动资产": "other_current",
            "流动资产合计": "current_assets", "长期投资": "holdings", "固定资产": "fixed", "无形资产": "intangible",
            "非流动资产合计": "lasting_assets", "受托代理资产": "CASE WHEN NOT older THEN agency END",
            "资产总计": "total_assets", "短期借款": "short_loans", "应付账款": "payables", "应付职工薪酬": "wages",
            "应缴税费": "taxes_due", "流动负债合计": "current_debts", "长期借款": "long_loans", "非流动负债合计": "long_loans",
            "受托代理负债": "CASE WHEN NOT older THEN agency END", "负债合计": "debts", "累计盈余": "equity",
            "净资产合计": "equity", "负债和净资产总计": "total_assets",
        },
    ),
    "事业收支表": (
        "TRUE",
        {
            "本期收入": "income", "财政拨款收入": "subsidy", "事业收入": "own_income", "经营收入": "trade_income",
            "本期费用": "expense", "财政补助支出": "subsidy_spent", "事业支出": "own_spent", "经营支出": "trade_spent",
            "本期盈余": "income - expense", "财政补助结转结余": "subsidy - subsidy_spent",
            "事业结转结余": "own_income - own_spent", "经营结余": "trade_income - trade_spent",
            "非财政补助结转": "own_income - own_spent + trade_income - trade_spent",
        },
    ),
}  # fmt: skip
"""By sheet: whether it is an institution's, and its columns with the figures that they show."""


def _written(columns: dict[str, str]) -> str:
    return ", ".join(
        f"CAST(({figure}) / 100.0 AS DECIMAL(18, 2))::VARCHAR AS {name}" for name, figure in columns.items()
    )
