"""Record 410: an organisation's loan account, at the reporting point that today's state calls for.

One record an account and day; of several points that apply, the one that says most is taken: closing (20), extension (42),
disbursement (31), agreed repayment date (32), actual repayment (33), changed classification (41), anything else (49). Revolving
accounts (R1) know 10, 20 and 49 only; the matrix of points by account type is `report_point_matrix` of the edition.
"""

from __future__ import annotations

from app.submission.derive.scope import Scope, finished, latest, occurrences, origin, segment
from app.submission.tables import record_type


def corporate_accounts(scope: Scope) -> str:
    """Corporate accounts with a reporting point since the centre last took a record of them."""
    once = "n.first"
    sent = {letter: f'{once} OR n."{letter}" IS DISTINCT FROM k."{letter}"' for letter in "DEF"}
    return finished(
        "410",
        scope,
        _fresh(scope),
        f"SELECT key, {latest('C', 'D', 'E', 'F')} FROM ({scope.accepted('410')}) GROUP BY key",
        keep=sent
        | {
            "C": f'{once} OR n.point = \'31\' OR n."C" IS DISTINCT FROM k."C"',
            "G": once,
            "H": "TRUE",
            "I": "TRUE",
        },
        where="n.point IS NOT NULL",
        base={"RptDate": scope.day_text, "RptDateCode": "n.point"},
        reason=_REASON,
        others=f"WITH {_choice(scope)} SELECT key, reason FROM choice WHERE point IS NULL" if scope.explaining else "",
    )


_REASON = """CASE n.point WHEN '10' THEN 'new' WHEN '20' THEN 'closing' WHEN '42' THEN 'extended' WHEN '31' THEN 'drawn'
    WHEN '32' THEN 'agreed_day' WHEN '33' THEN 'repaid' WHEN '41' THEN 'classified' ELSE 'changed' END"""


def _fresh(scope: Scope) -> str:
    record = record_type("410")
    account = 'a."AcctType"'
    base = segment(record, "B", "a", {"InfRecType": "'410'", "RptDate": "NULL", "RptDateCode": "NULL"})
    parties = segment(record, "D", "a", {"RltRepymtNm": "CAST(len(n.parties) AS VARCHAR)", "RltRepymtInf": "n.parties"})
    links = segment(record, "E", "a", {"CcNm": "CAST(len(n.links) AS VARCHAR)", "CccInf": "n.links"})
    deeds = segment(record, "I", "a", {"CagOfTrdNm": "CAST(len(n.deeds) AS VARCHAR)", "CagOfTrdInf": "n.deeds"})
    limit = "a.\"AcctType\" IN ('R1', 'R4') OR (a.\"AcctType\" = 'D1' AND a.\"Flag\" IN ('1', '2'))"
    return f"""
        WITH {_choice(scope)},
             due AS (SELECT choice.key, first, point, fresh_deeds AS deeds, r.found AS parties, c.found AS links
                     FROM choice LEFT JOIN r ON r.key = choice.key LEFT JOIN c ON c.key = choice.key
                     WHERE point IS NOT NULL)
        SELECT n.key, n.point, n.first,
               {origin(("corporate_account", "a"), ("corporate_performance", "x"))} AS origin,
               {base} AS "B", {segment(record, "C", "a", account=account)} AS "C",
               CASE WHEN n.parties IS NOT NULL THEN {parties} END AS "D",
               CASE WHEN n.links IS NOT NULL AND {account} NOT IN ('C1', 'D2') THEN {links} END AS "E",
               CASE WHEN {limit} THEN {segment(record, "F", "a")} END AS "F",
               CASE WHEN {account} = 'C1' THEN {segment(record, "G", "a")} END AS "G",
               {segment(record, "H", "x", account=account)} AS "H",
               CASE WHEN len(n.deeds) > 0 THEN {deeds} END AS "I"
        FROM account a JOIN due n ON n.key = a."AcctCode" JOIN performance x ON x."AcctCode" = n.key"""


