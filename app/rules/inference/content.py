"""The shipped policies and watches by name, read once a process."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from app.core.errors import NotFound
from app.core.text import Text
from app.rules.inference.policy import Policy
from app.rules.inference.policy_loading import load_policy
from app.rules.inference.watch import Watch, load_watch
from app.rules.loading import POLICY, WATCH, find_rulesets, kind_of

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


@lru_cache(maxsize=64)
def watch_of(name: str) -> Watch:
    """The watch of that name. Raises NotFound (`rules.watch`) or RulesetInvalid."""
    return load_watch(_folder(name, WATCH, Text("监测规则集", "watch")))


def load_inferring(folder: Path) -> Policy | Watch:
    """The policy or watch in a folder. Raises RulesetInvalid."""
    return load_watch(folder) if kind_of(folder) == WATCH else load_policy(folder)
