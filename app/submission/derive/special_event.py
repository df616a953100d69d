"""Record 215: what explains a gap in an account's months; 11 no statement this month, 12 re-opened, 21 transferred out.

An event is dated within its month (P215-001), of an account that the centre has (P215-002), and on a day of which it has and
will have no record of that account (P215-007): the latest such day of the month up to today.
"""

from __future__ import annotations

from app.submission.derive.flat import finished_flat
from app.submission.derive.scope import Scope

_LOOK_BACK = 10


def special_events(scope: Scope) -> str:
    """Events in effect that the centre does not have, and events it has that were revoked since."""
    mine = f"""SELECT "AcctCode" FROM ({scope.entity("special_event")})"""
    rows = f"""
        SELECT e.*, taken.reported, list_filter(
                   list_transform(range({_LOOK_BACK}), back -> strftime(least({scope.day}, last_day(
                       TRY_CAST(e."Month" || '-01' AS DATE))) - CAST(back AS INTEGER), '%Y-%m-%d')),
                   each -> each LIKE e."Month" || '-%' AND NOT list_contains(coalesce(taken.days, []), each))[1] AS dated
        FROM ({scope.entity("special_event", '"AcctCode"', '"OpetnType"', '"Month"')}) e LEFT JOIN (
            SELECT account, list(day) AS days, bool_or(reported) AS reported FROM (
                SELECT key AS account, "RptDate" AS day, TRUE AS reported
                FROM ({scope.every_accepted("210")}) WHERE key IN ({mine})
                UNION ALL
                SELECT "AcctCode", unnest([CASE WHEN kind = 'S' THEN as_of END, "LatRpyDate", "CloseDate"]), FALSE
                FROM ({scope.entity("personal_performance")}) WHERE "AcctCode" IN ({mine}))
            GROUP BY account) taken ON taken.account = e."AcctCode\""""
    return finished_flat(
        "215",
        scope,
        {"RptDate": "x.dated"},
        ("Flag",),
        where="""n."RptDate" <> '' AND n.reported AND (k.key IS NOT NULL OR n."Flag" <> '0')""",
        reason="""CASE WHEN {due} THEN CASE WHEN k.key IS NULL THEN 'new' ELSE 'revoked' END
            WHEN NOT coalesce(n.reported, FALSE) THEN 'account_unknown'
            WHEN k.key IS NULL THEN CASE WHEN n."Flag" = '0' THEN 'never_valid' ELSE 'no_day' END ELSE 'unchanged' END""",
        rows=rows,
        beside=("reported",),
    )
