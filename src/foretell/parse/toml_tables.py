"""The tables of a TOML file beside a notebook, read with the line each value stands on.

Enters: the text of a file. Leaves: a `Table` that gives its values by type. Invariant: an unknown key, a wrong type or
a missing key is an `OverlayError` with the file and the line, and nothing else is raised.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from foretell.errors import OverlayError
from foretell.parse.python import is_expression


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """One table of a file and where it begins (line 0: the file itself), to read values from with their errors."""

    file: str
    values: Mapping[str, Any]
    name: str
    line: int
    lines: tuple[str, ...]

    def fail(self, fact: str, remedy: str, key: str | None = None) -> OverlayError:
        """The error of this table, at the line of a key where one is named."""
        return OverlayError(f"{self.file}, line {max(1, self.line_of(key))}: {fact} in {self.name}. {remedy}")

    def line_of(self, key: str | None) -> int:
        """The line of a key, or of the table's head."""
        if key is None:
            return self.line
        form = re.compile(
            rf"""(?:^|[{{,.]\s*)\s*["']?{re.escape(key)}["']?\s*[=.]|^\s*\[+\s*{re.escape(key)}\s*[\].]"""
        )
        for number in range(max(1, self.line), len(self.lines) + 1):
            if number > self.line and self.lines[number - 1].lstrip().startswith("["):
                head = self.lines[number - 1].strip().strip("[]").strip()
                if head.endswith("." + key):
                    return number
                if self.line > 0 and not head.startswith(self.name.strip("[]") + "."):
                    break
            if form.search(self.lines[number - 1]):
                return number
        return self.line

    def inner(self, values: Mapping[str, Any], name: str, line: int) -> Table:
        """A table of the same file."""
        return Table(file=self.file, values=values, name=name, line=line, lines=self.lines)

    def heads(self, form: str) -> list[int]:
        """The lines that match the head of a table, from this table's own on to the next of the same level."""
        after = self.lines[self.line :]
        own = self.name if self.name.startswith("[[") else None
        found: list[int] = []
        for number, text in enumerate(after, start=self.line + 1):
            if own is not None and re.match(rf"\s*\[\[\s*{re.escape(own.strip('[]'))}\s*\]\]", text):
                break
            if re.match(form, text):
                found.append(number)
        return found

    def check_keys(self, known: frozenset[str]) -> None:
        """Refuse a key that is not known."""
        for key in self.values:
            if key not in known:
                raise self.fail(f"unknown key `{key}`", f"The keys are {', '.join(sorted(known))}.", key)

    def text(self, key: str) -> str:
        """A text that has to be there."""
        if key not in self.values:
            raise self.fail(f"no `{key}`", f'Add {key} = "…".')
        value = self.values[key]
        if isinstance(value, int) and not isinstance(value, bool) and key in {"before", "cell"}:
            return str(value)
        if not isinstance(value, str) or not value.strip():
            raise self.fail(f"`{key}` is not a text", f'Write {key} = "…".', key)
        return value

    def text_or(self, key: str, otherwise: str) -> str:
        """A text that may be left out."""
        value = self.values.get(key, otherwise)
        if not isinstance(value, str):
            raise self.fail(f"`{key}` is not a text", f'Write {key} = "…".', key)
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of texts that may be left out."""
        value = self.values.get(key, [])
        if not isinstance(value, list) or not all(isinstance(one, str) and one.strip() for one in value):
            raise self.fail(f"`{key}` is not a list of texts", f'Write {key} = ["…", "…"].', key)
        return tuple(value)

    def expression(self, key: str) -> str:
        """A text that has to be there and is one Python expression."""
        text = self.text(key).strip()
        if not is_expression(text):
            raise self.fail(f"`{key}` is no Python expression: {text!r}", "Write one expression.", key)
        return text


def read_toml(text: str, file: str) -> Table:
    """The file itself as a table."""
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        place = re.search(r"\(at (?:line (\d+)|end of document)", str(error))
        line = place[1] if place and place[1] else len(text.rstrip("\n").split("\n"))
        raise OverlayError(f"{file}, line {line}: it is not TOML: {error}. Mend that line.") from error
    except (RecursionError, ValueError) as error:
        raise OverlayError(f"{file} cannot be read: {error}. Make it plainer.") from error
    return Table(file=file, values=values, name="the file", line=0, lines=tuple(text.split("\n")))


def check_schema(root: Table) -> None:
    """Refuse a file that does not say `schema = 1`."""
    schema = root.values.get("schema")
    if schema != 1 or isinstance(schema, bool):
        fact = "no `schema`" if "schema" not in root.values else f"unknown `schema` {schema!r}"
        raise root.fail(fact, "Write schema = 1 as the first line.", "schema")


def is_whole(value: object) -> bool:
    """Whether a value is a whole number, and no truth value."""
    return isinstance(value, int) and not isinstance(value, bool)
