"""JSON: one document a line, or one document that is or holds a list of objects. Values become text as they are written."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from app.core.errors import Invalid
from app.lake.connection import EngineError, scratch
from app.submission.mapping import SourceMapping, SourceTable
from app.submission.sources.forms.form import check_header, damaged, file_of, quoted, text
from app.submission.sources.forms.transcode import transcode
from app.submission.sources.places.place import too_large

_LONGEST = 16 << 20
_WHOLE = 256 << 20
_STEP = re.compile(r"[^.\[\]\"'$*]+")


@contextmanager
def relation(mapping: SourceMapping, table: SourceTable, path: Path) -> Iterator[str]:
    """What may stand after FROM, while the block lasts."""
    with TemporaryDirectory() as folder:
        plain = Path(folder) / "plain.json"
        transcode(file_of(path, table.location), plain, mapping.encoding)
        objects = _objects(plain, mapping.rows, table.location)
        # One pass to learn the names: a key that the first rows lack must not be lost.
        try:
            with scratch() as engine:
                odd = f"SELECT count(*) FROM {objects} WHERE json_type(o) <> 'OBJECT'"
                if engine.execute(odd).fetchall()[0][0]:
                    raise damaged(table.location, "JSON")
                found = engine.execute(
                    f"SELECT DISTINCT unnest(json_keys(o)) AS name FROM {objects} ORDER BY 1"
                ).fetchall()
        except EngineError as problem:
            raise damaged(table.location, _first_line(problem)) from problem
        names = check_header(table.location, [str(name) for (name,) in found])
        values = ", ".join(f"o ->> {text('$.' + quoted(name))} AS {quoted(name)}" for name in names if _usable(name))
        yield f"(SELECT {values} FROM {objects})"


def _objects(plain: Path, rows: str, name: str) -> str:
    """The objects of a file as a relation of one column `o`."""
    with plain.open(encoding="utf-8") as file:
        start = file.read(4096).lstrip()[:1]
    if rows:
        if not all(_STEP.fullmatch(step) for step in rows.split(".")):
            raise damaged(name, rows)
        path = text("$." + rows + "[*]")
        size = plain.stat().st_size
        if size > _WHOLE:
            raise too_large(name, _WHOLE)
        whole = (
            f"read_json({text(str(plain))}, format = 'unstructured', records = false,"
            f" columns = {{'json': 'JSON'}}, maximum_object_size = {max(size + 1, 1 << 20)})"
        )
        return f"(SELECT unnest(json_extract(json, {path})) AS o FROM {whole})"
    form = "array" if start == "[" else "newline_delimited"
    return (
        f"(SELECT json AS o FROM read_json({text(str(plain))}, format = '{form}', records = false,"
        f" columns = {{'json': 'JSON'}}, maximum_object_size = {_LONGEST}))"
    )


def _usable(name: str) -> bool:
    if '"' in name or "\\" in name or "\0" in name:
        raise Invalid("submission.delivery_damaged", damaged("JSON", repr(name[:40])).message)
    return True


def _first_line(problem: Exception) -> str:
    """The engine's first words; what follows a colon after the file's name may quote the data."""
    return str(problem).partition("\n")[0].partition(' in file "')[0][:120]
