"""Where there is no Linux: what only Unix has is not imported, and cells run in fresh processes, not confined."""

from __future__ import annotations

import subprocess
import sys

SCRIPT = """
import asyncio, sys
import http.client, tempfile, uuid, platformdirs, psutil  # these know for themselves where they are
for name in ("resource", "fcntl", "pwd", "grp", "termios"):
    sys.modules[name] = None
sys.platform = "win32"
from pathlib import Path
from foretell.runtime.jail.levels import survey
found = survey()
assert (found.level, found.holds) == ("none", ()), found
assert "Linux" in found.lacks[0].what
import foretell.runtime.host as host
assert host.FORKS is False
print("ok")
"""


def test_the_runtime_is_chosen_without_what_only_unix_has():
    told = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, timeout=60, check=False)
    assert told.stdout == "ok\n", told.stderr[-2000:]
