"""The shipped policies and watches by name, read once a process."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from app.core.errors import NotFound
from app.core.text import Text
from app.rules.inference.policy import Policy
from app.rules.inference.policy_loading import load_policy
from app.rules.loading import POLICY, find_rulesets

ROOT = Path(__file__).resolve().parents[3] / "rulesets"


@lru_cache(maxsize=64)
def policy_of(name: str) -> Policy:
    """The policy of that name. Raises NotFound (`rules.policy`) or RulesetInvalid."""
    return load_policy(_folder(name, POLICY, Text("推理政策", "policy")))


def _folder(name: str, kind: str, called: Text) -> Path:
    folders = {f"{each.parent.name}.{each.name}": each for each in find_rulesets(ROOT, kind)}
    if name not in folders:
        known = ", ".join(folders)
        message = Text(
            f"没有{called.zh}“{name}”，现有：{known}", f"there is no {called.en} “{name}”; there are {known}"
        )
        raise NotFound(f"rules.{kind}", message)
    return folders[name]


def load_inferring(folder: Path) -> Policy:
    """The policy or watch in a folder. Raises RulesetInvalid."""
    return load_policy(folder)
