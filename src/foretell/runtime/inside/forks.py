"""A worker whose state can be forked: orders come over a socket, and one of them is to fork.

Enters: orders, and with `Fork` the descriptors of the child. Leaves: reports; `ForkEnded` when a child is gone.
Invariant: a process that has rested runs no learner code again; each run happens in a child made for it.
"""

from __future__ import annotations

import os
import random
import select
import signal
import warnings
from contextlib import suppress
from pathlib import Path

from foretell.runtime.inside.channel import PROTOCOL, Channel
from foretell.runtime.inside.files import Files
from foretell.runtime.inside.linux import close_from, die_with_parent, outlive_parent
from foretell.runtime.inside.rest import find_obstacles
from foretell.runtime.inside.shell import LessonShell
from foretell.runtime.inside.worker import obey, seed_everything
from foretell.runtime.jail.confine import confine
from foretell.runtime.messages import Confine, Execute, Fork, Forked, ForkEnded, Message, Replay, Rested


class Forks:
    """The process as one of a family of forks."""

    def __init__(self, channel: Channel, shell: LessonShell) -> None:
        self._channel = channel
        self._shell = shell
        self._files: Files | None = None
        self._children: dict[int, tuple[int, int]] = {}
        self._number = 0
        self._needed: tuple[str, ...] | None = None
        self._has_run = False

    def serve(self) -> None:
        """Say that this process is there, then answer one order after the other; return when the supervisor is gone."""
        self._channel.begin_anew()
        self._channel.interrupts.install()
        self._channel.send(Forked())
        while True:
            self._await_order()
            order = self._channel.receive()
            if order is None:
                return
            self._carry_out(order)

    def _carry_out(self, order: Message) -> None:
        match order:
            case Fork():
                self._fork(order)
            case Confine():
                self._files = Files(Path(order.home))
                os.chdir(order.home)
                self._channel.send(confine(order))
                # Seeding copies many pages of the root's: now, while nobody waits, and not when the seed is known.
                seed_everything(0)
            case Replay() | Execute():
                if self._files is not None and not self._has_run:
                    self._files.put_back()
                self._has_run = True
                obey(self._channel, self._shell, order)
                self._rest()
            case _:
                obey(self._channel, self._shell, order)

    def _rest(self) -> None:
        """After a run: keep its files, say whether this process may be forked, and wait for the supervisor only."""
        obstacles = list(find_obstacles())
        files = ""
        if self._files is not None:
            if self._needed is not None:
                self._files.forget_all_but(self._needed)
                self._needed = None  # Known for the moment of the fork only.
            if problem := self._files.keep(str(self._number)):
                obstacles.append(problem)
            files = self._files.name
        outlive_parent()
        self._channel.send(Rested(obstacles=tuple(obstacles), files=files))

    def _fork(self, order: Fork) -> None:
        descriptors = self._channel.take_descriptors(3)
        parent, state = os.getpid(), random.getstate()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            child = os.fork()
        if child:
            for descriptor in descriptors:
                os.close(descriptor)
            self._children[os.pidfd_open(child)] = (child, order.number)
            return
        random.setstate(state)
        take_over(descriptors)
        self._children.clear()
        self._number, self._has_run, self._needed = order.number, False, order.files
        die_with_parent(parent)
        self._channel.begin_anew()
        self._channel.send(Forked())

    def _await_order(self) -> None:
        """Wait until an order is there; say in the meantime which children have ended."""
        if not self._children:
            return
        while not self._channel.has_message:
            poll = select.poll()
            for descriptor in (PROTOCOL, *self._children):
                poll.register(descriptor, select.POLLIN)
            ready = [descriptor for descriptor, _ in poll.poll()]
            for descriptor in ready:
                if descriptor in self._children:
                    self._bury(descriptor)
            if PROTOCOL in ready:
                return

    def _bury(self, descriptor: int) -> None:
        child, number = self._children.pop(descriptor)
        os.close(descriptor)
        with suppress(ChildProcessError):
            _, status = os.waitpid(child, 0)
            self._channel.send(ForkEnded(number=number, code=os.waitstatus_to_exitcode(status)))


def take_over(descriptors: list[int]) -> None:
    """In a new child: protocol socket, standard output and error to their places, and nothing else left open."""
    protocol, out, error = (os.dup(descriptor) for descriptor in descriptors)
    null = os.open(os.devnull, os.O_RDONLY)
    for descriptor, place in ((null, 0), (out, 1), (error, 2), (protocol, PROTOCOL)):
        os.dup2(descriptor, place)
    close_from(PROTOCOL + 1)


def ignore_children_no_more() -> None:
    """Undo what the root does with its own children."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
