"""The server as a process: what it holds open, and how it ends."""

from __future__ import annotations

import asyncio
import logging
import os
import resource
import signal
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from foretell.config import DataDirectory
from foretell.errors import RuntimeUnavailable, UsageError
from foretell.library import open_lesson
from foretell.web import classroom, serve
from foretell.web.desk import Desk
from foretell.web.players import Sessions
from idle_session import IdleSession


@pytest.fixture(autouse=True)
def _signals_as_before() -> Iterator[None]:
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell starts what it puts aside with it ignored
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def desk_in(data: Path, runtime: object) -> Desk:
    sessions = Sessions(make=lambda _lesson, _seed: IdleSession(), confined="confined (level B)", runtime=runtime)
    return classroom.open_class(DataDirectory(path=data), "k" * 24, [open_lesson("nn-module")], sessions, frozenset())


def test_the_runtime_is_open_while_pages_are_answered_and_closed_when_the_server_ends(tmp_path):
    said: list[str] = []

    @asynccontextmanager
    async def runtime() -> AsyncIterator[None]:
        said.append("open")
        yield
        said.append("closed")

    def ready(_port: int) -> None:
        said.append("ready")
        os.kill(os.getpid(), signal.SIGINT)

    with serve.listen(None) as listener, pytest.raises(KeyboardInterrupt):
        serve.serve(desk_in(tmp_path, runtime()), tmp_path / "serving.json", listener, ready)
    assert said == ["open", "ready", "closed"]
    assert not (tmp_path / "serving.json").exists()


def test_a_runtime_that_cannot_begin_ends_the_server_with_its_own_words(tmp_path, capfd):
    @asynccontextmanager
    async def runtime() -> AsyncIterator[None]:
        raise RuntimeUnavailable("No jail can be opened here; install bubblewrap.")
        yield

    with serve.listen(None) as listener, pytest.raises(RuntimeUnavailable, match="install bubblewrap"):
        serve.serve(desk_in(tmp_path, runtime()), tmp_path / "serving.json", listener, lambda _port: None)
    assert "Traceback" not in capfd.readouterr().err
    assert not (tmp_path / "serving.json").exists()


def test_a_system_that_is_sparing_with_open_files_is_asked_for_as_many_as_it_gives():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (1024, hard))
    try:
        serve.hold_many_files()
        wanted = 65_536 if hard == resource.RLIM_INFINITY else min(hard, 65_536)
        assert resource.getrlimit(resource.RLIMIT_NOFILE) == (wanted, hard)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_what_is_written_to_a_page_leaves_at_once_and_does_not_wait_to_be_acknowledged():
    async def scene() -> int:
        held: asyncio.Future[int] = asyncio.get_running_loop().create_future()

        def met(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            held.set_result(writer.get_extra_info("socket").getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
            writer.close()

        listener = serve.listen(None)
        async with await asyncio.start_server(met, sock=listener):
            _, writer = await asyncio.open_connection(*listener.getsockname())
            writer.close()
            return await asyncio.wait_for(held, 10)

    assert asyncio.run(scene())


def test_a_host_of_this_machine_is_listened_on_and_no_other():
    with serve.listen(None, "localhost") as listener:
        assert listener.getsockname()[0] in {"127.0.0.1", "::1"}
    with pytest.raises(UsageError, match="not an address of this machine"):
        serve.listen(None, "192.0.2.77")


def test_pages_that_are_cut_off_as_foretell_ends_are_no_fault():
    def record(message: str, fault: BaseException | None = None) -> logging.LogRecord:
        told = (type(fault), fault, None) if fault is not None else None
        return logging.LogRecord("uvicorn.error", logging.ERROR, __file__, 1, message, (), told)

    assert not serve._is_no_cut_off_page(record("Cancel 1 running task(s), timeout graceful shutdown exceeded"))
    assert not serve._is_no_cut_off_page(record("Exception in ASGI application\n", asyncio.CancelledError()))
    assert serve._is_no_cut_off_page(record("Exception in ASGI application\n", ValueError()))
