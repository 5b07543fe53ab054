"""Who a browser is: the one learner of `foretell learn`, or one guest of a class among many.

Enters: a browser's cookie and the query of its address. Leaves: a `Visitor`, a way in (`Onward`) or a `Refusal`.
Invariant: what a cookie holds is never stored; two cookies are two learners, and the page's token of one is of no use
with the other.
"""

from __future__ import annotations

import hmac
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Literal, Protocol

from foretell.web.guard import Refusal

LEARNER = "local"

_DAY_SECONDS = 86_400
_GUEST_COOKIE = re.compile(r"[\w-]{22}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """A learner at a browser, and the token that each form and each POST of their pages carries."""

    learner: str
    token: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Onward:
    """Send the browser to the same address once more, with this part of its query added ("1") or taken away.

    `cookie` is what the browser is to keep, None where nothing.
    """

    part: str
    turn: Literal["added", "taken away"]
    cookie: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cookie:
    """The cookie of a server; cookies are shared by all ports of a host, so the name tells servers apart."""

    name: str
    same_site: Literal["strict", "lax"]
    seconds: int


class Admission(Protocol):
    """The rule by which browsers are let in."""

    @property
    def cookie(self) -> Cookie:
        """The cookie that browsers keep."""
        ...

    def recognise(self, cookie: str | None) -> Visitor | Refusal:
        """Say who holds a cookie, or why nobody is let in with it."""
        ...

    def admit(self, query: Mapping[str, str], cookie: str | None) -> Visitor | Onward | Refusal:
        """Say who asks for a page, or how they come in."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ByKey:
    """One learner: whoever opened the address that foretell printed, which carries the key."""

    key: str

    @classmethod
    def fresh(cls) -> ByKey:
        """Draw a new key."""
        return cls(key=secrets.token_urlsafe(24))

    @property
    def cookie(self) -> Cookie:
        """The cookie that holds the key."""
        return Cookie(name=_name("foretell-", b"cookie", self.key), same_site="strict", seconds=30 * _DAY_SECONDS)

    @property
    def visitor(self) -> Visitor:
        """The one learner."""
        token = hmac.new(self.key.encode(), b"form", sha256).hexdigest()[:40]
        return Visitor(learner=LEARNER, token=token)

    def recognise(self, cookie: str | None) -> Visitor | Refusal:
        """Let in whoever holds the key."""
        if cookie is not None and hmac.compare_digest(cookie.encode(), self.key.encode()):
            return self.visitor
        return Refusal(
            status=403,
            says="This browser has no key to this foretell. Open the address that foretell printed when it began.",
        )

    def admit(self, query: Mapping[str, str], cookie: str | None) -> Visitor | Onward | Refusal:
        """Put the key of an address into the cookie, and take it out of the address."""
        offered = query.get("key")
        found = self.recognise(cookie if offered is None else offered)
        if offered is None or isinstance(found, Refusal):
            return found
        return Onward(part="key", turn="taken away", cookie=offered)


@dataclass(frozen=True, slots=True, kw_only=True)
class AsGuest:
    """A class: every browser that reaches the address is a learner of its own. `key` is the server's secret.

    A browser gets its cookie first and is a learner only once it comes back with it: one that keeps no cookies starts
    nothing.
    """

    key: str

    @property
    def cookie(self) -> Cookie:
        """The cookie that holds a guest's secret: half a year, so that a term's work is found again."""
        return Cookie(name=_name("foretell-guest-", b"guest", self.key), same_site="lax", seconds=180 * _DAY_SECONDS)

    def recognise(self, cookie: str | None) -> Visitor | Refusal:
        """Derive the learner from the cookie."""
        if cookie is None or not _GUEST_COOKIE.fullmatch(cookie):
            return Refusal(
                status=403,
                says="This browser keeps no cookie of this foretell, which is how it is told apart from others. "
                "Allow cookies for this address, then open it again.",
            )
        return Visitor(
            learner="guest-" + sha256(b"learner" + cookie.encode()).hexdigest()[:32],
            token=hmac.new(self.key.encode(), b"form" + cookie.encode(), sha256).hexdigest()[:40],
        )

    def admit(self, query: Mapping[str, str], cookie: str | None) -> Visitor | Onward | Refusal:
        """Give a new browser its cookie, and see whether it comes back with it."""
        found = self.recognise(cookie)
        if "welcome" in query:
            return found if isinstance(found, Refusal) else Onward(part="welcome", turn="taken away", cookie=None)
        if isinstance(found, Visitor):
            return found
        return Onward(part="welcome", turn="added", cookie=secrets.token_urlsafe(16))


def _name(start: str, purpose: bytes, key: str) -> str:
    return start + sha256(purpose + key.encode()).hexdigest()[:8]
