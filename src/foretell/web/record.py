"""The record of one learner in one lesson: the store, narrowed, with what was read last kept at hand.

Enters: what was done. Leaves: what is on record. Invariant: after a write has returned, what is read holds it; what is
at hand is let go when nobody uses the lesson, since a history may be large.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from foretell.model.attempt import Commit, Diagnosis, History, Judgement, KeptRun, Opened, Prediction, SelfMark, Who
from foretell.model.run import Run
from foretell.store.attempts import Store


@dataclass(slots=True, kw_only=True)
class LessonRecord:
    """What `loop` calls its record. A page and a press ask for the history many times between two writes."""

    store: Store
    who: Who
    _at_hand: History | None = None
    _writes: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def learner(self) -> str:
        """Whose record it is."""
        return self.who.learner

    def history(self) -> History:
        """Give everything on record."""
        with self._lock:
            if self._at_hand is not None:
                return self._at_hand
            writes = self._writes
        found = self.store.history(self.who)
        with self._lock:
            if writes == self._writes:
                self._at_hand = found
        return found

    def let_go(self) -> None:
        """Read the store again when the history is next asked for."""
        with self._lock:
            self._writes += 1
            self._at_hand = None

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        finally:
            self.let_go()

    def commit(self, *, cell: str, predictions: Sequence[Prediction], skipped: Sequence[str], key: str) -> Commit:
        """Keep a commit."""
        with self._writing():
            return self.store.commit(self.who, cell=cell, predictions=predictions, skipped=skipped, key=key)

    def start_run(self, *, cell: str, commit: int, code: str, state: str, key: str) -> KeptRun:
        """Keep that a run began."""
        with self._writing():
            return self.store.start_run(self.who, cell=cell, commit=commit, code=code, state=state, key=key)

    def finish_run(self, run_id: int, run: Run, judgements: Sequence[Judgement]) -> None:
        """Keep how a run ended."""
        with self._writing():
            self.store.finish_run(run_id, run, judgements)

    def finish_check(self, run_id: int, diagnosis: Diagnosis) -> None:
        """Keep what a check of a run's code found."""
        with self._writing():
            self.store.finish_check(run_id, diagnosis)

    def save_draft(self, *, cell: str, text: str, key: str) -> None:
        """Keep the text of an editor."""
        with self._writing():
            self.store.save_draft(self.who, cell=cell, text=text, key=key)

    def open_help(self, *, cell: str, what: Opened, key: str) -> None:
        """Keep that help was opened."""
        with self._writing():
            self.store.open_help(self.who, cell=cell, what=what, key=key)

    def ask_again(self, *, cell: str, questions: Sequence[str], key: str) -> None:
        """Keep that questions of a cell are asked once more."""
        with self._writing():
            self.store.ask_again(self.who, cell=cell, questions=questions, key=key)

    def mark(self, *, question: str, run: int, mark: SelfMark, key: str) -> None:
        """Keep the learner's own call."""
        with self._writing():
            self.store.mark(self.who, question=question, run=run, mark=mark, key=key)

    def save_note(self, *, about: str, text: str, key: str) -> None:
        """Keep a private line."""
        with self._writing():
            self.store.save_note(self.who, about=about, text=text, key=key)

    def start_over(self, *, key: str) -> None:
        """Begin the lesson anew."""
        with self._writing():
            self.store.start_over(self.who, key)
