"""Finished runs, read from their text once: a finished run never changes, and a page reads all of them every time.

Enters: ids of runs. Leaves: the runs. Invariant: what is remembered is bounded by the length of its text.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence

from sqlalchemy import Connection, select

from foretell.model.run import Run
from foretell.store.records import run_from_json
from foretell.store.tables import run_results

_MOST_LETTERS = 64 * 1024 * 1024
_AT_ONCE = 500


class FinishedRuns:
    """Remembers the runs read last, the least used forgotten first."""

    def __init__(self) -> None:
        self._kept: OrderedDict[int, tuple[Run, int]] = OrderedDict()
        self._letters = 0
        self._lock = threading.Lock()

    def read(self, connection: Connection, ids: Sequence[int]) -> dict[int, Run]:
        """Those of the runs that have finished, by id."""
        with self._lock:
            known = {run_id: self._kept[run_id][0] for run_id in ids if run_id in self._kept}
            for run_id in known:
                self._kept.move_to_end(run_id)
        unread = [run_id for run_id in ids if run_id not in known]
        for start in range(0, len(unread), _AT_ONCE):
            wanted = run_results.c.run_id.in_(unread[start : start + _AT_ONCE])
            for run_id, text in connection.execute(select(run_results.c.run_id, run_results.c.run).where(wanted)):
                known[run_id] = run_from_json(text)
                self._keep(run_id, known[run_id], len(text))
        return known

    def forget(self) -> None:
        """Forgets everything (a learner was erased)."""
        with self._lock:
            self._kept.clear()
            self._letters = 0

    def _keep(self, run_id: int, run: Run, letters: int) -> None:
        with self._lock:
            if run_id in self._kept:
                return
            self._kept[run_id] = (run, letters)
            self._letters += letters
            while self._letters > _MOST_LETTERS:
                _, (_, freed) = self._kept.popitem(last=False)
                self._letters -= freed
