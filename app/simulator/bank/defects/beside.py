"""Defects in what stands beside customers and accounts of persons: relatives, documents, limits, guarantees, contracts."""

from __future__ import annotations

from typing import Final

from app.core.text import Text
from app.simulator.bank.defects.kind import Kind, Rule

_NEW_CUSTOMER: Final = (
    "cust_no IN (SELECT cust_no FROM cust_master WHERE is_first() OR since_dt = strftime(today(), '%Y-%m-%d'))"
)


def _of(record: str, name: str, zh: str, en: str, candidates: str, change: str, *findings: Rule) -> Kind:
    return Kind(name, Text(zh, en), record, "first report", candidates, (change,), findings)


def _since(column: str) -> str:
    return f"(is_first() OR {column} = strftime(today(), '%Y-%m-%d'))"


BESIDE_KINDS: Final = (
    _of(
        "120", "relative_is_customer", "亲属证件与本人相同", "The relative has the customer's own number",
        f"""SELECT rel_cert_no AS key, concat_ws('|', '10', cert_no, '10', cert_no) AS record_key FROM cust_family
            WHERE valid = 'Y' AND {_NEW_CUSTOMER}""",
        "UPDATE cust_family SET rel_cert_no = cert_no WHERE rel_cert_no = $key", Rule("P120-002", "BFE000"),
    ),
    _of(
        "130", "document_from_tomorrow", "证件起始日期在将来", "A document that is not valid yet",
        f"SELECT 'D' || cust_no AS key, cert_no AS record_key FROM cust_document WHERE {_NEW_CUSTOMER}",
        "UPDATE cust_document SET from_dt = strftime(today() + 3, '%Y-%m-%d') WHERE 'D' || cust_no = $key",
        Rule("P130-001", "ABE007"),
    ),
    _of(
        "130", "document_without_end", "证件到期日期缺失", "A document without its last day",
        f"SELECT 'D' || cust_no AS key, cert_no AS record_key FROM cust_document WHERE {_NEW_CUSTOMER}",
        "UPDATE cust_document SET to_dt = NULL WHERE 'D' || cust_no = $key", Rule("P000-020", "ABE000"),
    ),
    _of(
        "140", "passport_of_nowhere", "护照国籍前缀无效", "A passport of no known nation",
        f"""SELECT pass_no AS key, concat_ws('|', '10', cert_no, '2', '000' || right(pass_no, 8)) AS record_key FROM cust_passport
            WHERE valid = 'Y' AND {_NEW_CUSTOMER}""",
        "UPDATE cust_passport SET pass_no = '000' || right(pass_no, 8) WHERE pass_no = $key", Rule("P000-024", "ABE004"),
    ),
    _of(
        "220", "limit_reversed", "授信起止日期颠倒", "A limit that ends before it begins",
        f"SELECT limit_no AS key, limit_no AS record_key FROM limit_master WHERE sts = 'LIVE' AND {_since('from_dt')}",
        "UPDATE limit_master SET to_dt = strftime(from_dt::DATE - 1, '%Y-%m-%d') WHERE limit_no = $key",
        Rule("P220-006", "BCE000"),
    ),
    _of(
        "220", "limit_currency_missing", "授信币种缺失", "The currency of a card's limit is missing",
        "SELECT LMT_NO AS key, LMT_NO AS record_key FROM CARD_LMT WHERE LMT_STS = 'A'"
        " AND (is_first() OR LMT_FROM = strftime(today(), '%Y%m%d'))",
        "UPDATE CARD_LMT SET CCY = NULL WHERE LMT_NO = $key", Rule("P000-020", "ABE000"),
    ),
    _of(
        "230", "guarantee_line_wrong", "担保大类与细分不符", "A line of business that its detail does not belong to",
        f"SELECT guar_no AS key, guar_no AS record_key FROM guar_master WHERE sts = 'LIVE' AND {_since('open_dt')}",
        "UPDATE guar_master SET kind = CASE kind WHEN 'OTHF' THEN 'PERF' ELSE 'OTHF' END WHERE guar_no = $key",
        Rule("P230-013", "BAE006"),
    ),
    _of(
        "230", "backing_missing", "有反担保却无责任人", "A backed guarantee without anybody behind it",
        f"""SELECT guar_no AS key, guar_no AS record_key FROM guar_master
            WHERE sts = 'LIVE' AND back = 'GUA' AND {_since('open_dt')}""",
        "DELETE FROM guar_party WHERE guar_no = $key", Rule("P230-008", "BAR007"),
    ),
    _of(
        "510", "contract_without_property", "抵押合同无抵押物", "A mortgage contract without property",
        f"""SELECT contract_no AS key, contract_no AS record_key FROM pledge_contract
            WHERE sts = 'LIVE' AND contract_tp = 'M' AND {_since('from_dt')}""",
        "DELETE FROM pledge_asset WHERE contract_no = $key", Rule("P510-003", "BPR001"),
    ),
    _of(
        "510", "appraised_in_future", "抵押物评估日期在将来", "Property appraised in the future",
        f"""SELECT contract_no AS key, contract_no AS record_key FROM pledge_contract
            WHERE sts = 'LIVE' AND contract_tp = 'M' AND {_since('from_dt')}""",
        "UPDATE pledge_asset SET val_dt = strftime(today() + 5, '%Y-%m-%d') WHERE contract_no = $key",
        Rule("P510-001", "ABE007"),
    ),
)  # fmt: skip
