"""What source systems may send, as JSON and bytes under `/api/sources`. They show a token of their own, never a session."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask import Blueprint, Flask, jsonify, request
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFProtect

from app.core.actor import acting
from app.core.errors import Invalid, NotFound
from app.core.text import Text
from app.submission.sources import push
from app.submission.sources.listing import sources_of
from app.submission.sources.places.pushed import PushedPlace
from app.web.access import public

blueprint = Blueprint("submission_push", __name__, url_prefix="/api/sources")
_JSON_LIMIT = 1 << 20


@blueprint.record_once
def without_form_tokens(state: Any) -> None:
    """A token in a header is sent by no browser of itself, so there is nothing to forge."""
    app: Flask = state.app
    guard = app.extensions.get("csrf")
    if isinstance(guard, CSRFProtect):
        guard.exempt(blueprint)


@contextmanager
def _sending(source: str) -> Iterator[PushedPlace]:
    """The source's place, while the sender acts. Raises Refused before anything is told of the source."""
    actor, provider = push.sender(source, request.headers.get("Authorization", ""))
    listed = sources_of(provider).get(source)
    place = listed.place() if listed is not None and listed.kind == "push" else None
    if not isinstance(place, PushedPlace):
        raise NotFound("submission.push_source", Text("该来源不是推送的来源", "This source is not one that pushes"))
    with acting(actor):
        yield place


@blueprint.post("/<source>/deliveries")
@public
def open_delivery(source: str) -> ResponseReturnValue:
    """Open a delivery: `{business_date, serial, files: [{name, size, sha256}]}` with an Idempotency-Key."""
    with _sending(source) as place:
        request.max_content_length = _JSON_LIMIT
        given = request.get_json(silent=True)
        if not isinstance(given, dict):
            raise Invalid("submission.push", Text("正文须为 JSON 对象", "The body must be a JSON object"))
        key = request.headers.get("Idempotency-Key", "")
        return jsonify(push.as_data(push.open_delivery(place.provider, source, key, given, place.limit_bytes))), 201


@blueprint.get("/<source>/deliveries/<delivery>")
@public
def delivery_state(source: str, delivery: str) -> ResponseReturnValue:
    """How far a delivery has come."""
    with _sending(source) as place:
        return jsonify(push.as_data(push.find(place.provider, source, delivery)))


@blueprint.put("/<source>/deliveries/<delivery>/files/<name>")
@public
def add_chunk(source: str, delivery: str, name: str) -> ResponseReturnValue:
    """Bytes of a file from `?offset=` on, with their SHA-256 in X-Content-SHA256."""
    with _sending(source) as place:
        request.max_content_length = push.CHUNK_LIMIT
        offset = request.args.get("offset", 0, type=int)
        checksum = request.headers.get("X-Content-SHA256", "")
        chunk = request.get_data(cache=False)
        file = push.add_chunk(push.find(place.provider, source, delivery), name, offset, chunk, checksum)
        return jsonify({"name": file.name, "received": file.received, "size": file.size})


@blueprint.post("/<source>/deliveries/<delivery>/complete")
@public
def complete(source: str, delivery: str) -> ResponseReturnValue:
    """Say that all has been sent."""
    with _sending(source) as place:
        return jsonify(push.as_data(push.complete(push.find(place.provider, source, delivery))))
