"""Error answers: one mapping from errors to HTTP, one JSON shape for programs, one page and one notice for people.

JSON: `{"error": {"code": …, "message": …, "details": {…}}}`.
"""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass, field
from typing import Any, Final

import structlog
from flask import Flask, Response, current_app, g, jsonify, make_response, redirect, render_template, request, url_for
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException

from app.core.errors import CreditLinkError
from app.core.text import Text
from app.web.access import SignInNeeded
from app.web.words import say, sentence

log = structlog.get_logger(__name__)

SIGN_IN_ENDPOINT: Final = "creditlink.sign_in_endpoint"


@dataclass(frozen=True, slots=True)
class ErrorAnswer:
    """What is told about one error. `reference` finds it in the log."""

    status: int
    code: str
    title: Text
    message: Text
    remedies: tuple[Text, ...]
    details: dict[str, Any] = field(default_factory=dict)
    reference: str = ""


_BACK: Final = Text("返回上一页，检查后重试", "Go back, check, and try again")
_ADMINISTRATOR: Final = Text(
    "如需协助，请把错误代码与编号告知系统管理员",
    "If you need help, tell the system administrator the error code and reference",
)

_TITLES: Final[dict[int, Text]] = {
    400: Text("请求无法受理", "The request cannot be used"),
    401: Text("请先登录", "Please sign in"),
    403: Text("没有权限", "Not permitted"),
    404: Text("没有找到", "Not found"),
    405: Text("请求方式不对", "Wrong kind of request"),
    409: Text("数据已有变化", "It has changed meanwhile"),
    413: Text("文件过大", "Too large"),
    422: Text("内容需要修改", "Something needs mending"),
    429: Text("操作过于频繁", "Too many requests"),
    500: Text("系统出错了", "Something went wrong on our side"),
    503: Text("暂时不可用", "Not available now"),
}
_MESSAGES: Final[dict[int, Text]] = {
    404: Text(
        "地址有误，或者该内容已被移走，或者不在您的权限范围内。",
        "The address is wrong, or what was there has gone, or it is not for your eyes.",
    ),
    405: Text("此地址不接受这种请求。", "This address does not take that kind of request."),
    413: Text("上传的内容超过了允许的大小。", "What was sent is larger than allowed."),
    500: Text(
        "您所做的更改没有保存，数据未受影响；错误已记入日志。",
        "Nothing you changed was saved and no data was harmed; the error has been logged.",
    ),
}
_REMEDIES: Final[dict[int, tuple[Text, ...]]] = {
    403: (
        Text("核对您登录的是否为应使用的账户", "Check that you are signed in with the account meant for this"),
        Text(
            "确需办理的，请向安全管理员申请相应岗位",
            "If the work is yours to do, ask the security administrator for the role",
        ),
    ),
    404: (
        Text("从左侧导航或搜索框重新进入", "Find it again through the navigation or the search field"),
        Text("核对链接是否完整", "Check that the link is complete"),
    ),
    409: (
        Text("刷新页面，查看他人所做的修改", "Reload the page and see what another has changed"),
        Text("确认后重新提交", "Decide anew, then send it again"),
    ),
    500: (Text("稍后重试一次", "Try once more in a moment"), _ADMINISTRATOR),
    503: (Text("过几分钟再试", "Try again in a few minutes"), _ADMINISTRATOR),
}


def answer_to(error: Exception) -> ErrorAnswer:
    """How `error` is told. What is neither ours nor of HTTP is our fault: it is logged, and not described."""
    if isinstance(error, CreditLinkError):
        return _answer(error.status, error.code, error.message)
    if isinstance(error, CSRFError):
        expired = Text(
            "表单已过期或来源不符，未做任何更改。请刷新页面后重新提交。",
            "The form has expired or came from elsewhere; nothing was changed. Reload the page and send it again.",
        )
        return _answer(400, "web.csrf", expired)
    if isinstance(error, HTTPException):
        status = error.code or 500
        return _answer(status, f"web.http_{status}", None)
    log.error("request_failed", path=request.path, reference=reference(), exc_info=error)
    return _answer(500, "web.internal", None)


def _answer(status: int, code: str, message: Text | None) -> ErrorAnswer:
    title = _TITLES.get(status, _TITLES[400 if status < 500 else 500])
    return ErrorAnswer(
        status=status,
        code=code,
        title=title,
        message=message or _MESSAGES.get(status, title),
        remedies=_REMEDIES.get(status, (_BACK, _ADMINISTRATOR)),
        details={"reference": reference()},
        reference=reference(),
    )


def reference() -> str:
    """A short mark of the present request, in the answer and in the log."""
    if "reference" not in g:
        g.reference = secrets.token_hex(6)
    mark: str = g.reference
    return mark


def wants_json() -> bool:
    """Whether a program asks: by the address, or by what it accepts."""
    if request.path.startswith("/api/"):
        return True
    best = request.accept_mimetypes.best_match(["text/html", "application/json"], default="text/html")
    return best == "application/json"


def error_response(error: Exception) -> Response:
    """The answer to `error` in the form that the asker can use."""
    told = answer_to(error)
    if wants_json():
        body = {"error": {"code": told.code, "message": say(told.message), "details": told.details}}
        response = make_response(jsonify(body), told.status)
    elif isinstance(error, SignInNeeded):
        response = _to_sign_in()
    elif request.headers.get("HX-Request"):
        response = make_response("", told.status)
        response.headers["HX-Trigger"] = json.dumps({"toast": {"text": sentence(told.message), "tone": "danger"}})
    else:
        response = make_response(render_template("web/error.html", answer=told), told.status)
    if isinstance(error, HTTPException):
        for name, value in error.get_headers(request.environ):
            if name in ("Allow", "Retry-After"):
                response.headers[name] = value
    return response


def _to_sign_in() -> Response:
    endpoint = current_app.extensions.get(SIGN_IN_ENDPOINT)
    if endpoint is None:
        return make_response(render_template("web/error.html", answer=answer_to(SignInNeeded())), 401)
    if request.headers.get("HX-Request"):
        response = make_response("", 401)
        response.headers["HX-Redirect"] = url_for(endpoint)
        return response
    wished = request.full_path.rstrip("?") if request.method == "GET" and request.path != "/" else None
    return make_response(redirect(url_for(endpoint, next=wished)))


def install(app: Flask) -> None:
    """Answer every error of `app` this way."""
    app.register_error_handler(Exception, error_response)
