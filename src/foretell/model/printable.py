"""Text that others have written, fit for a terminal or a log.

Enters: any text at all, from a learner's process, a notebook or a request. Leaves: text that a terminal only prints.
Invariant: no control, no change of direction and nothing invisible is left; what was there is shown as an escape.
"""

from __future__ import annotations

import unicodedata

_KEPT = frozenset("\n\t")
# They only join or part the letters beside them; without them the letters remain.
_DROPPED = frozenset("\u00ad\u200c\u200d")


def printable(text: str) -> str:
    """`text` with lines and tabs as they are; everything that a terminal would obey is shown as an escape."""
    if text.isascii() and text.replace("\n", "").replace("\t", "").isprintable():
        return text
    return "".join(_shown(letter) for letter in text)


def printable_line(text: str) -> str:
    """The same on one line, for a log or a message: lines and tabs are shown as escapes too."""
    return printable(text).replace("\n", "\\n").replace("\t", "\\t")


def _shown(letter: str) -> str:
    if letter in _KEPT or letter.isprintable():
        return letter
    if letter in _DROPPED:
        return ""
    if unicodedata.category(letter) == "Zs":
        return " "
    return letter.encode("unicode_escape").decode("ascii")
