"""The volume check: the general ledger's positions against ours, by product and branch, judged by tolerances and kept.

Two sides are held against the same ledger: `standard`, what the sources have delivered for the day, and `accepted`, what the centre
has taken. A day without a ledger is noted as such and judged when it has come.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from functools import partial
from typing import Any, Final

from sqlalchemy import delete, select

from app.core import clock
from app.core.db import current_session, unit_of_work
from app.core.errors import Conflict
from app.core.events import publish
from app.core.text import Text
from app.submission.checking.events import VolumeJudged
from app.submission.checking.models import VolumePosition, VolumeVerdict
from app.submission.checking.tolerances import MEASURES, Tolerances, tolerances
from app.submission.lake import lake
from app.submission.models import Batch
from app.submission.stages.work import Work
from app.submission.tables import accepted_of, of_day, standard_tables

STANDARD, ACCEPTED = "standard", "accepted"
AGREES, DIFFERS, NO_LEDGER = "agrees", "differs", "no_ledger"
_KINDS: Final = {"personal": "210", "corporate": "410"}
_CLOSED: Final = {
    "personal": "(kind IN ('D1', 'R1', 'R4') AND status = '3') OR (kind IN ('R2', 'R3') AND status = '4')"
    " OR (kind = 'C1' AND status = '2')",
    "corporate": "status = '21'",
}
_STATUS: Final = {"personal": 'coalesce("H"."AcctStatus", "J"."AcctStatus")', "corporate": '"H"."AcctStatus"'}
_BALANCE: Final = {"personal": 'coalesce("H"."AcctBal", "J"."AcctBal")', "corporate": '"H"."AcctBal"'}


def weigh(work: Work) -> dict[str, Any]:
    """The step of the daily batch: what the sources have delivered against the ledger.

    Raises Conflict (`submission.volume_differs`) where that is to stop the batch.
    """
    found = judge_volume(work.batch, STANDARD)
    if found["verdict"] == DIFFERS and tolerances().stop_batch:
        raise Conflict(
            "submission.volume_differs",
            Text(
                "{n} 个产品机构与总账不符，请核实来源或总账后重试",
                "{n} positions do not agree with the ledger; look into sources or ledger, then retry",
            ).format(n=found["beyond"]),
        )
    return found


def judge_volume(batch: str, side: str) -> dict[str, Any]:
    """Judge one side of a batch's day and keep it in place of an earlier judgement; verdict, positions, beyond."""
    with unit_of_work(reading=True) as session:
        found = session.get_one(Batch, batch)
        day, provider = found.business_date, found.provider
    delivered, known = of_day(provider, day), tolerances()
    rows_of = partial(standard_rows, mine=delivered) if side == STANDARD else partial(accepted_rows, provider=provider)
    ours = " UNION ALL ".join(_grouped(rows_of(kind)) for kind in _KINDS)
    rows = lake().rows(f"""
        WITH ledger AS (
            SELECT product, branch, {", ".join(f"sum(coalesce(TRY_CAST({name} AS DECIMAL(20, 0)), 0)) AS {name}" for name in MEASURES)}
            FROM {standard_tables()["ledger_position"].path} WHERE {delivered} GROUP BY ALL),
        ours AS ({ours})
        SELECT coalesce(l.product, o.product), coalesce(l.branch, o.branch),
               {", ".join(f"coalesce(l.{name}, 0), coalesce(o.{name}, 0)" for name in MEASURES)}, l.product IS NOT NULL
        FROM ledger l FULL JOIN ours o ON l.product = o.product AND l.branch = o.branch ORDER BY 1, 2""")
    positions = [_position(batch, provider, side, row, known) for row in rows]
    beyond = sum(bool(each.beyond) for each in positions)
    verdict = NO_LEDGER if not any(row[-1] for row in rows) else DIFFERS if beyond else AGREES
    if verdict == NO_LEDGER:
        positions, beyond = [], 0
    with unit_of_work() as session:
        mine = (VolumePosition.batch_id == batch, VolumePosition.side == side)
        session.execute(delete(VolumePosition).where(*mine))
        session.add_all(positions)
        session.merge(
            VolumeVerdict(
                batch_id=batch,
                side=side,
                provider=provider,
                business_date=day,
                verdict=verdict,
                positions=len(positions),
                beyond=beyond,
                edition=known.edition,
                judged_at=clock.now(),
            )
        )
        publish(VolumeJudged(batch, side, verdict, beyond))
    return {"verdict": verdict, "positions": len(positions), "beyond": beyond}


