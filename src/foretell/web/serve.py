"""The server as a process: its port, its key, how a second foretell finds it, how it ends.

Enters: a data directory, a host and a port. Leaves: a server until it is interrupted. Invariant: it listens on the
host that was named and nowhere else; the key's file can be read by its owner only.
"""

from __future__ import annotations

import asyncio
import errno
import http.client
import json
import logging
import os
import secrets
import signal
import socket
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import uvicorn

if sys.platform != "win32":
    import resource

from foretell.config import DEFAULT_PORT, DataDirectory
from foretell.errors import ForetellError, StoreError, UsageError
from foretell.web.app import create_app
from foretell.web.desk import Desk
from foretell.web.visitors import AsGuest, ByKey

_TRIES = 20
_KEY_LENGTH = 24
_FILES_OF_A_CLASS = 65_536
_LOOPBACK_OF = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104  compared with, not bound to
_OTHER_HOST = "name one of its own addresses, or 0.0.0.0 for all of them, with --host."


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where a server is reached, with the key that opens it."""

    port: int
    key: str

    def of(self, lesson: str) -> str:
        """Give the address that opens a lesson in a browser."""
        return f"http://127.0.0.1:{self.port}/open?lesson={quote(lesson, safe='')}&key={quote(self.key, safe='')}"


def prepare(data: DataDirectory) -> None:
    """Make the data directory; StoreError where that cannot be."""
    try:
        data.path.mkdir(parents=True, exist_ok=True, mode=0o700)
        data.scratch.mkdir(exist_ok=True)
        probe = data.path / f".probe-{os.getpid()}"
        probe.write_text("")
        probe.unlink()
    except OSError as error:
        raise StoreError(
            f"The data directory {data.path} cannot be written ({error.strerror}); "
            "free it, or name another with --data DIR."
        ) from error


def kept_key(data: DataDirectory) -> str:
    """Give the key of this data directory, drawn once, so that an open tab outlives a restart."""
    path = data.path / "key"
    try:
        for _ in range(_TRIES):
            if len(key := _read_key(path)) >= _KEY_LENGTH:
                return key
            try:
                descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            except FileExistsError:
                time.sleep(0.02)  # another foretell is just writing it
                continue
            with os.fdopen(descriptor, "w") as file:
                file.write(secrets.token_urlsafe(24))
        path.unlink()  # damaged: no foretell takes this long
        return kept_key(data)
    except OSError as error:
        raise StoreError(
            f"{path} cannot be read or written ({error.strerror}); move it away, or name another place with --data DIR."
        ) from error


def _read_key(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii").strip()
    except (FileNotFoundError, UnicodeDecodeError):
        return ""


def forwarded_hosts(environment: Mapping[str, str], port: int) -> frozenset[str]:
    """Give the name under which GitHub Codespaces forwards the port; every other forwarder keeps to loopback names."""
    name, domain = (environment.get(key) for key in ("CODESPACE_NAME", "GITHUB_CODESPACES_PORT_FORWARDING_DOMAIN"))
    return frozenset({f"{name}-{port}.{domain}"}) if name and domain else frozenset()


def running_server(data: DataDirectory) -> Address | None:
    """Give the address of a server that already uses this data directory, or None."""
    try:
        said = json.loads(data.running.read_text())
        address = Address(port=int(said["port"]), key=kept_key(data))
    except (OSError, ValueError, KeyError, TypeError, StoreError):
        return None
    connection = http.client.HTTPConnection("127.0.0.1", address.port, timeout=2)
    try:
        connection.request(
            "GET", "/recorded", headers={"Cookie": f"{ByKey(key=address.key).cookie.name}={address.key}"}
        )
        return address if connection.getresponse().status == 200 else None
    except (OSError, http.client.HTTPException, OverflowError):
        return None
    finally:
        connection.close()


def running_class(data: DataDirectory) -> int | None:
    """Give the port of a class that is served from this data directory, or None."""
    try:
        said = json.loads(data.serving.read_text())
        port, host = int(said["port"]), str(said["host"])
        cookie = AsGuest(key=kept_key(data)).cookie.name
    except (OSError, ValueError, KeyError, TypeError, StoreError):
        return None
    connection = http.client.HTTPConnection(_LOOPBACK_OF.get(host, host), port, timeout=2)
    try:
        connection.request("GET", "/recorded")
        return port if cookie in (connection.getresponse().headers["set-cookie"] or "") else None
    except (OSError, http.client.HTTPException, OverflowError):
        return None
    finally:
        connection.close()


def listen(asked: int | None, host: str = "127.0.0.1") -> socket.socket:
    """Give a listening socket on the host: the asked-for port, else the first free one from the usual port on."""
    ports = [asked] if asked is not None else list(range(DEFAULT_PORT, DEFAULT_PORT + _TRIES))
    for port in ports:
        try:
            family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        except (OSError, UnicodeError) as error:
            raise UsageError(f"Host '{host}' is no name and no address ({error}); {_OTHER_HOST}") from error
        # Said to be TCP, for asyncio sets TCP_NODELAY only then: what a run prints would wait 40 ms to be acknowledged.
        listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(address)
            listener.listen(1024)
        except OSError as error:
            listener.close()
            if asked is None and error.errno in {errno.EADDRINUSE, errno.EACCES}:
                continue
            if error.errno == errno.EADDRNOTAVAIL:
                raise UsageError(f"Host '{host}' is not an address of this machine; {_OTHER_HOST}") from error
            fact = {errno.EADDRINUSE: "is in use", errno.EACCES: "is not yours to use"}.get(error.errno or 0)
            raise UsageError(
                f"Port {port} {fact or f'cannot be used ({error.strerror})'}; leave --port out, or name another."
            ) from error
        return listener
    raise UsageError(f"Ports {ports[0]} to {ports[-1]} are all in use; name a free one with --port.")


def hold_many_files() -> None:
    """Let this process hold open as many files as a class takes: each learner's processes take some."""
    if sys.platform != "win32":
        now, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        wanted = _FILES_OF_A_CLASS if most == resource.RLIM_INFINITY else min(most, _FILES_OF_A_CLASS)
        if now != resource.RLIM_INFINITY and now < wanted:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, most))


