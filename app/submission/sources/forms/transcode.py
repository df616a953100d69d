"""Text files into UTF-8, whatever of the Chinese encodings they are in."""

from __future__ import annotations

import codecs
from pathlib import Path

from app.core.errors import Invalid
from app.core.text import Text
from app.submission.sources.forms.form import FILLER, worded
from app.submission.sources.places.place import missing_file

_SUPERSETS = {"gbk": "gb18030", "gb2312": "gb18030", "utf-8": "utf-8-sig", "utf8": "utf-8-sig"}
"""GB18030 holds GBK and GB2312 and reads their files alike; a mark of byte order before UTF-8 is no content."""


def transcode(source: Path, target: Path, encoding: str, *, bytewise: bool = False) -> None:
    """Rewrite a text file as UTF-8. A byte that is not of the encoding, or a NUL, refuses the delivery with its place.

    With `bytewise` every character is followed by a filler for each further byte that it has in the encoding, so that positions
    in bytes become positions in characters.
    """
    known = _SUPERSETS.get(encoding.lower(), encoding)
    decoder = codecs.getincrementaldecoder(known)()
    wide = _Wide(known.removesuffix("-sig")) if bytewise else None
    done = 0
    try:
        with source.open("rb") as raw, target.open("w", encoding="utf-8", newline="") as plain:
            while chunk := raw.read(1 << 20):
                if (place := chunk.find(b"\0")) >= 0 and not known.startswith("utf-16"):
                    at = done + place
                    raise worded(source.name, f"第 {at} 字节是空字符", f"byte {at} is a NUL")
                decoded = decoder.decode(chunk)
                plain.write(decoded.translate(wide) if wide is not None else decoded)
                done += len(chunk)
            plain.write(decoder.decode(b"", final=True))
    except UnicodeDecodeError as problem:
        raise Invalid(
            "submission.delivery_encoding",
            Text("{name} 第 {place} 字节附近不是 {encoding} 编码", "{name} is not {encoding} near byte {place}").format(
                name=source.name, place=done + problem.start, encoding=encoding
            ),
        ) from problem
    except OSError as problem:
        raise missing_file(source.name) from problem


class _Wide(dict[int, str]):
    """By code point the character with its fillers, found out once each."""

    def __init__(self, encoding: str) -> None:
        super().__init__()
        self._encoding = encoding

    def __missing__(self, point: int) -> str:
        character = chr(point)
        self[point] = found = character + FILLER * (len(character.encode(self._encoding)) - 1)
        return found
