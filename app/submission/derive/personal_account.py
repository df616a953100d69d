"""Record 210: a person's loan or card account, at the reporting point that today's state calls for.

The choice of the point follows the practice noted with the rules (P210-073 to P210-077): 10 for an account just opened, 31 for
an older one first reported on a settlement day, 20 and 32 when it closes, 40 when arrears are cured between settlement days,
30 on every other settlement day. Collection accounts (C1) know 10, 20 and 40 only.
"""

from __future__ import annotations

from app.submission.derive.scope import Scope, finished, latest, occurrences, origin, segment
from app.submission.tables import record_type

_CLOSED = {"D1": "3", "R1": "3", "R4": "3", "R2": "4", "R3": "4", "C1": "2"}
_MONTHLY = "('10', '20', '30', '31', '32')"


def personal_accounts(scope: Scope) -> str:
    """Personal accounts with a reporting point since the centre last took a record of them."""
    return finished(
        "210",
        scope,
        _fresh(scope),
        f"SELECT key, {latest('C', 'D', 'E', 'F', 'G', 'I')} FROM ({scope.accepted('210')}) GROUP BY key",
        keep=_keep(),
        where="n.point IS NOT NULL",
        base={"RptDate": "n.report_date", "RptDateCode": "n.point"},
        reason=_REASON,
        others=f"WITH {_choice(scope)} SELECT key, reason FROM choice WHERE point IS NULL" if scope.explaining else "",
    )


_REASON = """CASE n.point WHEN '10' THEN 'new' WHEN '31' THEN 'new' WHEN '30' THEN 'settlement' WHEN '20' THEN 'closing'
    WHEN '32' THEN 'closing' ELSE CASE WHEN n.first THEN 'new' WHEN n."B"."AcctType" = 'C1' THEN 'balance' ELSE 'cured' END END"""


def _fresh(scope: Scope) -> str:
    record = record_type("210")
    account = 'a."AcctType"'
    base = segment(record, "B", "a", {"InfRecType": "'210'", "RptDate": "NULL", "RptDateCode": "NULL"})
    parties = segment(record, "D", "a", {"RltRepymtNm": "CAST(len(n.parties) AS VARCHAR)", "RltRepymtInf": "n.parties"})
    links = segment(record, "E", "a", {"CcNm": "CAST(len(n.links) AS VARCHAR)", "CccInf": "n.links"})
    deeds = segment(record, "K", "a", {"CagOfTrdNm": "CAST(len(n.deeds) AS VARCHAR)", "CagOfTrdInf": "n.deeds"})
    monthly = monthly_performance("x", "n.report_date", account)
    other = segment(record, "J", "x", {"RpyStatus": f"CASE WHEN {account} <> 'C1' THEN 'N' END"}, account)
    limit = "a.\"AcctType\" IN ('R1', 'R3', 'R4') OR (a.\"AcctType\" = 'D1' AND a.\"Flag\" IN ('1', '2'))"
    limit += " OR (a.\"AcctType\" = 'R2' AND a.\"BusiDtlLines\" <> '82')"
    return f"""
        WITH {_choice(scope)},
             r AS ({_grouped(scope, "repayment_party", "D")}),
             c AS ({_grouped(scope, "collateral_link", "E")}),
             t AS ({_grouped(scope, "special_transaction", "K")}),
             due AS (SELECT choice.key, first, point, basis, report_date, r.found AS parties, c.found AS links,
                        list_filter(t.found, deed -> deed."TranDate" <= report_date AND NOT list_contains(
                            coalesce(sent_deeds, []), deed."TranDate" || deed."ChanTranType")) AS deeds
                     FROM choice LEFT JOIN t ON t.key = choice.key
                          LEFT JOIN r ON r.key = choice.key LEFT JOIN c ON c.key = choice.key
                     WHERE point IS NOT NULL)
        SELECT n.key, n.point, n.report_date, n.first,
               {origin(("personal_account", "a"), ("personal_performance", "x"))} AS origin,
               {base} AS "B", {segment(record, "C", "a", account=account)} AS "C",
               CASE WHEN n.parties IS NOT NULL THEN {parties} END AS "D",
               CASE WHEN n.links IS NOT NULL AND {account} <> 'C1' THEN {links} END AS "E",
               CASE WHEN {limit} THEN {segment(record, "F", "a")} END AS "F",
               CASE WHEN {account} = 'C1' THEN {segment(record, "G", "a")} END AS "G",
               CASE WHEN {account} <> 'C1' AND n.point IN {_MONTHLY} THEN {monthly} END AS "H",
               CASE WHEN {account} = 'R2' AND nullif(a."SpecLine", '') IS NOT NULL THEN {segment(record, "I", "a")} END AS "I",
               CASE WHEN {account} = 'C1' OR n.point = '40' THEN {other} END AS "J",
               CASE WHEN len(n.deeds) > 0 AND ({account} = 'C1' OR n.point NOT IN ('10', '40')) THEN {deeds} END AS "K"
        FROM account a JOIN due n ON n.key = a."AcctCode"
             JOIN performance x ON x."AcctCode" = n.key AND x.kind = n.basis"""


