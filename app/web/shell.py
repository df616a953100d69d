"""What every page of the console is given: words, access, navigation, the account menu; and how the app gets it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Final

from flask import Flask, current_app, request, url_for
from flask_wtf.csrf import CSRFProtect
from jinja2 import StrictUndefined

from app.core.config import settings
from app.core.errors import CreditLinkError
from app.core.registry import Registry
from app.core.text import Text
from app.web import assets, errors, headers, toasts, words
from app.web.access import may, signed_in, visitor
from app.web.entity import chosen_entity, entity_choices
from app.web.menu import navigation

THEME_COOKIE: Final = "creditlink_theme"
THEMES: Final = ("auto", "light", "dark")
_ACCOUNT: Final = "creditlink.account"
_BELL: Final = "creditlink.bell"
_LARGEST_REQUEST: Final = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class AccountLink:
    """A link of the account menu."""

    title: Text
    endpoint: str
    icon: str

    @property
    def url(self) -> str:
        return url_for(self.endpoint)


@dataclass(frozen=True, slots=True)
class AccountPages:
    """The pages by which a higher room lets people in and out; `keep_preference` is told what a visitor has chosen."""

    sign_in: str
    sign_out: str
    links: tuple[AccountLink, ...]
    keep_preference: Callable[[str, str], None]


def use_account_pages(app: Flask, pages: AccountPages) -> None:
    """Set the pages for accounts."""
    app.extensions[_ACCOUNT] = pages
    app.extensions[errors.SIGN_IN_ENDPOINT] = pages.sign_in


def account_pages() -> AccountPages | None:
    found: AccountPages | None = current_app.extensions.get(_ACCOUNT)
    return found


@dataclass(frozen=True, slots=True)
class Bell:
    """The mark in the head of every page that says how much is new for the visitor; `count` is asked once a page."""

    endpoint: str
    permission: str
    count: Callable[[str], int]


def use_bell(app: Flask, bell: Bell) -> None:
    """Set the page that keeps what the visitor is told."""
    app.extensions[_BELL] = bell


def unread() -> tuple[str, int] | None:
    """Where the visitor reads what they are told, and how much of it is new; None where there is no such page for them."""
    bell: Bell | None = current_app.extensions.get(_BELL)
    here = visitor()
    if bell is None or here is None or here.confined_to or not here.may(bell.permission):
        return None
    try:
        return url_for(bell.endpoint), bell.count(here.actor.id)
    except CreditLinkError:
        # A page that says that the database is away is still to be shown.
        return url_for(bell.endpoint), 0


def theme() -> str:
    """The look that the visitor has chosen: auto, light or dark."""
    chosen = request.cookies.get(THEME_COOKIE, THEMES[0])
    return chosen if chosen in THEMES else THEMES[0]


@dataclass(frozen=True, slots=True)
class Who:
    """The visitor as the account menu shows them."""

    id: str
    name: str
    detail: str


def _who() -> Who:
    here = visitor()
    return (
        Who(here.actor.id, here.actor.name, words.say(here.detail)) if here else Who("", words.t("访客", "Visitor"), "")
    )


def _account_links() -> tuple[AccountLink, ...]:
    pages = account_pages()
    return pages.links if pages else ()


def _sign_out_url() -> str:
    pages = account_pages()
    return url_for(pages.sign_out) if pages else url_for("web.home")


def _idle_seconds() -> int:
    return settings().session_idle_minutes * 60 if signed_in() else 0


def product_version() -> str:
    """The version that runs."""
    try:
        return version("creditlink")
    except PackageNotFoundError:
        return "0"


def install(app: Flask, registry: Registry) -> None:
    """Fit words, error answers, headers, form protection and the shell to `app`."""
    current = settings()
    app.config.update(
        SECRET_KEY=current.secret_key,
        MAX_CONTENT_LENGTH=_LARGEST_REQUEST,
        SESSION_COOKIE_NAME="__Host-creditlink" if current.production else "creditlink",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=current.production,
        WTF_CSRF_TIME_LIMIT=None,  # the token lives and dies with its session, which has limits of its own
        WTF_CSRF_SSL_STRICT=False,  # the token and SameSite suffice; a Referer may be stripped by proxies
    )
    app.json.ensure_ascii = False  # type: ignore[attr-defined] # the default provider has it
    app.extensions["creditlink.registry"] = registry
    CSRFProtect(app)
    errors.install(app)
    app.after_request(toasts.deliver)
    app.after_request(headers.protect)
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    app.jinja_env.globals.update(
        account_links=_account_links,
        asset=assets.asset,
        chosen_entity=chosen_entity,
        csp_nonce=headers.csp_nonce,
        entity_choices=entity_choices,
        icon=assets.icon,
        idle_seconds=_idle_seconds,
        language=words.language,
        may=may,
        navigation=navigation,
        pretend=current.centre_pretend,
        product_version=product_version(),
        say=words.say,
        sentence=words.sentence,
        sign_out_url=_sign_out_url,
        signed_in=signed_in,
        t=words.t,
        theme=theme,
        unread=unread,
        waiting_toasts=toasts.waiting_toasts,
    )
    app.jinja_env.filters.update(
        date=words.date_text,
        datetime=words.datetime_text,
        duration=words.duration_text,
        long_date=words.long_date_text,
        moment=words.moment_html,
        number=words.number_text,
        percent=words.percent_text,
        size=words.size_text,
    )
    app.context_processor(lambda: {"who": _who()})
