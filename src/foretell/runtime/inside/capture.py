"""What a cell shows, caught where it is made: text streams, rich displays, values of last expressions.

Enters: writes of learner's code and MIME bundles of IPython. Leaves: output messages on the channel. Invariant: a
forked child of the learner's never writes frames; what it prints goes to the native stream instead.
"""

from __future__ import annotations

import base64
import codecs
import io
import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher

from foretell.model.run import ClearOutput, DisplayOutput, StreamOutput, UpdateDisplay
from foretell.runtime.inside.channel import Channel
from foretell.runtime.inside.floods import Floods
from foretell.runtime.messages import Shown

if TYPE_CHECKING:
    from foretell.runtime.inside.shell import LessonShell

PIECE_CHARACTERS = 1 << 15
ENTRY_CHARACTERS = 16 << 20


class Outlet:
    """Where outputs leave the worker; shut while the state is being rebuilt or looked at."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._floods = Floods(channel)
        self._shut = 0
        self.catch: Callable[[Shown], bool] = lambda _: False

    @property
    def is_ours(self) -> bool:
        """Whether this is the worker itself, not a child that learner's code has forked."""
        return os.getpid() == self._channel.owner

    def show(self, output: Shown) -> None:
        """Send one output, unless shut or caught on its way."""
        if not self._shut and self.is_ours and not self.catch(output):
            self._floods.send(output)

    def send(self, output: Shown) -> None:
        """Send one output past whoever catches them, unless shut."""
        if not self._shut and self.is_ours:
            self._floods.send(output)

    def settle(self) -> None:
        """The cell is over: see that all it has printed comes before whatever is said next."""
        if self.is_ours:
            self._floods.settle()

    @contextmanager
    def shut(self) -> Iterator[None]:
        """While inside, nothing that is shown leaves the worker."""
        self._shut += 1
        try:
            yield
        finally:
            self._shut -= 1


class Stream(io.TextIOBase):
    """`sys.stdout` or `sys.stderr` of the learner's code: each write leaves at once."""

    def __init__(self, outlet: Outlet, name: str, native: int) -> None:
        super().__init__()
        self._outlet = outlet
        self._native = native
        self.name = name
        self.mode = "w"
        self.line_buffering = True
        self._buffer = ByteStream(self)

    def reconfigure(self, **changes: object) -> None:
        """Accept what scripts set here: encoding and buffering are already what they ask for."""

    @property
    def encoding(self) -> str:  # type: ignore[override]
        """Text only; bytes written to `buffer` are read as UTF-8."""
        return "utf-8"

    @property
    def errors(self) -> str:  # type: ignore[override]
        """What cannot be encoded is replaced."""
        return "replace"

    @property
    def buffer(self) -> ByteStream:
        """For code that writes bytes."""
        return self._buffer

    def writable(self) -> bool:
        """Always."""
        return True

    def fileno(self) -> int:
        """The native stream's descriptor, for subprocesses."""
        return self._native

    def close(self) -> None:
        """Do nothing: later cells print too."""

    def write(self, text: str, /) -> int:
        """Show `text` at once, in pieces where it is long."""
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        if not self._outlet.is_ours:
            with suppress(OSError):
                os.write(self._native, text.encode("utf-8", "replace"))
            return len(text)
        for start in range(0, len(text), PIECE_CHARACTERS):
            self._outlet.show(StreamOutput(name=self.name, text=str(text[start : start + PIECE_CHARACTERS])))
        return len(text)


class ByteStream(io.RawIOBase):
    """The `buffer` of a `Stream`."""

    def __init__(self, stream: Stream) -> None:
        super().__init__()
        self._stream = stream
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    def writable(self) -> bool:
        """Always."""
        return True

    def fileno(self) -> int:
        """The native stream's descriptor."""
        return self._stream.fileno()

    def close(self) -> None:
        """Do nothing: later cells print too."""

    def write(self, data: Any, /) -> int:
        """Show `data` as UTF-8."""
        raw = bytes(data)
        self._stream.write(self._decoder.decode(raw))
        return len(raw)


class CellDisplayHook(DisplayHook):
    """Sends the value of a cell's last expression as a MIME bundle."""

    shell: LessonShell

    def write_output_prompt(self) -> None:
        """Print no `Out[n]:`; the count is sent with the bundle."""

    def write_format_data(self, format_dict: Mapping[str, object], md_dict: object = None) -> None:
        """Send the bundle."""
        del md_dict
        display_id = self.shell.widgets.display_id_of(format_dict, None)
        data = self.shell.widgets.draw(display_id, read_bundle(format_dict))
        self.shell.outlet.show(DisplayOutput(data=data, execution_count=self.prompt_count, display_id=display_id))

    def finish_displayhook(self) -> None:
        """Nothing is buffered."""
        self._is_active = False


class CellDisplayPublisher(DisplayPublisher):
    """Sends what `display`, `update_display` and `clear_output` show."""

    shell: LessonShell

    def publish(
        self,
        data: Mapping[str, object],
        metadata: object = None,
        source: object = None,
        *,
        transient: Mapping[str, object] | None = None,
        update: object = False,
        **more: object,
    ) -> None:
        """Show a MIME bundle, or with `update` replace one shown earlier under the same display id."""
        del metadata, source, more
        asked = (transient or {}).get("display_id")
        display_id = self.shell.widgets.display_id_of(data, None if asked is None else str(asked))
        bundle = self.shell.widgets.draw(display_id, read_bundle(data))
        if update and display_id is not None:
            self.shell.outlet.show(UpdateDisplay(display_id=display_id, data=bundle))
        else:
            self.shell.outlet.show(DisplayOutput(data=bundle, display_id=display_id))

    def clear_output(self, wait: bool = False) -> None:  # noqa: FBT001, FBT002  IPython's own signature
        """Take away what the cell has shown so far."""
        self.shell.outlet.show(ClearOutput(wait=bool(wait)))


def read_bundle(data: Mapping[str, object]) -> dict[str, str]:
    """A MIME bundle as nbformat stores it: text, base64 for bytes, JSON for anything else; monsters are only named."""
    bundle = {str(mime): _read_entry(entry) for mime, entry in data.items()}
    for mime, entry in list(bundle.items()):
        if len(entry) > ENTRY_CHARACTERS:
            del bundle[mime]
            bundle["text/plain"] = f"(a {mime} of {len(entry):,} characters, too large to be shown)"
    return bundle


def _read_entry(entry: object) -> str:
    if isinstance(entry, str):
        return str(entry)
    if isinstance(entry, bytes):
        return base64.b64encode(entry).decode("ascii")
    return json.dumps(entry, default=repr)
