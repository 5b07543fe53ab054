"""Install lines of a notebook (`!pip install ...`, `%pip install ...`): read, not run.

Enters: a command line. Leaves: whether it is one, and a sentence naming the packages that are there or missing.
Invariant: nothing is installed and no process is started.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import re
import shlex
import sys

INSTALLER = re.compile(
    r"^\s*(?:sudo\s+)?"
    r"(?:(?:\S*python[\d.]*(?:\.exe)?|\"[^\"]*python[^\"]*\"|'[^']*python[^']*')\s+-m\s+(?:pip|uv\s+pip)"
    r"|\S*pip[\d.]*(?:\.exe)?|uv\s+(?:pip|add)|conda|mamba|micromamba|apt|apt-get)(?=\s|$)"
)
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
VALUED = {
    "-r", "--requirement", "-c", "--constraint", "-i", "--index-url", "--extra-index-url", "-f", "--find-links",
    "-t", "--target", "-e", "--editable", "--channel", "-n", "--name", "-p", "--prefix", "--platform",
    "--python-version", "--proxy", "--timeout", "--trusted-host", "--cache-dir", "--upgrade-strategy",
}  # fmt: skip
VERBS = ("install", "add")


def is_installer(command: str) -> bool:
    """Whether `command` would call a package installer."""
    return INSTALLER.match(command) is not None


def report(command: str) -> str:
    """What to tell the learner instead of running `command`."""
    present, missing = [], []
    for name in named_packages(command):
        version = find_version(name)
        if version is None:
            missing.append(name)
        else:
            present.append(f"{name} {version}".strip())
    lines = ["foretell does not run package installers; it has looked for what this line names."]
    if present:
        lines.append(f"Here already: {', '.join(present)}.")
    if missing:
        lines.append(f"Missing: {', '.join(missing)}. To add: {sys.executable} -m pip install {' '.join(missing)}")
    if not present and not missing:
        lines[0] = "foretell does not run package installers; this line names no package to look for."
    return "\n".join(lines)


def named_packages(command: str) -> tuple[str, ...]:
    """The package names after `install` in `command`, without versions, extras, options and their values."""
    words = _split(command)
    start = next((place + 1 for place, word in enumerate(words) if word in VERBS), len(words))
    names: list[str] = []
    rest = iter(words[start:])
    for word in rest:
        if word in VALUED:
            next(rest, None)
        elif word in ("&&", "||", ";", "|", ">", ">>", "2>&1", "2>"):
            break
        elif not word.startswith("-") and (name := _read_name(word)) and name not in names:
            names.append(name)
    return tuple(names)


def find_version(name: str) -> str | None:
    """The installed version of the package `name` ("" where it has none); None where it is missing."""
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        pass
    module = name.replace("-", "_")
    try:
        found = importlib.util.find_spec(module) is not None
    except (ImportError, ValueError):
        found = False
    return "" if found else None


def _split(command: str) -> list[str]:
    try:
        return shlex.split(command, comments=True)
    except ValueError:
        return command.split()


def _read_name(word: str) -> str | None:
    if "://" in word or word.startswith((".", "/", "~")):
        return None
    match = NAME.match(word)
    return match.group().rstrip("._-") if match else None