def _choice(scope: Scope) -> str:
    """CTEs ending in `choice`: every account with its point (NULL: nothing due)."""
    h = 'performance."{}"'.format
    return f"""
        account AS NOT MATERIALIZED ({scope.entity("corporate_account", '"AcctCode"')}),
        performance AS NOT MATERIALIZED ({scope.entity("corporate_performance", '"AcctCode"')}),
        r AS ({_grouped(scope, "repayment_party", "D")}),
        c AS ({_grouped(scope, "collateral_link", "E")}),
        t AS ({_grouped(scope, "special_transaction", "I")}),
        known AS (
            SELECT key, max(RptDate) AS newest, arg_max("H", RptDate) FILTER ("H" IS NOT NULL) AS "H",
                   flatten(list(list_transform("I"."CagOfTrdInf", deed -> deed."TranDate" || deed."ChanTranType"))
                       FILTER ("I" IS NOT NULL)) AS deeds
            FROM ({scope.accepted("410")}) GROUP BY key),
        joined AS (
            SELECT account."AcctCode" AS key, account."AcctType", account."Flag", known.key IS NULL AS first, known.newest,
                   known."H" AS known_h,
                   {h("AcctStatus")} AS status, {h("AcctBal")} AS balance, {h("LatAgrrRpyDate")} AS agreed_on,
                   {h("LatRpyDate")} AS repaid_on, {h("FiveCate")} AS class_now, {h("TotOverd")} AS overdue,
                   {h("CloseDate")} AS closed_on,
                   list_filter(t.found, deed -> deed."TranDate" <= {scope.day_text}
                       AND NOT list_contains(coalesce(known.deeds, []), deed."TranDate" || deed."ChanTranType")) AS fresh_deeds
            FROM account JOIN performance ON performance."AcctCode" = account."AcctCode"
                 LEFT JOIN known ON known.key = account."AcctCode"
                 LEFT JOIN t ON t.key = account."AcctCode"),
        choice AS (
            SELECT *, CASE
                WHEN known_h."AcctStatus" = '21' OR newest >= {scope.day_text} THEN NULL
                WHEN status = '21' AND first AND coalesce(closed_on, '') < strftime({scope.day} - 30, '%Y-%m-%d') THEN NULL
                WHEN status = '21' THEN '20'
                WHEN first THEN '10'
                WHEN "AcctType" IN ('D1', 'R4') AND len(list_filter(fresh_deeds, deed -> deed."ChanTranType" = '11')) > 0 THEN '42'
                WHEN "AcctType" = 'D1' AND "Flag" = '2'
                     AND TRY_CAST(balance AS BIGINT) > TRY_CAST(known_h."AcctBal" AS BIGINT) THEN '31'
                WHEN "AcctType" IN ('D1', 'D2', 'R4') AND agreed_on > known_h."LatAgrrRpyDate" THEN '32'
                WHEN "AcctType" IN ('D1', 'D2', 'R4', 'C1') AND repaid_on > known_h."LatRpyDate" THEN '33'
                WHEN "AcctType" <> 'R1' AND class_now IS DISTINCT FROM known_h."FiveCate" THEN '41'
                WHEN balance IS DISTINCT FROM known_h."AcctBal" OR class_now IS DISTINCT FROM known_h."FiveCate"
                     OR coalesce(overdue, '') IS DISTINCT FROM coalesce(known_h."TotOverd", '')
                     OR status IS DISTINCT FROM known_h."AcctStatus" OR len(fresh_deeds) > 0 THEN '49'
            END AS point,
            CASE WHEN known_h."AcctStatus" = '21' THEN 'closed' WHEN newest >= {scope.day_text} THEN 'reported_today'
                 WHEN first THEN 'ended_before' ELSE 'unchanged' END AS reason
            FROM joined)"""


def _grouped(scope: Scope, entity: str, letter: str) -> str:
    found = occurrences(record_type("410"), letter, "x")
    rows = scope.entity(entity, '"AcctCode"')
    return f"SELECT \"AcctCode\" AS key, {found} AS found FROM ({rows}) x WHERE subject = 'organisation' GROUP BY 1"
