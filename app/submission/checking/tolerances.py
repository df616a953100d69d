"""How far ledger and platform may be apart, as content that the reporting desk owns: `rulesets/submission/volume`."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import yaml

from app.core.errors import Invalid
from app.core.text import Text
from app.submission.content import ROOT

MEASURES: Final = ("accounts", "contracts", "balance")
SIDES: Final = ("standard", "accepted")
_FOLDER: Final = ROOT / "submission" / "volume"


@dataclass(frozen=True, slots=True)
class Tolerance:
    """The wider of the two is allowed; `relative` is a share of the ledger's figure."""

    absolute: Decimal = Decimal(0)
    relative: Decimal = Decimal(0)

    def allowed(self, ledger: Decimal) -> Decimal:
        return max(self.absolute, self.relative * abs(ledger))


@dataclass(frozen=True, slots=True)
class Tolerances:
    """All of them; `edition` is the hash of the file."""

    usual: Mapping[str, Mapping[str, Tolerance]]
    products: Mapping[str, Mapping[str, Mapping[str, Tolerance]]]
    titles: Mapping[str, Text]
    stop_batch: bool
    edition: str
    basis: tuple[Text, ...] = field(default=())

    def of(self, product: str, side: str) -> Mapping[str, Tolerance]:
        """By measure; one that is not named is not judged."""
        return {**self.usual.get(side, {}), **self.products.get(product, {}).get(side, {})}

    def beyond(
        self, product: str, side: str, ledger: Mapping[str, Decimal | int], ours: Mapping[str, Decimal | int]
    ) -> list[str]:
        """The measures that differ by more than they may."""
        allowed = self.of(product, side)
        return [
            name
            for name in MEASURES
            if name in allowed
            and abs(Decimal(ledger[name]) - Decimal(ours[name])) > allowed[name].allowed(Decimal(ledger[name]))
        ]

    def title(self, product: str) -> Text:
        return self.titles.get(product, Text(product, product))


@lru_cache
def tolerances() -> Tolerances:
    """Those of this installation. Raises Invalid (`submission.tolerances`) with everything that is wrong."""
    return read_tolerances(_FOLDER / "volume.yaml")


def read_tolerances(path: Path) -> Tolerances:
    """Raises Invalid (`submission.tolerances`) with everything that is wrong."""
    raw = path.read_bytes()
    try:
        data = yaml.safe_load(raw)
    except yaml.YAMLError as problem:
        raise _invalid([Text(f"无法读取：{problem}", f"cannot be read: {problem}")]) from problem
    if not isinstance(data, dict):
        raise _invalid([Text("不是容差文件", "not a file of tolerances")])
    found = list(_errors(data))
    if found:
        raise _invalid(found)
    return Tolerances(
        usual=_sides(data.get("usual") or {}),
        products={name: _sides(given) for name, given in (data.get("products") or {}).items()},
        titles={name: Text.of(given) for name, given in (data.get("titles") or {}).items()},
        stop_batch=bool(data.get("stop_batch", False)),
        edition=hashlib.sha256(raw).hexdigest(),
        basis=tuple(Text.of(each) for each in data.get("basis") or ()),
    )


def _errors(data: Mapping[str, Any]) -> Iterator[Text]:
    for place, given in (("usual", data.get("usual")), *(data.get("products") or {}).items()):
        for side, measures in (given or {}).items():
            if side not in SIDES:
                yield Text(f"{place}：没有 {side} 这一侧", f"{place}: there is no side {side}")
            for measure, bounds in (measures or {}).items():
                where = f"{place}.{side}.{measure}"
                if measure not in MEASURES:
                    yield Text(f"{where}：没有这个指标", f"{where}: there is no such measure")
                yield from _bound_errors(where, bounds)


def _bound_errors(where: str, bounds: Any) -> Iterator[Text]:
    if not isinstance(bounds, dict) or not bounds or bounds.keys() - {"absolute", "relative"}:
        yield Text(f"{where}：须写 absolute 或 relative", f"{where}: give absolute or relative")
        return
    for name, value in bounds.items():
        if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
            yield Text(f"{where}.{name}：须为不小于 0 的数", f"{where}.{name}: must be a number of at least 0")


def _sides(given: Mapping[str, Any]) -> dict[str, dict[str, Tolerance]]:
    return {
        side: {
            measure: Tolerance(*(Decimal(str(bounds.get(name, 0))) for name in ("absolute", "relative")))
            for measure, bounds in measures.items()
        }
        for side, measures in given.items()
    }


def _invalid(found: list[Text]) -> Invalid:
    return Invalid(
        "submission.tolerances", Text("；".join(each.zh for each in found), "; ".join(each.en for each in found))
    )


def tolerance_faults() -> Iterator[str]:
    """What is wrong with the tolerances or their cases, for the house check."""
    try:
        known = tolerances()
    except Invalid as problem:
        yield f"rulesets/submission/volume: {problem.message.en}"
        return
    for path in sorted((_FOLDER / "cases").glob("*.yaml")):
        for case in yaml.safe_load(path.read_text(encoding="utf-8"))["cases"]:
            found = known.beyond(case["product"], case["side"], case["ledger"], case["ours"])
            if found != case["beyond"]:
                yield f"{path.name}: {case['name']['en']}: beyond {found}, expected {case['beyond']}"
