"""Every error foretell raises on purpose. A learner's mistake is a value (`Failure`), never one of these.

ForetellError                 foretell could not do its work; the message is fact, place, remedy
├── LessonError               a notebook or overlay cannot be read
│   ├── NotebookError         no such file, not a notebook, too large, broken JSON
│   └── OverlayError          lesson.toml: unknown key, wrong type, cell that is not there (with its line)
├── AnswerError               a prediction that cannot be read; refused, never counted
├── CommitError               an order of actions the loop does not allow (a run before its commit, a second commit)
├── RuntimeUnavailable        the process that runs cells could not be started (a package missing, no memory)
│   ├── LibrariesBusy         a lesson's libraries start threads when imported, so that process cannot be forked
│   └── ProcessEnded          a process that was being made ready has ended; another one may live
├── ProtocolFault             bytes from the process that runs cells are no frame of ours; that process is ended
├── StoreError                attempts cannot be kept or read (read-only directory, full disk, newer database)
└── UsageError                a command asked for something impossible (port in use, unknown lesson)
"""

from __future__ import annotations


class ForetellError(Exception):
    """Foretell itself could not do its work. The text says fact, place and remedy."""


class LessonError(ForetellError):
    """A lesson's files cannot be read."""


class NotebookError(LessonError):
    """The notebook is missing, too large, or not a notebook."""


class OverlayError(LessonError):
    """lesson.toml or misconceptions.toml says something that cannot be meant."""


class AnswerError(ForetellError):
    """A typed answer cannot be read as its kind."""


class CommitError(ForetellError):
    """An order of actions that the loop does not allow."""


class RuntimeUnavailable(ForetellError):
    """The process that runs cells could not be started."""


class LibrariesBusy(RuntimeUnavailable):
    """A lesson's libraries leave threads running when they are imported, so that process cannot be forked."""


class ProcessEnded(RuntimeUnavailable):
    """A process that was being made ready has ended, perhaps killed from outside: another one may live."""


class ProtocolFault(ForetellError):
    """Bytes on the pipe to the process that runs cells are no frame of ours."""


class StoreError(ForetellError):
    """Attempts cannot be kept or read."""


class UsageError(ForetellError):
    """A command was asked for something impossible."""
