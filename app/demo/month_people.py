"""What people do in a month: only what the truth file says needs them."""

from __future__ import annotations

from app.core import clock
from app.core.actor import acting
from app.core.db import unit_of_work
from app.demo.month_lenders import ANALYST, REVIEWER
from app.submission import mapping_editions as editions
from app.submission.mapping_edits import read_data, with_codes
from app.submission.views.mapping import content_in_force


def agree_on_code(source: str, table: str, own: str, like: str) -> None:
    """A source uses a code that its mapping does not know: an analyst adds it to the code table as another name of the code
    `like`, and a reviewer puts that in force from today's business day on."""
    with acting(ANALYST), unit_of_work():
        content = content_in_force(source)
        draft = editions.begin(source, content, editions.digest(content))
        codes = {str(name): str(value) for name, value in read_data(content)["code_tables"][table].items()}
        agreed = with_codes(content, table, [*codes.items(), (own, codes[like])])
        editions.keep(source, agreed, draft.version)
        editions.submit(source, f"来源新增代码 {own}")
    with acting(REVIEWER), unit_of_work():
        editions.approve(source, clock.today(), editions.find_draft(source).version)
