"""A ruleset as the files it is written in, packed for download."""

from __future__ import annotations

import io
import zipfile

from flask import Blueprint, send_file
from flask.typing import ResponseReturnValue

from app.core.events import tell
from app.rules.loading import texts_of
from app.rules.model import Ruleset
from app.rules.permissions import VIEW
from app.rules.reader.shelf import Reference, find_shown
from app.rules.registry import drafts
from app.rules.registry.editions import find_edition, texts_of_row
from app.rules.registry.events import EditionExported
from app.rules.source import PATH, Folder, Texts
from app.rules.views.reading import given
from app.web.access import permission


@permission(VIEW)
def export(ruleset: str) -> ResponseReturnValue:
    """The files of the edition in force or of the one that is asked for, byte for byte. That it was taken is told."""
    reference = given.reference(ruleset)
    texts, name = _texts(ruleset, reference)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, text in sorted(texts.files.items()):
            if PATH.fullmatch(path):
                archive.writestr(path, text.encode())
    packed.seek(0)
    tell(EditionExported(ruleset, name))
    return send_file(packed, "application/zip", as_attachment=True, download_name=f"{ruleset}-{name[:12]}.zip")


def _texts(ruleset: str, reference: Reference) -> tuple[Texts, str]:
    """The texts, and the hash of the edition; of a draft its word."""
    if reference.draft:
        return drafts.content(drafts.find(ruleset)), reference.wanted
    if not reference.live:
        row = find_edition(ruleset, reference.wanted)
        return texts_of_row(row), row.edition
    found = find_shown(ruleset, reference)
    judged = found.judged
    if not isinstance(judged, Ruleset):
        return texts_of(judged.path.parent), found.edition
    source = judged.source
    if isinstance(source, Folder):
        return texts_of(source.path), found.edition
    return texts_of_row(find_edition(ruleset, found.edition)), found.edition


def add_to(blueprint: Blueprint) -> None:
    blueprint.add_url_rule("/sets/<ruleset>/export.zip", "sets_export", export)
