"""How a test runs a command as an ordinary user when it is run by root.

Enters: a command. Leaves: a command. Invariant: run by an ordinary user, the command stays as it is. Where Python lies
in a directory that others cannot enter (/root), a private view of the machine shows it to them.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

USER = 61234


def as_ordinary_user(command: list[str], *, home: str | None = None) -> list[str]:
    """`command` run by a user without privileges; `home` is its HOME."""
    if os.geteuid() != 0:
        return command
    change = [str(shutil.which("setpriv")), "--reuid", str(USER), "--regid", str(USER), "--clear-groups"]
    named = ["env", f"HOME={home}"] if home else []
    return [*_view(), *change, *named, *command]


def with_readable_python(command: list[str]) -> list[str]:
    """`command` run by root, where every account can read Python."""
    return [*_view(), *command] if os.geteuid() == 0 else command


def _view() -> list[str]:
    closed = _closed_parent(Path(sys.base_prefix))
    if closed is None:
        return []
    # As far down as the first directory that others can enter again, nothing else of the closed one is shown.
    top = Path(sys.base_prefix).relative_to(closed).parts[0]
    shown = str(closed / top)
    bwrap = shutil.which("bwrap") or "bwrap"
    return [bwrap, "--dev-bind", "/", "/", "--tmpfs", str(closed), "--ro-bind", shown, shown, "--"]


def _closed_parent(path: Path) -> Path | None:
    """The outermost directory on the way to `path` that other accounts cannot enter."""
    return next((place for place in reversed(path.parents) if not place.stat().st_mode & 0o001), None)
