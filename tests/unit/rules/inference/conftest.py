"""Policies written on the spot."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

HEAD = """\
ruleset: risk.example
kind: policy
title: {zh: 示例, en: An example}
basis: [示例依据]
effective: {from: '2026-01-01'}
scales:
  grade: {title: {zh: 等级, en: grade}, values: {'1': {zh: 好, en: good}, '2': {zh: 中, en: fair}, '3': {zh: 差, en: bad}}}
facts:
  loan:
    title: {zh: 贷款, en: loan}
    key: account
    fields:
      account: {type: text, title: {zh: 账户, en: account}}
      customer: {type: text, title: {zh: 客户, en: customer}}
      days: {type: number, title: {zh: 天数, en: days}}
      due: {type: date, title: {zh: 到期, en: due}}
    derived:
      own: {scale: grade, title: {zh: 自身, en: own}}
      big: {type: number, title: {zh: 数, en: number}}
  customer:
    title: {zh: 客户, en: customer}
    key: id
    fields: {id: {type: text, title: {zh: 号, en: id}}}
    derived: {watched: {type: bool, title: {zh: 关注, en: watched}}}
    lists: {loans: {of: loan, by: customer, title: {zh: 贷款, en: loans}}}
outcome: {of: loan, scale: grade, title: {zh: 结论, en: outcome}, default: '1'}
rules:
"""


@pytest.fixture
def write_policy(tmp_path: Path) -> Callable[..., Path]:
    """Writes a policy folder from the text of its rules and, if given, of its case files."""

    def write(rules: str, cases: Mapping[str, str] | None = None, head: str = HEAD) -> Path:
        folder = tmp_path / "example"
        (folder / "cases").mkdir(parents=True, exist_ok=True)
        (folder / "ruleset.yaml").write_text(head + rules, encoding="utf-8")
        for name, text in (cases or {}).items():
            (folder / "cases" / name).write_text(text, encoding="utf-8")
        return folder

    return write
