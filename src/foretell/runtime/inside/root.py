"""The root: imports a lesson's libraries once, then forks on request.

Its command line is CONTROL SUPERVISOR MODULE... Enters: on descriptor CONTROL, requests of one byte with the
descriptors of the new process; no code, no lesson, no learner.
Leaves: forked processes, each confined and given its work by the supervisor over a socket of its own. Invariant: one
thread, and nothing in this memory that anybody must not see, for every learner's process begins as a copy of it.
"""

from __future__ import annotations

import gc
import importlib
import io
import os
import signal
import socket
import sys
import traceback
from contextlib import suppress
from typing import Any

from foretell.runtime.inside import files, rest  # noqa: F401  a confined process finds nothing on disk any more
from foretell.runtime.inside.capture import Outlet, Stream
from foretell.runtime.inside.channel import PROTOCOL, Channel
from foretell.runtime.inside.forks import Forks, ignore_children_no_more, take_over
from foretell.runtime.inside.linux import adopt_orphans, collapse_memory, count_threads, die_with_parent
from foretell.runtime.inside.shell import LessonShell, make_shell
from foretell.runtime.inside.worker import ALWAYS_IMPORTED
from foretell.runtime.jail.enter import enter
from foretell.runtime.requests import BUSY, NAMESPACES_AND_USER, PLAIN, READY

MOST_DESCRIPTORS = 8
HOME_SETTINGS = {"MPLCONFIGDIR": "/home/learner/.config/matplotlib", "IPYTHONDIR": "/home/learner/.ipython"}


def main() -> None:
    """Get ready, say so, and fork until the supervisor hangs up."""
    control, supervisor, modules = socket.socket(fileno=int(sys.argv[1])), int(sys.argv[2]), sys.argv[3:]
    sys.argv[:] = [""]
    os.set_inheritable(control.fileno(), False)  # noqa: FBT003  the standard library's own signature
    die_with_parent(supervisor)
    adopt_orphans()
    channel = Channel(PROTOCOL, PROTOCOL)
    outlet = Outlet(channel)
    with outlet.shut():
        shell = make_shell(outlet)
        load(modules)
        warm_up(shell)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    gc.collect()
    gc.freeze()
    collapse_memory()
    control.send(READY if count_threads() == 1 else BUSY)
    forks = Forks(channel, shell)
    while True:
        request, descriptors, _, _ = socket.recv_fds(control, 1, MOST_DESCRIPTORS)
        if not request:
            os._exit(0)
        if not os.fork():
            begin(forks, request, descriptors, outlet)
        for descriptor in descriptors:
            os.close(descriptor)


def load(modules: list[str]) -> None:
    """Import what the lesson uses; a module that cannot be imported is the business of the cell that imports it.

    Matplotlib belongs to it wherever there is one: its settings and its list of fonts are not to be found in a jail.
    """
    for name in (*ALWAYS_IMPORTED, "matplotlib.pyplot", "tqdm", *modules):
        with suppress(BaseException):
            importlib.import_module(name)
    rest.remember_fonts()
    for name, value in HOME_SETTINGS.items():
        os.environ[name] = value
    if tqdm := sys.modules.get("tqdm"):
        tqdm.tqdm.monitor_interval = 0  # Its watching thread would keep a process from being forked.


def warm_up(shell: LessonShell) -> None:
    """Do once, with constant data, what is slow the first time: every process after this one has done it already."""
    with suppress(Exception):
        for text in ("pass", "1 / 0"):
            shell.run_cell(text, store_history=False, silent=True)  # type: ignore[no-untyped-call]
        shell.displayhook.compute_format_data(1)  # type: ignore[no-untyped-call]
        for name in ("last_type", "last_value", "last_traceback", "last_exc"):
            vars(sys).pop(name, None)
    if torch := sys.modules.get("torch"):
        with suppress(Exception):
            _warm_torch(torch)
    if "matplotlib" in sys.modules:
        with suppress(Exception):
            _warm_matplotlib()


def _warm_torch(torch: Any) -> None:
    model = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.ReLU(), torch.nn.Linear(4, 1))
    loss = model(torch.ones(2, 3)).pow(2).mean()
    loss.backward()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    optimizer.step()
    repr(model)
    repr(torch.ones(2, 2))
    # The first convolution asks /proc what the processor is, which is not to be found in a jail.
    torch.nn.functional.conv2d(torch.ones(1, 1, 4, 4), torch.ones(1, 1, 3, 3))
    torch.linalg.lstsq(torch.eye(3), torch.ones(3, 1))


def _warm_matplotlib() -> None:
    import matplotlib_inline.backend_inline  # noqa: F401  only where the lesson has matplotlib
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots()
    axes.plot([0, 1], [0, 1], label="warm")
    axes.imshow([[0.0, 1.0], [1.0, 0.0]])
    axes.set_title("warm $x^2$")
    axes.legend()
    figure.savefig(io.BytesIO(), format="png", bbox_inches="tight")
    plt.close("all")


def begin(forks: Forks, request: bytes, descriptors: list[int], outlet: Outlet) -> None:
    """In a new child: join what counts it, enter the jail if there is one, then serve. Never returns.

    The descriptors: protocol socket, standard output and error, one for each group to join, the jail's first process.
    """
    try:
        ignore_children_no_more()
        for door in descriptors[3:] if request == PLAIN else descriptors[3:-1]:
            os.write(door, b"0")
        if request != PLAIN:
            enter(descriptors[-1], user_namespace=request == NAMESPACES_AND_USER)
            if os.fork():
                os._exit(0)
        take_over(descriptors[:3])
        sys.stdout, sys.stderr = Stream(outlet, "stdout", 1), Stream(outlet, "stderr", 2)
        forks.serve()
    except BaseException:
        with suppress(OSError):
            os.write(2, traceback.format_exc().encode("utf-8", "replace"))
        os._exit(70)
    os._exit(0)


if __name__ == "__main__":
    main()
