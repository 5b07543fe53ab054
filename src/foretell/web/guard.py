"""What keeps other web pages, other machines and other people's tabs out.

Enters: a request's headers and form. Leaves: `Refusal` (a status and a sentence) or nothing; response headers.
Invariant: nothing is answered under a name that is not this server's, and nothing is changed without a same-origin
request that carries the token of the visitor's own pages.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

LOOPBACK_NAMES = frozenset({"127.0.0.1", "localhost", "::1"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Why a request is not answered."""

    status: int
    says: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Guard:
    """Where requests may come from. `allowed_hosts` are names, besides loopback ones, that this server goes by."""

    allowed_hosts: frozenset[str] = frozenset()

    def knows_host(self, host: str) -> bool:
        """Whether the Host header names this machine (DNS rebinding ends here)."""
        name = _split(f"//{host}").hostname or ""
        return "@" not in host and (name in LOOPBACK_NAMES or name in self.allowed_hosts)

    def refuses_get(self, headers: Mapping[str, str]) -> Refusal | None:
        """Check that no other page loads this as a part of its own: another port's page would send our cookie too."""
        elsewhere = headers.get("sec-fetch-site") in {"cross-site", "same-site"}
        if elsewhere and headers.get("sec-fetch-dest") != "document":
            return Refusal(status=403, says="Another page asked for this. Open foretell's own page.")
        return None

    def refuses_post(self, headers: Mapping[str, str], offered_token: str, token: str) -> Refusal | None:
        """Check that a POST comes from one of our own pages, which carry the visitor's `token`."""
        if not _is_same_origin(headers):
            return Refusal(
                status=403, says="This request came from another page. Open foretell's own page and try there."
            )
        if not hmac.compare_digest(offered_token.encode(), token.encode()):
            return Refusal(
                status=403,
                says="This page is from an earlier start of foretell, or another learner's. Reload it and try again.",
            )
        return None


def _is_same_origin(headers: Mapping[str, str]) -> bool:
    origin, site = headers.get("origin"), headers.get("sec-fetch-site")
    if site is not None:
        # The browser says it itself, and says it rightly behind a forwarder that rewrites Host.
        return site == "same-origin"
    return origin is not None and _split(origin).netloc == headers.get("host", "")


def _split(address: str) -> SplitResult:
    """Take an address apart; one that is none has no parts."""
    try:
        return urlsplit(address)
    except ValueError:
        return urlsplit("")


def page_headers(nonce: str) -> dict[str, str]:
    """Give the headers of every page: nothing from elsewhere loads, nothing inline runs without this page's nonce."""
    policy = (
        "default-src 'none'; "
        f"script-src 'self' 'nonce-{nonce}'; style-src 'self' 'nonce-{nonce}'; "
        "img-src 'self' data:; font-src 'self'; connect-src 'self'; frame-src 'self'; manifest-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )
    return {
        "Content-Security-Policy": policy,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "same-origin",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Cache-Control": "no-store",
    }


def frame_headers() -> dict[str, str]:
    """Give the headers of a learner's HTML: an origin of its own, no network, framed by our pages only."""
    policy = (
        "sandbox allow-scripts; default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; "
        "img-src data:; media-src data:; font-src data:; form-action 'none'; base-uri 'none'; frame-ancestors 'self'"
    )
    return {
        "Content-Security-Policy": policy,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cache-Control": "no-store",
    }
