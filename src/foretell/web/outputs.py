"""Outputs of a run -> HTML.

Enters: `model.run` outputs, written by a learner's process and trusted with nothing. Leaves: HTML in which text is
escaped, pictures are data of an `<img>`, and HTML of the learner's stands behind a sandboxed frame's address.
Invariant: no markup of the learner's ever joins the page.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass

from markupsafe import Markup

from foretell.model.run import (
    DisplayOutput,
    ErrorOutput,
    Failure,
    Output,
    StreamOutput,
)
from foretell.web.markup import highlighted, markdown_html

_ESCAPE_CODES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_])")
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_MOVES = re.compile("[\r\b\x1b]")
_MOST_LINES = 12
_PICTURES = ("image/png", "image/jpeg", "image/gif", "image/webp")
_JSON = "application/json"
_MOST_JSON_CHARACTERS = 200_000


def plain_text(text: str) -> str:
    """Give terminal text as a person would see it: no colour codes, carriage returns and backspaces carried out."""
    text = _ESCAPE_CODES.sub("", text).replace("\r\n", "\n")
    while "\b" in text:
        shorter = re.sub(r"[^\n\r\b]\x08|^\x08|(?<=\n)\x08", "", text)
        text = shorter if shorter != text else text.replace("\b", "")
    lines = [_overwritten(line) if "\r" in line else line for line in text.split("\n")]
    return _CONTROLS.sub("\N{REPLACEMENT CHARACTER}", "\n".join(lines))


def text_of(outputs: Iterable[Output]) -> str:
    """Give what a run showed as plain text of at most a dozen lines; pictures have none."""
    pieces: list[str] = []
    for output in outputs:
        match output:
            case StreamOutput(text=text):
                pieces.append(text)
            case DisplayOutput(data=data) if _JSON in data and "text/html" not in data:
                pieces.append(f"{pretty_json(data[_JSON])}\n")
            case DisplayOutput(data={"text/plain": str(text)}):
                pieces.append(f"{text}\n")
            case ErrorOutput(name=name, value=value):
                pieces.append(f"{name}: {value}\n")
    lines = plain_text("".join(pieces)).strip("\n").split("\n")
    return "\n".join([*lines[:_MOST_LINES], "…"] if len(lines) > _MOST_LINES else lines)


def _overwritten(line: str) -> str:
    shown = ""
    for part in line.split("\r"):
        shown = part + shown[len(part) :]
    return shown


@dataclass(frozen=True, slots=True, kw_only=True)
class Printed:
    """What a piece of a stream changes: `text` is added to what stands there, or (`is_whole`) takes its place."""

    text: str
    is_whole: bool


class Transcript:
    """The text of one stream as a page shows it while it grows; only its open line can still change."""

    def __init__(self) -> None:
        self._settled = ""
        self._line = ""
        self._shown = ""

    def add(self, piece: str) -> Printed:
        """Take in the next piece."""
        if self._line == self._shown and not _MOVES.search(piece):
            added = plain_text(piece)
            self._keep(self._shown + added, self._shown + added)
            return Printed(text=added, is_whole=False)
        settled, before, line = self._settled, self._shown, self._line + piece
        shown = plain_text(line)
        self._keep(line, shown)
        if shown.startswith(before):
            return Printed(text=shown[len(before) :], is_whole=False)
        return Printed(text=settled + shown, is_whole=True)

    def _keep(self, line: str, shown: str) -> None:
        """Settle what stands before the open line."""
        *_, self._line = line.rpartition("\n")
        head, newline, self._shown = shown.rpartition("\n")
        self._settled += head + newline


def outputs_html(outputs: Iterable[Output], frames: str, failure: Failure | None = None) -> Markup:
    """Give all outputs of a run; `frames` is the address under which its HTML outputs are served by ordinal."""
    shown = tuple(outputs)
    errors = [place for place, output in enumerate(shown) if isinstance(output, ErrorOutput)]
    return Markup("").join(
        output_html(output, f"{frames}/{place}", place, failure if place in errors[-1:] else None)
        for place, output in enumerate(shown)
    )


def output_html(output: Output, frame: str, place: int, failure: Failure | None = None) -> Markup:
    """Give one output; `frame` is the address of its HTML document, should it have one.

    `failure` is how the run failed, where this output is the traceback of that.
    """
    match output:
        case StreamOutput():
            return Markup('<pre class="out-stream" data-stream="{}">{}</pre>').format(
                output.name, plain_text(output.text)
            )
        case ErrorOutput():
            return _error_html(output, failure)
        case DisplayOutput():
            kind = " out-result" if output.execution_count is not None else ""
            return Markup('<div class="out-display{}" data-display="{}">{}</div>').format(
                kind, output.display_id or "", bundle_html(output.data, frame, place)
            )


def bundle_html(data: dict[str, str], frame: str, place: int) -> Markup:
    """Give the richest form of a MIME bundle that this page can show safely."""
    alt = f"Output {place + 1} of this cell, a picture"
    if "text/html" in data:
        return Markup(
            '<iframe class="frame" sandbox="allow-scripts" src="{}" title="HTML output" loading="lazy"></iframe>'
        ).format(frame)
    if "image/svg+xml" in data:
        encoded = base64.b64encode(data["image/svg+xml"].encode("utf-8", "replace")).decode()
        return Markup('<img class="picture" alt="{}" src="data:image/svg+xml;base64,{}">').format(alt, encoded)
    for mime in _PICTURES:
        if mime in data:
            return Markup('<img class="picture" alt="{}" src="data:{};base64,{}">').format(
                alt, mime, re.sub(r"\s", "", data[mime])
            )
    if "text/latex" in data:
        tex = data["text/latex"].strip()
        return Markup('<span class="math block">{}</span>').format(tex.strip("$"))
    if "text/markdown" in data:
        return Markup('<div class="prose">{}</div>').format(markdown_html(data["text/markdown"]))
    if _JSON in data:
        return Markup('<pre class="out-text">{}</pre>').format(plain_text(pretty_json(data[_JSON])))
    text = data.get("text/plain") or f"[no text form of {', '.join(sorted(data)) or 'this output'}]"
    return Markup('<pre class="out-text">{}</pre>').format(plain_text(text))


def pretty_json(text: str) -> str:
    """Give JSON a value a line; as it came where it cannot be read, or would become very long."""
    pieces: list[str] = []
    length = 0
    try:
        for piece in json.JSONEncoder(indent=2, ensure_ascii=False).iterencode(json.loads(text)):
            pieces.append(piece)
            length += len(piece)
            if length > _MOST_JSON_CHARACTERS:
                return text
    except (ValueError, RecursionError):
        return text
    return "".join(pieces)


def _error_html(output: ErrorOutput, failure: Failure | None) -> Markup:
    last = f"{output.name}: {output.value}" if output.value else output.name
    told, where = Markup(""), Markup("")
    if failure is not None and failure.kind == output.name and failure.message not in {"", output.value}:
        # A limit in words; what Python itself says of it is of little help.
        told = Markup('<p class="out-error-told">{}</p>').format(plain_text(failure.message))
    if failure is not None and failure.line is not None:
        where = Markup('<p class="out-error-line">in line {} of this cell</p>').format(failure.line)
    return Markup(
        '<div class="out-error">{}<p class="out-error-last">{}</p>{}'
        '<details class="out-trace"><summary>Full traceback</summary>{}</details></div>'
    ).format(told, plain_text(last), where, highlighted(plain_text("\n".join(output.lines)), "pytb"))


def frame_document(html: str) -> str:
    """Give the document of a sandboxed frame: the learner's HTML, and a script that says how tall it is."""
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>HTML output</title>'
        "<style>body{margin:0;font:13px/1.5 system-ui,sans-serif;color:#1b222d;background:#fff;overflow-x:auto}"
        "table{border:0;border-collapse:collapse}"
        "td,th{padding:2px 8px;text-align:right;border:0;border-bottom:1px solid #ddd}</style>"
        f"<body>{html}"
        "<script>{const all=document.documentElement,say=()=>{"
        # Content shorter than the frame has no scroll height of its own; a scroll bar below it takes room as well.
        "const tall=all.scrollHeight>all.clientHeight?all.scrollHeight:all.getBoundingClientRect().height;"
        "parent.postMessage({foretellHeight:tall+innerHeight-all.clientHeight},'*')};"
        "new ResizeObserver(say).observe(all);say()}</script></body></html>"
    )
