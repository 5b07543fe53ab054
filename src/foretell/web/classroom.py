"""A class on one server: many learners who share lessons and nothing else.

Enters: the lessons, sessions and names an operator has settled. Leaves: a `Desk` for a class, and what the operator is
told. Invariant: every browser is a learner of its own; no learner can open a lesson that the operator did not name.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterable, Sequence

import psutil

from foretell.config import PLAYERS_OF_A_CLASS, DataDirectory
from foretell.errors import RuntimeUnavailable
from foretell.library import Shelved
from foretell.runtime.jail.levels import Level, Survey
from foretell.store.attempts import Store
from foretell.web.desk import Desk
from foretell.web.guard import LOOPBACK_NAMES, Guard
from foretell.web.players import Players, Sessions
from foretell.web.shelves import ClassShelf
from foretell.web.visitors import AsGuest

EVERY_ADDRESS = frozenset({"0.0.0.0", "::"})  # noqa: S104  compared with, not bound to
WHERE_IT_LIES = "on the server of this class"
KNOWN_BY = (
    "You are known by a cookie of this browser. The server keeps a number that is made from it, and not the cookie; "
    "another browser, or this one without its cookies, begins anew."
)
WHEN_AWAY = "If it stays away, tell your instructor."


def open_class(
    data: DataDirectory, key: str, lessons: Sequence[Shelved], sessions: Sessions, names: frozenset[str]
) -> Desk:
    """Give the desk of a class; StoreError where its work cannot be kept."""
    store = Store.open(data.database)
    return Desk(
        store=store,
        guard=Guard(allowed_hosts=names),
        admission=AsGuest(key=key),
        shelf=ClassShelf(store, lessons),
        players=Players(store, sessions.make, PLAYERS_OF_A_CLASS, checkers=sessions.checkers),
        where=WHERE_IT_LIES,
        known_by=KNOWN_BY,
        confined=sessions.confined,
        when_away=WHEN_AWAY,
        runtime=sessions.runtime,
    )


def require_level(asked: Level, survey: Survey) -> None:
    """RuntimeUnavailable where this machine cannot confine learners' code as well as was asked for."""
    if survey.level.at_least(asked):
        return
    best = "not at all" if survey.level is Level.NONE else f"at level {survey.level} at most"
    lacks = " ".join(f"{_sentence(lack.what)} {_sentence(lack.remedy)}" for lack in survey.lacks)
    raise RuntimeUnavailable(
        f"Learners' code can be confined {best} here, and level {asked} was asked for. {lacks} "
        f"To accept what there is: --jail {survey.level}"
    )


def _sentence(text: str) -> str:
    return f"{text.strip().rstrip('.')}."


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach a host."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() in LOOPBACK_NAMES


def names_of(host: str, others: Iterable[str]) -> frozenset[str]:
    """Give the names that a server on `host` answers to, besides those of loopback; `others` are the operator's."""
    names = {host, *others}
    if host in EVERY_ADDRESS:
        names |= {socket.gethostname(), socket.getfqdn()}
        names |= {each.address.partition("%")[0] for every in psutil.net_if_addrs().values() for each in every}
    return frozenset(name.strip("[]").lower() for name in names - EVERY_ADDRESS)


def address_of(host: str, port: int, others: Sequence[str]) -> str:
    """Give the address that learners open, as far as it can be known here."""
    name = others[0] if others else socket.gethostname() if host in EVERY_ADDRESS else host
    return f"http://{f'[{name}]' if ':' in name else name}:{port}/"