def monthly_performance(row: str, report_date: str, account: str) -> str:
    """The monthly performance segment of the row as of a report date."""
    month = f"left({report_date}, 7)"
    settled = f'CASE WHEN left({row}."SettDate", 7) = {month} THEN {row}."SettDate" END'
    return segment(record_type("210"), "H", row, {"Month": month, "SettDate": settled}, account)


def _choice(scope: Scope) -> str:
    """CTEs ending in `choice`: every account with its point (NULL: nothing due), report date and the row it rests on."""
    closed = " OR ".join(
        f"(account.\"AcctType\" = '{kind}' AND {{row}}.\"AcctStatus\" = '{status}')" for kind, status in _CLOSED.items()
    )
    day_closed, settled_closed = closed.format(row="day"), closed.format(row="settled")
    known_closed = " OR ".join(
        f"(known.account_type = '{kind}' AND known.status = '{status}')" for kind, status in _CLOSED.items()
    )
    age = f"date_diff('day', TRY_CAST(account.\"OpenDate\" AS DATE), {scope.day})"
    since_closing = f"coalesce(date_diff('day', TRY_CAST(day.\"CloseDate\" AS DATE), {scope.day}), 0)"
    return f"""
        account AS NOT MATERIALIZED ({scope.entity("personal_account", '"AcctCode"')}),
        performance AS NOT MATERIALIZED ({scope.entity("personal_performance", '"AcctCode"')}),
        day AS NOT MATERIALIZED (SELECT * FROM performance WHERE kind = 'D'),
        settled AS NOT MATERIALIZED (SELECT * FROM performance WHERE kind = 'S'),
        transferred AS (
            SELECT "AcctCode" AS key FROM ({scope.entity("special_event")}) WHERE "OpetnType" = '21' AND "Flag" <> '0'
            UNION SELECT "AcctCode" FROM ({scope.every_accepted("215")}) WHERE "OpetnType" = '21'
            GROUP BY "AcctCode" HAVING arg_max("Flag", "RptDate") <> '0'),
        known AS (
            SELECT key, max(RptDate) AS newest, max(RptDate) FILTER ("H" IS NOT NULL) AS monthly,
                   arg_max("B"."AcctType", RptDate) AS account_type,
                   arg_max(coalesce("H"."AcctStatus", "J"."AcctStatus"), RptDate) AS status,
                   arg_max(coalesce("H"."TotOverd", "J"."TotOverd"), RptDate) AS overdue,
                   arg_max(coalesce("H"."AcctBal", "J"."AcctBal"), RptDate) AS balance,
                   flatten(list(list_transform("K"."CagOfTrdInf", deed -> deed."TranDate" || deed."ChanTranType"))
                       FILTER ("K" IS NOT NULL)) AS deeds
            FROM ({scope.accepted("210")}) GROUP BY key),
        pointed AS (
            SELECT account."AcctCode" AS key, account."AcctType", known.key IS NULL AS first,
                   known.deeds AS sent_deeds, settled.as_of AS settled_on, day."LatRpyDate" AS repaid_on,
                   CASE
                       WHEN known.key IS NOT NULL AND ({known_closed}) THEN NULL
                       WHEN transferred.key IS NOT NULL THEN NULL
                       WHEN account."AcctType" = 'C1' THEN
                           CASE WHEN day."AcctStatus" = '2' AND known.key IS NULL AND {since_closing} >= 30 THEN NULL
                                WHEN day."AcctStatus" = '2' THEN '20'
                                WHEN known.key IS NULL AND {age} < 30 THEN '10'
                                WHEN known.key IS NULL OR day."AcctBal" IS DISTINCT FROM known.balance THEN '40' END
                       WHEN {day_closed} THEN
                           CASE WHEN {since_closing} >= 30 AND known.key IS NULL THEN NULL
                                WHEN ({settled_closed}) AND settled.as_of > coalesce(known.newest, '') THEN '32'
                                ELSE '20' END
                       WHEN known.key IS NULL THEN
                           CASE WHEN settled.as_of >= account."OpenDate" THEN '31' WHEN {age} < 30 THEN '10' END
                       WHEN settled.as_of > coalesce(known.monthly, '') THEN '30'
                       WHEN TRY_CAST(known.overdue AS BIGINT) > 0 AND day."TotOverd" = '0' AND account."AcctType" <> 'R3'
                            AND day."LatRpyDate" > known.newest AND day."LatRpyDate" <= {scope.day_text} THEN '40'
                   END AS point,
                   CASE
                       WHEN known.key IS NOT NULL AND ({known_closed}) THEN 'closed'
                       WHEN transferred.key IS NOT NULL THEN 'transferred'
                       WHEN known.key IS NULL AND ({day_closed} OR account."AcctType" = 'C1' AND day."AcctStatus" = '2')
                            THEN 'ended_before'
                       WHEN known.key IS NULL THEN 'no_settlement' ELSE 'unchanged'
                   END AS reason
            FROM account JOIN day ON day."AcctCode" = account."AcctCode"
                 LEFT JOIN settled ON settled."AcctCode" = account."AcctCode"
                 LEFT JOIN known ON known.key = account."AcctCode"
                 LEFT JOIN transferred ON transferred.key = account."AcctCode"),
        choice AS (
            SELECT *, CASE WHEN point IN ('30', '31', '32') THEN 'S' ELSE 'D' END AS basis,
                   CASE WHEN point IN ('30', '31', '32') THEN settled_on
                        WHEN point = '40' AND "AcctType" <> 'C1' THEN repaid_on
                        ELSE {scope.day_text} END AS report_date
            FROM pointed)"""


def _keep() -> dict[str, str]:
    sent = {
        letter: f"n.first OR ((n.point <> '40' OR n.\"B\".\"AcctType\" = 'C1') AND"
        f' n."{letter}" IS DISTINCT FROM k."{letter}")'
        for letter in "CDG"
    }
    sent |= {
        letter: f'n.first OR (n.point <> \'40\' AND n."{letter}" IS DISTINCT FROM k."{letter}")' for letter in "EFI"
    }
    return sent | {"H": "TRUE", "J": "TRUE", "K": "TRUE"}


def _grouped(scope: Scope, entity: str, letter: str) -> str:
    found = occurrences(record_type("210"), letter, "x")
    rows = scope.entity(entity, '"AcctCode"')
    return f"SELECT \"AcctCode\" AS key, {found} AS found FROM ({rows}) x WHERE subject = 'person' GROUP BY 1"
