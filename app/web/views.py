"""Pages of the shell itself: the way in, search, and the choice of language and look."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app.core.config import settings
from app.core.errors import Invalid
from app.core.text import LANGUAGES, Text
from app.web.access import permission, public
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


def local_path(address: str | None) -> str | None:
    """`address` where it stays on this site, else None: a forged link must not lead people away."""
    if not address or not address.startswith("/") or address.startswith(("//", "/\\")):
        return None
    parts = urlsplit(address)
    if parts.scheme or parts.netloc or any(ord(each) < 32 for each in address):
        return None
    return address.rstrip("?")