def _position(batch: str, provider: str, side: str, row: tuple[Any, ...], known: Tolerances) -> VolumePosition:
    product, branch, *figures, _ = row
    ledger = {name: Decimal(figures[2 * place]) for place, name in enumerate(MEASURES)}
    ours = {name: Decimal(figures[2 * place + 1]) for place, name in enumerate(MEASURES)}
    given = {f"ledger_{name}": ledger[name] if name == "balance" else int(ledger[name]) for name in MEASURES}
    given |= {f"our_{name}": ours[name] if name == "balance" else int(ours[name]) for name in MEASURES}
    return VolumePosition(
        batch_id=batch,
        side=side,
        provider=provider,
        product=str(product or "?")[:20],
        branch=str(branch or "?")[:20],
        beyond=known.beyond(product or "?", side, ledger, ours),
        **given,
    )


def standard_rows(kind: str, mine: str) -> str:
    """SELECT of the living accounts that the sources have delivered: key, kind, branch, contract, status, balance, source row."""
    tables = standard_tables()
    performance = " AND p.kind = 'D'" if kind == "personal" else ""
    return f"""
        SELECT '{kind}.' || kind AS product, * FROM (
            SELECT a."AcctCode" AS key, a."AcctType" AS kind, coalesce(a."MngmtOrgCode", '?') AS branch,
                   coalesce(nullif(a."Mcc", ''), a."AcctCode") AS contract, p."AcctStatus" AS status,
                   p."AcctBal" AS balance, a._source AS source, a._row AS "row"
            FROM (SELECT * FROM {tables[f"{kind}_account"].path} WHERE {mine}) a
                 LEFT JOIN (SELECT * FROM {tables[f"{kind}_performance"].path} p WHERE {mine}{performance}) p
                      ON p."AcctCode" = a."AcctCode")
        WHERE NOT coalesce({_CLOSED[kind]}, FALSE)"""


def accepted_rows(kind: str, provider: str) -> str:
    """SELECT of a legal entity's living accounts as the centre has them, in the columns of `standard_rows`."""
    status, balance = _STATUS[kind], _BALANCE[kind]
    return f"""
        SELECT '{kind}.' || kind AS product, * FROM (
            SELECT key, arg_max("B"."AcctType", "RptDate") AS kind, arg_max("B"."MngmtOrgCode", "RptDate") AS branch,
                   coalesce(nullif(arg_max("F"."Mcc", "RptDate") FILTER ("F" IS NOT NULL), ''), key) AS contract,
                   arg_max({status}, "RptDate") FILTER ({status} IS NOT NULL) AS status,
                   arg_max({balance}, "RptDate") FILTER ({balance} IS NOT NULL) AS balance,
                   '' AS source, arg_max(record_id, "RptDate") AS "row"
            FROM ({accepted_of(_KINDS[kind], provider)}) GROUP BY key)
        WHERE NOT coalesce({_CLOSED[kind]}, FALSE)"""


def _grouped(rows: str) -> str:
    return (
        "SELECT product, branch, count(*) AS accounts, count(DISTINCT contract) AS contracts,"
        f" coalesce(sum(TRY_CAST(balance AS DECIMAL(20, 0))), 0) AS balance FROM ({rows}) GROUP BY product, branch"
    )


def verdicts_of(batch: str) -> dict[str, VolumeVerdict]:
    """The verdicts of a batch by side."""
    query = select(VolumeVerdict).filter_by(batch_id=batch)
    return {each.side: each for each in current_session().scalars(query)}


def rows_select(side: str, product: str, day: date, provider: str) -> tuple[str, str] | None:
    """SELECT of a legal entity's accounts behind a position, with their record type; None for a product of no known kind."""
    kind = product.partition(".")[0]
    if kind not in _KINDS:
        return None
    rows = standard_rows(kind, of_day(provider, day)) if side == STANDARD else accepted_rows(kind, provider)
    return rows, _KINDS[kind]
