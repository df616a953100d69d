"""Pages of the shell itself: the way in, search, and the choice of language and look."""

from __future__ import annotations

from typing import Final
from urllib.parse import parse_qsl, urlencode, urlsplit

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app.core.config import settings
from app.core.entities import all_entities
from app.core.errors import Invalid
from app.core.text import LANGUAGES, Text
from app.web.access import permission, public
from app.web.entity import ENTITY_COOKIE
from app.web.listing import ENTITY
from app.web.menu import navigation
from app.web.search import find
from app.web.shell import THEME_COOKIE, THEMES, account_pages
from app.web.words import LANGUAGE_COOKIE

blueprint = Blueprint("web", __name__, template_folder="templates")

_YEAR: Final = 365 * 24 * 3600
_CHOICES: Final = {"language": (LANGUAGE_COOKIE, LANGUAGES), "theme": (THEME_COOKIE, THEMES)}


@blueprint.get("/")
@permission("web.console.use")
def home() -> ResponseReturnValue:
    """Lead to the first page that the visitor may open."""
    for section in navigation():
        return redirect(section.entries[0].url)
    pages = account_pages()
    if pages and pages.links:
        return redirect(pages.links[0].url)
    return render_template("web/welcome.html")


@blueprint.get("/search")
@permission("web.console.use")
def search() -> ResponseReturnValue:
    """All hits as a page, for those who press Enter."""
    text = request.args.get("q", "")
    return render_template("web/search.html", text=text, hits=find(text))


@blueprint.get("/search/hits")
@permission("web.console.use")
def search_hits() -> ResponseReturnValue:
    """The hits that drop down while typing."""
    text = request.args.get("q", "")
    return render_template("web/search_hits.html", text=text, hits=find(text))


@blueprint.post("/preferences")
@public
def preferences() -> ResponseReturnValue:
    """Keep the language or the look in a cookie, and with the account where someone is signed in."""
    response = redirect(local_path(request.form.get("back")) or url_for("web.home"))
    for name, (cookie, allowed) in _CHOICES.items():
        value = request.form.get(name)
        if value is None:
            continue
        if value not in allowed:
            raise Invalid("web.preference", Text("没有这个选项", "there is no such choice"))
        response.set_cookie(cookie, value, max_age=_YEAR, samesite="Lax", httponly=True, secure=settings().production)
        if pages := account_pages():
            pages.keep_preference(name, value)
    return response


@blueprint.post("/entity")
@permission("web.console.use")
def entity() -> ResponseReturnValue:
    """Look at one legal entity alone from now on, or with none named at all that one may see."""
    response = redirect(_without_entity(local_path(request.form.get("back"))) or url_for("web.home"))
    chosen = request.form.get("entity", "")
    if chosen and chosen not in {each.provider for each in all_entities()}:
        raise Invalid("web.entity", Text("没有这个法人机构", "there is no such legal entity"))
    response.set_cookie(ENTITY_COOKIE, chosen, samesite="Lax", httponly=True, secure=settings().production)
    return response


def _without_entity(address: str | None) -> str | None:
    """The address without the entity that it names, which would go before the one now chosen."""
    if address is None:
        return None
    path, _, query = address.partition("?")
    kept = urlencode([(name, value) for name, value in parse_qsl(query) if name != ENTITY])
    return f"{path}?{kept}" if kept else path


def local_path(address: str | None) -> str | None:
    """`address` where it stays on this site, else None: a forged link must not lead people away."""
    if not address or not address.startswith("/") or address.startswith(("//", "/\\")):
        return None
    parts = urlsplit(address)
    if parts.scheme or parts.netloc or any(ord(each) < 32 for each in address):
        return None
    return address.rstrip("?")
