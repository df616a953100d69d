"""The five ways a request can fail by the user's or the world's doing, each with a code and words in both languages.

Anything else that is raised is our fault and is answered as such.
"""

from __future__ import annotations

from typing import Any, ClassVar

from app.core.text import Text


class CreditLinkError(Exception):
    """Base of all errors a user can be told about. `code` is stable, `message` may be shown."""

    status: ClassVar[int] = 500

    def __init__(self, code: str, message: Text) -> None:
        super().__init__(f"{code}: {message.en}")
        self.code = code
        self.message = message

    def __reduce__(self) -> tuple[Any, ...]:
        """So that another process can be told: what made the error is not what its base class remembers."""
        return _restored, (type(self), self.args, self.__dict__)


def _restored(kind: type[CreditLinkError], arguments: tuple[Any, ...], state: dict[str, Any]) -> CreditLinkError:
    found = kind.__new__(kind, *arguments)
    found.__dict__.update(state)
    return found


class Invalid(CreditLinkError):
    """What was given cannot be used as it is; mending it is up to the giver."""

    status = 422


class NotFound(CreditLinkError):
    """There is no such thing, or not for this actor."""

    status = 404


class Refused(CreditLinkError):
    """The actor may not do this."""

    status = 403


class Conflict(CreditLinkError):
    """The thing has moved on since the actor looked; look again and decide anew."""

    status = 409


class Unavailable(CreditLinkError):
    """An outside system or a resource is not to be had now; later it may be."""

    status = 503
