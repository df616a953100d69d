"""Security headers of every answer: a content-security policy with a nonce per request and no inline code at all."""

from __future__ import annotations

import secrets
from typing import Final

from flask import Response, g, request

from app.core.config import settings

_FEATURES: Final = ("camera", "display-capture", "geolocation", "microphone", "payment", "usb")
_PERMISSIONS: Final = ", ".join(f"{feature}=()" for feature in _FEATURES)
_TWO_YEARS: Final = 63_072_000


def csp_nonce() -> str:
    """The nonce of this request, for the few script elements that carry data or must run inline."""
    if "csp_nonce" not in g:
        g.csp_nonce = secrets.token_urlsafe(16)
    nonce: str = g.csp_nonce
    return nonce


def _policy() -> str:
    nonce = f"'nonce-{csp_nonce()}'"
    parts = {
        "default-src": "'none'",
        "script-src": f"'self' {nonce}",
        "style-src": f"'self' {nonce}",
        "img-src": "'self' data:",
        "font-src": "'self'",
        "connect-src": "'self'",
        "manifest-src": "'self'",
        "form-action": "'self'",
        "base-uri": "'none'",
        "object-src": "'none'",
        "frame-ancestors": "'none'",
    }
    return "; ".join(f"{name} {value}" for name, value in parts.items())


def protect(response: Response) -> Response:
    """Add the headers; pages are never stored by browsers or proxies, built files are kept for good."""
    headers = response.headers
    headers["Content-Security-Policy"] = _policy()
    headers["X-Content-Type-Options"] = "nosniff"
    headers["X-Frame-Options"] = "DENY"
    headers["Referrer-Policy"] = "same-origin"
    headers["Permissions-Policy"] = _PERMISSIONS
    headers["Cross-Origin-Opener-Policy"] = "same-origin"
    headers["Cross-Origin-Resource-Policy"] = "same-origin"
    if settings().production:
        headers["Strict-Transport-Security"] = f"max-age={_TWO_YEARS}; includeSubDomains"
    if request.endpoint == "static":
        if request.path.startswith("/static/build/") and response.status_code in (200, 304):
            headers["Cache-Control"] = "public, max-age=31536000, immutable"
    else:
        headers["Cache-Control"] = "no-store"
        headers.add("Vary", "Cookie")
        headers.add("Vary", "HX-Request")
    return response
