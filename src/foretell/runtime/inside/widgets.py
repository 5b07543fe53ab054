"""Widgets where there is no front end to draw them: their text, kept up to date, and what is shown inside `Output`.

Enters: messages of ipywidgets to a front end, and outputs made while an `Output` is entered. Leaves: displays and
updates of displays. Invariant: all of it is about the cell that runs; nothing waits for an answer of a front end.
"""

from __future__ import annotations

import html
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from IPython.lib.pretty import pretty

from foretell.model.run import DisplayOutput, ErrorOutput, Output, StreamOutput, UpdateDisplay
from foretell.runtime.outputs import Outputs

if TYPE_CHECKING:
    from foretell.runtime.inside.capture import Outlet
    from foretell.runtime.messages import Shown

VIEW = "application/vnd.jupyter.widget-view+json"
TEXT_CHARACTERS = 200
REFRESH_SECONDS = 0.1
PICTURES = ("image/png", "image/jpeg", "image/gif", "image/webp")


class Widgets:
    """The widgets that the running cell has displayed."""

    def __init__(self, outlet: Outlet) -> None:
        self._outlet = outlet
        self._displayed: dict[str, Any] = {}
        self._drawn: dict[str, dict[str, str]] = {}
        self._regions: dict[int, Outputs] = {}
        self._entered: list[Any] = []
        self._due = 0.0
        outlet.catch = self._catch

    def listen(self) -> None:
        """Be the front end of every widget made from now on, where ipywidgets is there at all."""
        with suppress(ImportError):
            import comm
            from comm.base_comm import BaseComm

            changed, enter = self._changed, self._enter_outputs

            class Comm(BaseComm):
                def publish_msg(self, *arguments: object, **named: object) -> None:
                    del arguments, named
                    changed()

            def create_comm(*arguments: Any, **named: Any) -> BaseComm:
                enter()
                return Comm(*arguments, **named)

            comm.create_comm = create_comm

    def display_id_of(self, data: Mapping[str, object], display_id: str | None) -> str | None:
        """The id under which a bundle is displayed; that of a widget is watched under it from now on."""
        view = data.get(VIEW)
        widget = _find(view.get("model_id")) if isinstance(view, dict) else None
        if widget is None:
            return display_id
        name = display_id or f"widget-{len(self._displayed) + 1}"
        self._displayed[name] = widget
        return name

    def draw(self, display_id: str | None, bundle: dict[str, str]) -> dict[str, str]:
        """What is shown for a bundle: that of a widget as it is now, any other unchanged."""
        if display_id is None or display_id not in self._displayed:
            return bundle
        drawn = self._drawn[display_id] = self._draw(self._displayed[display_id])
        return drawn

    def settle(self) -> None:
        """The cell is over: show every widget as it is now, then forget it."""
        self._refresh()
        self._displayed.clear()
        self._drawn.clear()
        self._regions.clear()
        self._entered.clear()

    def _changed(self) -> None:
        if self._displayed and time.monotonic() >= self._due:
            self._refresh()
            self._due = time.monotonic() + REFRESH_SECONDS

    def _refresh(self) -> None:
        for display_id, widget in self._displayed.items():
            drawn = self._draw(widget)
            if drawn != self._drawn.get(display_id):
                self._drawn[display_id] = drawn
                self._outlet.send(UpdateDisplay(display_id=display_id, data=drawn))

    def _draw(self, widget: Any) -> dict[str, str]:
        if getattr(widget, "comm", None) is None:
            return {"text/plain": ""}
        own = [] if _is_output(widget) else [StreamOutput(name="stdout", text=f"{_text_of(widget)}\n")]
        inside = [shown for output in _outputs_in(widget) for shown in self._region(output).finished()]
        return compose([*own, *inside])

    def _region(self, output: Any) -> Outputs:
        return self._regions.setdefault(id(output), Outputs())

    def _catch(self, shown: Shown) -> bool:
        """Take an output into the `Output` that is entered; false where there is none."""
        if not self._entered:
            return False
        self._region(self._entered[-1]).add(shown)
        self._changed()
        return True

    def _enter_outputs(self) -> None:
        """Know which `Output` is entered; ipywidgets itself knows it only in a Jupyter kernel."""
        module = sys.modules.get("ipywidgets.widgets.widget_output")
        kind = getattr(module, "Output", None)
        if kind is None or hasattr(kind, "_entered_here"):
            return
        kind._entered_here = True
        kind.__enter__ = _before(kind.__enter__, self._entered.append)
        kind.__exit__ = _after(kind.__exit__, self._leave)

    def _leave(self, output: Any) -> None:
        if output in self._entered:
            self._entered.remove(output)


def compose(outputs: Iterable[Output]) -> dict[str, str]:
    """One bundle of several outputs: as text where all of them are, else as HTML."""
    shown = list(outputs)
    if len(shown) == 1 and isinstance(shown[0], DisplayOutput):
        return shown[0].data
    bundle = {"text/plain": "".join(_plain(output) for output in shown).rstrip("\n")}
    if any(isinstance(output, DisplayOutput) and set(output.data) - {"text/plain"} for output in shown):
        bundle["text/html"] = "".join(_html(output) for output in shown)
    return bundle


def _plain(output: Output) -> str:
    match output:
        case StreamOutput(text=text):
            return text
        case DisplayOutput(data=data):
            return f"{data.get('text/plain', '')}\n"
        case ErrorOutput(lines=lines):
            return "\n".join([*lines, ""])


def _html(output: Output) -> str:
    data = output.data if isinstance(output, DisplayOutput) else {}
    if "text/html" in data:
        return data["text/html"]
    if "image/svg+xml" in data:
        return data["image/svg+xml"]
    for mime in PICTURES:
        if mime in data:
            return f'<img src="data:{mime};base64,{data[mime].strip()}">'
    return f"<pre>{html.escape(_plain(output))}</pre>"


def _before(method: Callable[[Any], Any], note: Callable[[Any], None]) -> Callable[[Any], Any]:
    def enter(output: Any) -> Any:
        note(output)
        return method(output)

    return enter


def _after(method: Callable[..., Any], note: Callable[[Any], None]) -> Callable[..., Any]:
    def leave(output: Any, *failure: Any) -> Any:
        try:
            return method(output, *failure)
        finally:
            note(output)

    return leave


def _find(model_id: object) -> Any:
    """The widget with this model; ipywidgets keeps them all by it."""
    return getattr(sys.modules.get("ipywidgets.widgets.widget"), "_instances", {}).get(model_id)


def _is_output(widget: Any) -> bool:
    return isinstance(widget, getattr(sys.modules.get("ipywidgets.widgets.widget_output"), "Output", ()))


def _outputs_in(widget: Any) -> list[Any]:
    """The `Output`s that a widget is or holds."""
    if _is_output(widget):
        return [widget]
    return [output for child in getattr(widget, "children", ()) for output in _outputs_in(child)]


def _text_of(widget: Any) -> str:
    text = type(widget).__name__
    with suppress(Exception):
        text = " ".join(pretty(widget, max_width=sys.maxsize).split("\n"))  # type: ignore[no-untyped-call]
    return text if len(text) <= TEXT_CHARACTERS else f"{text[: TEXT_CHARACTERS - 1]}…"
