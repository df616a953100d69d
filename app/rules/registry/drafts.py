"""Drafts: one of each ruleset at a time, saved as it is written, right or wrong; put in force by a request.

Everybody who changes a draft is one of its authors, and no author approves it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from sqlalchemy import select

from app.core import clock
from app.core.actor import current_actor
from app.core.db import current_session
from app.core.errors import Conflict, Invalid, NotFound
from app.core.events import publish
from app.core.text import Text
from app.rules.loading import edition_of, read_head, texts_of
from app.rules.reading import MAX_BYTES
from app.rules.registry.editions import remember_shipped, row_of, texts_of_row
from app.rules.registry.events import DraftChanged, DraftSaved
from app.rules.registry.force import no_ruleset
from app.rules.registry.models import Release, RulesetDraft
from app.rules.registry.shipped import shipped, shipped_ruleset
from app.rules.source import PATH, RULESET, Texts

LARGEST: Final = 2 * MAX_BYTES
"""Bytes of all texts of a draft together."""
_NAME: Final = re.compile(r"[a-z][a-z0-9_]{1,30}\.[a-z][a-z0-9_]{1,80}")


def begin(texts: Texts) -> RulesetDraft:
    """A draft of a ruleset that does not exist yet. Raises Invalid (`rules.name`, `rules.texts`), Conflict (`rules.exists`)."""
    name = name_in(texts)
    if current_session().get(RulesetDraft, name) or name in shipped() or last_release(name):
        raise Conflict(
            "rules.exists", Text("规则集 {name} 已存在", "The ruleset {name} exists already").format(name=name)
        )
    return _new(name, None, texts)


def open_draft(ruleset: str) -> RulesetDraft:
    """The draft of a ruleset, begun from its newest edition where there is none. Raises NotFound (`rules.ruleset`)."""
    found = current_session().get(RulesetDraft, ruleset)
    return found or _new(ruleset, newest(ruleset), newest_texts(ruleset))


def import_texts(texts: Texts) -> RulesetDraft:
    """Put texts in the place of a ruleset's draft, which is begun if there is none; the name is the one in the texts.

    Raises Invalid (`rules.name`, `rules.texts`), and Conflict (`rules.draft_submitted`).
    """
    name = name_in(texts)
    _check_texts(texts.folder, texts.files)
    found = current_session().get(RulesetDraft, name)
    if found is None:
        known = name in shipped() or last_release(name) is not None
        return _new(name, newest(name) if known else None, texts)
    _require_editing(found)
    found.folder, found.texts = texts.folder, dict(texts.files)
    _touch(found)
    publish(DraftChanged(name, "imported"))
    return found


def save(ruleset: str, lock: int, texts: Mapping[str, str | None]) -> int:
    """Keep texts by path, right or wrong; None takes one away, the others stay. The new lock.

    `lock` is the one that the writer last saw. Raises NotFound (`rules.draft`), Invalid (`rules.texts`), and Conflict
    (`rules.draft_changed` when somebody else has saved since, `rules.draft_submitted` while a request is open).
    """
    draft = find(ruleset)
    _require_editing(draft)
    if draft.lock != lock:
        raise Conflict(
            "rules.draft_changed",
            Text(
                "草稿已被他人修改，请刷新后再改", "Someone else has changed this draft; reload it and change it again"
            ),
        )
    merged = {**draft.texts, **texts}
    kept = {path: text for path, text in merged.items() if text is not None}
    _check_texts(draft.folder, kept)
    if kept != draft.texts:
        draft.texts = kept
        _touch(draft)
    return draft.lock


def discard(ruleset: str) -> None:
    """Throw the draft away; editions stay. Raises NotFound, and Conflict (`rules.draft_submitted`)."""
    draft = find(ruleset)
    _require_editing(draft)
    current_session().delete(draft)
    current_session().flush()
    publish(DraftChanged(ruleset, "discarded"))


def find(ruleset: str) -> RulesetDraft:
    """Raises NotFound (`rules.draft`)."""
    found = current_session().get(RulesetDraft, ruleset)
    if found is None:
        raise NotFound("rules.draft", Text("该规则集没有草稿", "There is no draft of this ruleset"))
    return found


def content(draft: RulesetDraft) -> Texts:
    """What the draft says."""
    return Texts(draft.folder, dict(draft.texts))


def last_release(ruleset: str) -> Release | None:
    """The newest act of the console about a ruleset, whenever it takes effect."""
    query = select(Release).filter_by(ruleset=ruleset).order_by(Release.id.desc())
    return current_session().scalar(query.limit(1))


def newest(ruleset: str) -> str | None:
    """The edition that a draft begins from: the newest that was put in force or will be, else the shipped one; None after
    a retirement. Raises NotFound (`rules.ruleset`)."""
    last = last_release(ruleset)
    if last is not None:
        return last.edition
    if ruleset not in shipped():
        raise no_ruleset(ruleset)
    found = shipped_ruleset(ruleset)
    remember_shipped(found)
    return found.edition


def newest_texts(ruleset: str) -> Texts:
    """The texts of the newest edition, of a retired ruleset those of its last. Raises NotFound (`rules.ruleset`)."""
    query = select(Release.edition).where(Release.ruleset == ruleset, Release.edition.is_not(None))
    last = current_session().scalar(query.order_by(Release.id.desc()).limit(1))
    if last is not None:
        return texts_of_row(row_of(last))
    if ruleset not in shipped():
        raise no_ruleset(ruleset)
    return texts_of(shipped()[ruleset].folder)


def name_in(texts: Texts) -> str:
    """The name that a ruleset gives itself. Raises Invalid (`rules.name`)."""
    name = read_head(texts).name
    if not _NAME.fullmatch(name):
        raise Invalid(
            "rules.name",
            Text(
                "{file} 须写明 ruleset：area.name（小写字母、数字与下划线）",
                "{file} must say ruleset: area.name, in small letters, digits and underscores",
            ).format(file=f"{texts.folder}/{RULESET}"),
        )
    return name


def candidate_hash(draft: RulesetDraft) -> str:
    return edition_of(content(draft))


def _new(name: str, base: str | None, texts: Texts) -> RulesetDraft:
    _check_texts(texts.folder, texts.files)
    draft = RulesetDraft(
        ruleset=name,
        base=base,
        folder=texts.folder,
        texts=dict(texts.files),
        status="editing",
        authors=[current_actor().id],
        answer="",
        updated_at=clock.now(),
        updated_by=current_actor().id,
    )
    current_session().add(draft)
    current_session().flush()
    publish(DraftChanged(name, "begun"))
    return draft


def _touch(draft: RulesetDraft) -> None:
    me = current_actor().id
    if me not in draft.authors:
        draft.authors = [*draft.authors, me]
        publish(DraftSaved(draft.ruleset, me))
    draft.updated_at, draft.updated_by = clock.now(), me
    current_session().flush()


def _require_editing(draft: RulesetDraft) -> None:
    if draft.status != "editing":
        raise Conflict(
            "rules.draft_submitted",
            Text(
                "草稿已提交，请先撤回申请再修改",
                "The draft has been submitted; withdraw the request before changing it",
            ),
        )


def _check_texts(folder: str, texts: Mapping[str, str]) -> None:
    wrong: list[Text] = []
    for path, text in texts.items():
        if not PATH.fullmatch(path) or (not path.endswith("/rules.yaml") and not path.startswith(f"{folder}/")):
            wrong.append(Text("不能有文件 {path}", "there can be no file {path}").format(path=path[:200]))
        elif "\x00" in text or any("\ud800" <= letter <= "\udfff" for letter in text):
            wrong.append(Text("{path} 含不能保存的字符", "{path} holds what is no text").format(path=path))
    if not wrong and sum(len(text.encode()) for text in texts.values()) > LARGEST:
        wrong.append(Text("规则集过大", "the ruleset is too large"))
    if wrong:
        raise Invalid("rules.texts", Text("；".join(e.zh for e in wrong), "; ".join(e.en for e in wrong)))
