"""Looking at the state without changing it: questions about a run, completions, documentation, variables.

Enters: a shell and what is asked. Leaves: answers as messages. Invariant: `throw_away` evaluates in a forked child
that then ends, so nothing a learner's object does while it is looked at remains; where processes cannot fork, the
random states are put back and that is all that can be promised.
"""

from __future__ import annotations

import ast
import os
import random
import re
import select
import signal
import sys
import time
import types
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from IPython.core.completer import provisionalcompleter, rectify_completions
from IPython.utils.tokenutil import token_at_cursor

from foretell.errors import ProtocolFault
from foretell.model.run import Completion, Observation, Probe
from foretell.runtime.inside.linux import die_with_parent
from foretell.runtime.inside.shell import LessonShell
from foretell.runtime.messages import Inspected, Listed, Message, Observed, Seen
from foretell.runtime.observe import describe, observe, observe_failure
from foretell.runtime.protocol import Decoder, encode

LOOK_SECONDS = 5.0
MATCHES = 200
VARIABLES = 500
INSPECT_CHARACTERS = 20_000
IMPORT = re.compile(r"(?:import|from)\s")
COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def answer_probes(shell: LessonShell, probes: tuple[Probe, ...]) -> Observed:
    """The value of every probe; one that fails gives a failure, as do all where time runs out."""
    if not probes:
        return Observed(seen=())
    answer = throw_away(shell, lambda: Observed(seen=tuple(_answer(shell, probe) for probe in probes)))
    if isinstance(answer, Observed):
        return answer
    late = Observation(
        type="failure", text=f"TimeoutError: no answer within {LOOK_SECONDS:g} seconds", value="TimeoutError"
    )
    return Observed(seen=tuple(Seen(question=probe.question, row=probe.row, observation=late) for probe in probes))


def _answer(shell: LessonShell, probe: Probe) -> Seen:
    try:
        names = dict(shell.user_ns)
        if probe.row_literal is not None:
            names["row"] = ast.literal_eval(probe.row_literal)
        code = compile(probe.expression.strip(), "<question>", "eval")
        observation = observe(eval(code, names))  # noqa: S307  running the lesson's expressions is what a worker is for
    except BaseException as failure:
        observation = observe_failure(failure)
    return Seen(question=probe.question, row=probe.row, observation=observation)


def complete(shell: LessonShell, code: str, cursor: int) -> Completion:
    """What IPython's completer offers at `cursor`."""
    nothing = Completion(matches=(), start=cursor, end=cursor)
    answer = throw_away(shell, lambda: _complete(shell, code, cursor) or nothing)
    return answer if isinstance(answer, Completion) else nothing


def _complete(shell: LessonShell, code: str, cursor: int) -> Completion | None:
    with warnings.catch_warnings(), provisionalcompleter(), shell.builtin_trap:
        warnings.simplefilter("ignore")
        _import_above(shell, code, cursor)
        offers = list(rectify_completions(code, shell.Completer.completions(code, cursor)))
    if not offers:
        return None
    texts = tuple(dict.fromkeys(offer.text for offer in offers))[:MATCHES]
    start, end = offers[0].start, offers[0].end
    if code[start:end].startswith(".") and all(text.startswith(".") for text in texts):
        texts, start = tuple(text[1:] for text in texts), start + 1
    return Completion(matches=texts, start=start, end=end)


def _import_above(shell: LessonShell, code: str, cursor: int) -> None:
    """Run the import lines that stand above the cursor, so that what they name is known; only in a child."""
    if not hasattr(os, "fork"):
        return
    for line in code[:cursor].splitlines()[:-1]:
        if IMPORT.match(line):
            with suppress(Exception):
                exec(line, shell.user_ns)  # noqa: S102  what the learner is about to run anyway


def inspect(shell: LessonShell, code: str, cursor: int) -> Inspected:
    """The documentation of what stands at `cursor`, as plain text."""
    answer = throw_away(shell, lambda: Inspected(text=_inspect(shell, code, cursor)))
    return answer if isinstance(answer, Inspected) else Inspected(text="")


def _inspect(shell: LessonShell, code: str, cursor: int) -> str:
    _import_above(shell, code, cursor)
    name = token_at_cursor(code, cursor)
    try:
        bundle = shell.object_inspect_mime(name, detail_level=0)  # type: ignore[no-untyped-call]
    except KeyError:
        return ""
    return COLOUR.sub("", str(bundle.get("text/plain", "")))[:INSPECT_CHARACTERS].strip()


def list_variables(shell: LessonShell) -> Listed:
    """The names that cells have given a value, modules left out, in the order they came."""
    answer = throw_away(shell, lambda: _list_variables(shell))
    return answer if isinstance(answer, Listed) else Listed(variables=())


def _list_variables(shell: LessonShell) -> Listed:
    hidden = shell.user_ns_hidden
    named = [
        (name, value)
        for name, value in shell.user_ns.items()
        if not name.startswith("_")
        and not isinstance(value, types.ModuleType)
        and not (name in hidden and hidden[name] is value)
    ]
    return Listed(variables=tuple(describe(name, value) for name, value in named[:VARIABLES]))


def throw_away(shell: LessonShell, look: Callable[[], Message]) -> Message | None:
    """The answer of `look`, leaving the state as it was; None where it gave none in time."""
    if not hasattr(os, "fork"):
        with shell.outlet.shut(), _random_kept():
            return look()
    read_end, write_end = os.pipe()
    with warnings.catch_warnings(), _random_kept():
        warnings.simplefilter("ignore", DeprecationWarning)
        parent, state = os.getpid(), random.getstate()
        child = os.fork()
        if not child:
            _look_in_child(shell, look, write_end, (parent, state))
    os.close(write_end)
    try:
        return _read_answer(read_end)
    finally:
        os.close(read_end)
        with suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
        with suppress(ChildProcessError):
            os.waitpid(child, 0)


def _look_in_child(
    shell: LessonShell, look: Callable[[], Message], write_end: int, before: tuple[int, tuple[object, ...]]
) -> None:
    """Answer on the pipe and end the child at once, without any clean-up of the learner's."""
    try:
        parent, state = before
        die_with_parent(parent)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        random.setstate(state)
        _silence()
        with shell.outlet.shut():
            frame = memoryview(encode(look()))
        while frame:
            frame = frame[os.write(write_end, frame) :]
    finally:
        os._exit(0)


def _silence() -> None:
    null = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(null, descriptor)


def _read_answer(read_end: int) -> Message | None:
    decoder = Decoder()
    deadline = time.monotonic() + LOOK_SECONDS
    while (left := deadline - time.monotonic()) > 0:
        if not select.select([read_end], [], [], left)[0]:
            return None
        data = os.read(read_end, 1 << 16)
        if not data:
            return None
        try:
            messages = decoder.feed(data)
        except ProtocolFault:
            return None
        if messages:
            return messages[0]
    return None


@contextmanager
def _random_kept() -> Iterator[None]:
    """Put the random states back on leaving."""
    numpy, torch = sys.modules.get("numpy"), sys.modules.get("torch")
    python_state = random.getstate()
    numpy_state = numpy.random.get_state() if numpy is not None else None
    torch_state = torch.get_rng_state() if torch is not None else None
    try:
        yield
    finally:
        random.setstate(python_state)
        if numpy is not None:
            numpy.random.set_state(numpy_state)
        if torch is not None:
            torch.set_rng_state(torch_state)
