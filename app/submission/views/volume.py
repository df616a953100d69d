"""Pages of the volume check: one day by product and branch on either side, down to the accounts behind a position."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app.audit import Thing, looked_at, record
from app.core.db import current_session
from app.core.entities import visible_entities
from app.core.errors import NotFound
from app.core.text import Text
from app.submission.checking import reading as checks
from app.submission.checking.models import VolumePosition
from app.submission.checking.tolerances import MEASURES, SIDES, tolerances
from app.submission.checking.volume import rows_select, verdicts_of
from app.submission.models import Batch
from app.submission.permissions import RECORDS, VIEW
from app.submission.reading import terms
from app.submission.reading.batches import batch_options, newest_batch
from app.submission.reading.lake_rows import lake_page
from app.submission.reading.personal import shown_key
from app.submission.service import find_batch
from app.submission.views.day import shown_entity
from app.web.access import permission
from app.web.listing import Column, Filter, Listing, csv_answer, database_page, database_stream
from app.web.words import say

_YES: Final = (("yes", Text("仅超出容差的", "beyond tolerance only")),)
ROWS: Final = Listing(
    columns=(
        Column("key", Text("账户标识码", "Account")),
        Column("contract", Text("合同", "Contract")),
        Column("status", Text("账户状态", "Status"), sortable=True),
        Column("balance", Text("余额（元）", "Balance (yuan)"), sortable=True, number=True),
        Column("source", Text("来源", "Source")),
    ),
    order="-balance",
    filters=(Filter("status", Text("账户状态", "Status")),),
)


def _listing() -> Listing:
    figures = (
        Column(f"{end}_{name}", Text(f"{side.zh}{title.zh}", f"{title.en}, {side.en}"), number=True)
        for name, title in terms.MEASURE.items()
        for end, side in (("ledger", Text("总账", "ledger")), ("our", Text("本方", "ours")))
    )
    return Listing(
        columns=(
            Column("product", Text("产品", "Product"), sortable=True),
            Column("branch", Text("机构", "Branch"), sortable=True),
            *figures,
        ),
        order="product",
        filters=(
            Filter("batch", Text("业务日", "Business day"), options=batch_options()),
            Filter("side", Text("核对双方", "Sides"), options=tuple(terms.VOLUME_SIDE.items())),
            Filter(
                "product",
                Text("产品", "Product"),
                options=tuple((name, tolerances().title(name)) for name in tolerances().titles),
            ),
            Filter("branch", Text("机构", "Branch"), hint=Text("完整代码", "the whole code")),
            Filter("beyond", Text("容差", "Tolerance"), options=_YES),
        ),
    )


@permission(VIEW)
def volume() -> ResponseReturnValue:
    """The positions of a day on one side; without a choice the newest batch against its sources."""
    query = _listing().read()
    batch, side = _chosen(query.filters)
    page = None
    if batch is not None:
        statement = checks.selected_positions(batch.id, side, query.filters)
        page = database_page(current_session(), statement, query, checks.POSITION_SORTS, VolumePosition.id)
    return render_template(
        "submission/volume.html",
        page=page,
        batch=batch,
        several=len(visible_entities()) > 1,
        side=side,
        sides=SIDES,
        measures=MEASURES,
        verdicts=verdicts_of(batch.id) if batch else {},
        tolerances=tolerances(),
        terms=terms,
        export=query.at(url_for("submission.volume_csv")),
    )


def _chosen(filters: object) -> tuple[Batch | None, str]:
    given = dict(filters) if isinstance(filters, dict) else {}
    batch = find_batch(given["batch"]) if given.get("batch") else newest_batch(shown_entity())
    return batch, given.get("side") or SIDES[0]


@permission(VIEW)
def volume_csv() -> ResponseReturnValue:
    """The filtered positions; the export is recorded."""
    query = _listing().read()
    batch, side = _chosen(query.filters)
    if batch is None:
        raise NotFound("submission.batch", Text("没有这个批次", "There is no such batch"))
    record("submission.volume.export", Thing("batch", batch.id), detail={"side": side})
    statement = checks.selected_positions(batch.id, side, query.filters)
    titles = (*(column.title for column in query.listing.columns), Text("超出容差", "Beyond tolerance"))

    def rows() -> Iterator[VolumePosition]:
        yield from database_stream(statement, query, checks.POSITION_SORTS, VolumePosition.id)

    def cells(each: VolumePosition) -> tuple[object, ...]:
        figures = [getattr(each, f"{end}_{name}") for name in MEASURES for end in ("ledger", "our")]
        beyond = " ".join(say(terms.MEASURE[name]) for name in each.beyond)
        return (say(tolerances().title(each.product)), each.branch, *figures, beyond)

    return csv_answer(f"volume-{batch.business_date.isoformat()}-{side}", titles, rows(), cells)


@permission(RECORDS)
def volume_rows() -> ResponseReturnValue:
    """The accounts behind one position, their numbers masked. Raises NotFound."""
    side, product, branch = (request.args.get(name, "") for name in ("side", "product", "branch"))
    batch = find_batch(request.args.get("batch", ""))
    found = rows_select(side, product, batch.business_date, batch.provider) if side in SIDES else None
    if found is None:
        raise NotFound("submission.position", Text("没有这个产品机构", "There is no such position"))
    select, code = found
    query = ROWS.read()
    wanted = f"SELECT * FROM ({select}) WHERE product = ? AND branch = ?"
    values = [product, branch]
    if status := query.filters.get("status"):
        wanted, values = f"{wanted} AND status = ?", [*values, status]
    page = lake_page(query, wanted, values, {"status": "status", "balance": "TRY_CAST(balance AS BIGINT)"}, "key")
    looked_at(Thing("position", f"{batch.id}:{side}:{product}:{branch}"), what="accounts", view="masked")
    return render_template(
        "submission/volume_rows.html",
        page=page,
        batch=batch,
        side=side,
        product=product,
        branch=branch,
        code=code,
        tolerances=tolerances(),
        terms=terms,
        shown_key=shown_key,
    )


def add_to(blueprint: Blueprint) -> None:
    blueprint.add_url_rule("/volume", "volume", volume)
    blueprint.add_url_rule("/volume.csv", "volume_csv", volume_csv)
    blueprint.add_url_rule("/volume/rows", "volume_rows", volume_rows)
