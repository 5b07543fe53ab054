"""Source that must not stay behind in the learner's process: what is still withheld, and reference results.

Enters: a shell that has just run such a cell. Leaves: the shell with the cell's effects and without its text.
Invariant: neither `In`, `_i…`, `inspect.getsource` nor a traceback gives the text back afterwards.
"""

from __future__ import annotations

import linecache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from foretell.runtime.inside.shell import LessonShell


def forget_source(shell: LessonShell) -> None:
    """Take the text of the cell that ran last out of IPython's memory and Python's line cache."""
    history = shell.history_manager
    if history is None:
        return
    for inputs in (history.input_hist_parsed, history.input_hist_raw):
        if inputs:
            inputs[-1] = ""
    history.db_input_cache.clear()
    history._i00 = ""
    for name in [name for name in shell.user_ns if name.startswith("_i") and name[2:].isdecimal()]:
        if int(name[2:]) == shell.execution_count - 1:
            shell.user_ns[name] = ""
    linecache.cache.pop(shell.compile.latest, None)