def serve(desk: Desk, note: Path, listener: socket.socket, ready: Callable[[int], None]) -> None:
    """Serve until interrupted; `ready` is called with the port once pages are answered.

    `note` is the file that tells another foretell of this one. ForetellError where the desk's runtime cannot begin.
    """
    hold_many_files()
    host, port = listener.getsockname()[:2]
    config = uvicorn.Config(
        create_app(desk), log_level="warning", access_log=False, timeout_graceful_shutdown=1, ws="none", lifespan="on"
    )
    logging.getLogger("uvicorn.error").addFilter(_is_no_cut_off_page)
    server = _Announced(config, desk.runtime, lambda: ready(int(port)))
    text = json.dumps({"host": host, "port": port, "pid": os.getpid()})
    try:
        note.write_text(text)
    except OSError as error:
        desk.store.close()
        raise StoreError(
            f"{note} cannot be written ({error.strerror}); move it away, or name another place with --data DIR."
        ) from error
    # uvicorn shuts down, then raises the signal again; its default would end us before the note is gone.
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    try:
        server.run(sockets=[listener])
    finally:
        with suppress(OSError):
            if note.read_text() == text:  # not that of a foretell that came later
                note.unlink()
    if server.failure is not None:
        desk.store.close()
        raise server.failure


def _is_no_cut_off_page(record: logging.LogRecord) -> bool:
    """Whether a line of uvicorn's is worth printing: pages that still listen as we end are cut off on purpose."""
    cut_off = record.exc_info is not None and record.exc_info[0] is asyncio.CancelledError
    return not cut_off and "timeout graceful shutdown exceeded" not in str(record.msg)


class _Announced(uvicorn.Server):
    """A uvicorn server that holds a runtime open while it runs, and says when it has started."""

    def __init__(
        self, config: uvicorn.Config, runtime: AbstractAsyncContextManager[object], announce: Callable[[], None]
    ) -> None:
        super().__init__(config)
        self.failure: ForetellError | None = None
        self._runtime = runtime
        self._announce = announce

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Open the runtime, start as uvicorn does, then say so."""
        try:
            await self._runtime.__aenter__()
        except ForetellError as error:
            self.failure, self.should_exit = error, True
            return
        await super().startup(sockets)
        if self.started:
            self._announce()
        else:
            await self._runtime.__aexit__(None, None, None)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End as uvicorn does, then close the runtime: by then nobody uses it."""
        await super().shutdown(sockets)
        await self._runtime.__aexit__(None, None, None)
