"""What this machine has, what it lacks, and how to mend each.

Enters: a data directory and a port. Leaves: findings, each with a remedy where it is not well. Invariant: nothing stays
changed: a probe file and the jails of a trial go again.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import shutil
import socket
import sys
import webbrowser
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from foretell.config import DEFAULT_PORT, DataDirectory
from foretell.runtime.jail.levels import Level, Survey


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was looked at; `remedy` is "" where it is well.

    `more` says what holds, and what could be better and need not be: a line each.
    """

    what: str
    says: str
    remedy: str = ""
    more: tuple[str, ...] = ()


def examine(
    data: DataDirectory, port: int | None, serving: int | None, survey: Callable[[], Survey]
) -> Iterator[Finding]:
    """Look at Python, PyTorch, confinement, the browser, the data directory and the port.

    On port `serving` a foretell runs already; `survey` tries how cells can be confined here.
    """
    yield _python()
    yield _package("torch", "PyTorch", "lessons that use it will fail at their first cell")
    yield _package("matplotlib", "matplotlib", "cells that draw will fail")
    yield _confinement(survey())
    yield _browser()
    yield _data(data)
    yield _room(data.path)
    yield _port(port or serving or DEFAULT_PORT, serving)


def _python() -> Finding:
    says = f"{sys.version_info.major}.{sys.version_info.minor}.{sys.version_info.micro} at {sys.executable}"
    good = (3, 11) <= sys.version_info[:2] < (3, 14)
    return Finding(what="Python", says=says, remedy="" if good else "foretell needs Python 3.11 to 3.13; install one.")


def _package(module: str, name: str, without: str) -> Finding:
    if importlib.util.find_spec(module) is None:
        remedy = f"{without}; install it: pip install 'foretell[torch]' (on Linux add PyTorch's CPU index, see README)."
        return Finding(what=name, says="not installed", remedy=remedy)
    return Finding(what=name, says=importlib.metadata.version(module))


def _confinement(found: Survey) -> Finding:
    """Say the level and why it is no better: advice, since what one runs oneself needs no jail."""
    says = "none: cells run as you" if found.level is Level.NONE else f"level {found.level}"
    lacks = (f"{lack.what.rstrip('.')}. {lack.remedy.rstrip('.')}." for lack in found.lacks)
    return Finding(what="Confinement", says=says, more=(*found.holds, *lacks))


def _browser() -> Finding:
    if os.environ.get("SSH_CONNECTION") and not os.environ.get("DISPLAY"):
        return Finding(
            what="Browser", says="none here (a remote session); forward the port and open the printed address"
        )
    try:
        found = webbrowser.get()
    except webbrowser.Error:
        if sys.platform.startswith("linux") and not {"DISPLAY", "WAYLAND_DISPLAY"} & os.environ.keys():
            return Finding(what="Browser", says="none opens here (no display); open the printed address in yours")
        remedy = "run foretell learn --no-browser and open the printed address in any browser."
        return Finding(what="Browser", says="none found", remedy=remedy)
    return Finding(what="Browser", says=getattr(found, "name", "") or type(found).__name__)


def _data(data: DataDirectory) -> Finding:
    place = _nearest(data.path)
    if not place.is_dir() or not os.access(place, os.W_OK | os.X_OK):
        remedy = "make it writable, or name another with --data DIR."
        return Finding(what="Data directory", says=f"{data.path} cannot be written", remedy=remedy)
    return Finding(what="Data directory", says=f"{data.path}" if place == data.path else f"{data.path} (will be made)")


def _room(path: Path) -> Finding:
    free = shutil.disk_usage(_nearest(path)).free
    remedy = "" if free > 200 * 1024**2 else "free at least 200 MB, or name another data directory with --data DIR."
    says = f"{free / 1e9:.1f} GB" if free > 1e9 else f"{free / 1e6:.0f} MB"
    return Finding(what="Free space", says=says, remedy=remedy)


def _nearest(path: Path) -> Path:
    """Give the path, or the nearest folder above it that is there and can be seen."""
    return next((place for place in (path, *path.parents) if os.path.exists(place)), Path("/"))  # noqa: PTH110  never raises


def _port(port: int, serving: int | None) -> Finding:
    if port == serving:
        return Finding(what="Port", says=f"{port}: foretell is running there")
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            remedy = "another program has it; leave --port out (foretell takes the next free one), or name another."
            return Finding(what="Port", says=f"{port}: {error.strerror}", remedy=remedy)
    return Finding(what="Port", says=f"{port} is free")
