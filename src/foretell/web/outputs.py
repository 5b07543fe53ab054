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
from html import unescape

from markupsafe import Markup, escape

from foretell.model.run import (
    DisplayOutput,
    ErrorOutput,
    Failure,
    Output,
    StreamOutput,
)
from foretell.web.markup import highlighted, markdown_html

# Every length is bounded and no piece is read twice, so that text made to be slow is not.
_CODE = r"\x1b(?:\[(?P<counts>[0-?]{0,64})[ -/]{0,8}(?P<order>[@-~])|\][^\x07\x1b]{0,1000}(?:\x07|\x1b\\)?|[@-Z\\-_])"
_PIECES = re.compile(rf"(?P<code>{_CODE})|[\n\r\b\x1b]|[^\n\r\b\x1b]+")
_UNFINISHED = re.compile(r"\x1b(?:\[[0-?]{0,64}[ -/]{0,8}|\][^\x07\x1b]{0,1000}\x1b?)?\Z")
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_MOVES = re.compile("[\r\b\x1b]")
_ROWS = 24
_MOST_LINES = 12
_MATHS = re.compile(
    r"\\[$(\[]|\$\$?|\\begin\{(?P<environment>(?:align|alignat|cases|equation|gather|multline|[bpvBV]?matrix)\*?)\}"
)
_MATHS_ENDS = {"$$": r"\$\$", "$": r"(?<!\\)\$", "\\(": r"\\\)", "\\[": r"\\\]"}
_FRAME = re.compile(r"<iframe\b[^<>]*+>(?:\s*</iframe\s*>)?", re.IGNORECASE)
_FRAME_ADDRESS = re.compile(r"\ssrc\s*=\s*[\"']?((?:https?:)?//[^\s\"'<>]+)", re.IGNORECASE)
_PICTURES = ("image/png", "image/jpeg", "image/gif", "image/webp")
_JSON = "application/json"
_MOST_JSON_CHARACTERS = 200_000
_MOST_MARKDOWN_CHARACTERS = 6_000
_MOST_TRACEBACK_CHARACTERS = 20_000


def plain_text(text: str) -> str:
    """Give terminal text as a person would see it: no colour codes, movements of the cursor carried out."""
    if not _MOVES.search(text):
        return _readable(text)
    screen = _Screen()
    screen.feed(text)
    return screen.text


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


def _readable(text: str) -> str:
    return _CONTROLS.sub("\N{REPLACEMENT CHARACTER}", text)


class _Screen:
    """Text as a terminal shows it that knows carriage returns, backspaces, cursor up and the erasing of a line.

    The cursor reaches the last `_ROWS` rows; those above are settled.
    """

    def __init__(self) -> None:
        self._settled: list[str] = []
        self._rows: list[list[str]] = [[]]
        self._row = self._column = 0
        self._unfinished = ""
        self._added: list[str] = []
        self._is_rewritten = False

    @property
    def text(self) -> str:
        """What is seen."""
        return "\n".join([*self._settled, *("".join(row) for row in self._rows)])

    def feed(self, text: str) -> str | None:
        """Take in what comes next; give what it has added at the end, None where it has changed more than that."""
        self._added, self._is_rewritten = [], False
        text = self._unfinished + text
        cut = _UNFINISHED.search(text)
        self._unfinished = cut[0] if cut else ""
        for piece in _PIECES.finditer(text, 0, len(text) - len(self._unfinished)):
            if piece["code"]:
                self._obey(piece["order"], piece["counts"] or "")
            elif piece[0] == "\n":
                self._go_down()
            elif piece[0] == "\r":
                self._column = 0
            elif piece[0] == "\b":
                self._go_back()
            else:
                self._write(_readable(piece[0]))
        return None if self._is_rewritten else "".join(self._added)

    def _write(self, text: str) -> None:
        row, end = self._rows[self._row], self._column + len(text)
        if self._column == len(row) and self._row == len(self._rows) - 1:
            self._added.append(text)
        else:
            self._is_rewritten = True
        row[self._column : end] = text
        self._column = end

    def _go_down(self) -> None:
        self._row += 1
        self._column = 0
        if self._row == len(self._rows):
            self._rows.append([])
            self._added.append("\n")
        if len(self._rows) > _ROWS:
            self._settled.append("".join(self._rows.pop(0)))
            self._row -= 1

    def _go_back(self) -> None:
        if self._column:
            self._column -= 1
            if self._column == len(self._rows[self._row]) - 1:
                self._rows[self._row].pop()
                self._is_rewritten = True

    def _obey(self, order: str | None, counts: str) -> None:
        row = self._rows[self._row]
        if order == "A":
            self._row = max(0, self._row - int(counts[:3] if counts[:3].isdecimal() else 1))
            self._column = min(self._column, len(self._rows[self._row]))
        elif order == "K" and counts in {"", "0", "2"}:
            self._column = 0 if counts == "2" else self._column
            self._is_rewritten = self._is_rewritten or len(row) > self._column
            del row[self._column :]


@dataclass(frozen=True, slots=True, kw_only=True)
class Printed:
    """What a piece of a stream changes: `text` is added to what stands there, or (`is_whole`) takes its place."""

    text: str
    is_whole: bool


class Transcript:
    """The text of one stream as a page shows it while it grows."""

    def __init__(self) -> None:
        self._screen = _Screen()

    def add(self, piece: str) -> Printed:
        """Take in the next piece."""
        added = self._screen.feed(piece)
        if added is None:
            return Printed(text=self._screen.text, is_whole=True)
        return Printed(text=added, is_whole=False)


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
        return Markup('<div class="prose">{}</div>').format(latex_html(data["text/latex"].strip()))
    if "text/markdown" in data:
        return _prose(data["text/markdown"])
    if _JSON in data:
        return Markup('<pre class="out-text">{}</pre>').format(plain_text(pretty_json(data[_JSON])))
    text = data.get("text/plain") or f"[no text form of {', '.join(sorted(data)) or 'this output'}]"
    return Markup('<pre class="out-text">{}</pre>').format(plain_text(text))


def latex_html(text: str) -> Markup:
    """Give text with maths between dollars, LaTeX's own marks, or in an environment; all else in it is only text."""
    pieces: list[Markup] = []
    place = looked = 0
    unclosed: set[str] = set()
    while (mark := _MATHS.search(text, looked)) is not None:
        kind, environment, looked = mark[0], mark["environment"], mark.end()
        end = re.escape(f"\\end{{{environment}}}") if environment else _MATHS_ENDS.get(kind)
        closing = re.compile(end).search(text, looked) if end and kind not in unclosed else None
        if closing is None:
            unclosed.add(kind)
            continue
        inside = slice(mark.start(), closing.end()) if environment else slice(looked, closing.start())
        kept = "inline" if kind in {"$", "\\("} else "block"
        pieces.append(escape(text[place : mark.start()]))
        pieces.append(Markup('<span class="math {}">{}</span>').format(kept, text[inside]))
        place = looked = closing.end()
    return Markup("").join([*pieces, escape(text[place:])])


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
    ).format(told, plain_text(last), where, _traceback(plain_text("\n".join(output.lines))))


def frame_document(html: str) -> str:
    """Give the document of a sandboxed frame: the learner's HTML, and a script that says how tall it is.

    The frame's policy loads nothing, so a frame in it would stay blank without a word.
    """
    html = _FRAME.sub(_tell_frame, html)
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


def _tell_frame(frame: re.Match[str]) -> str:
    address = _FRAME_ADDRESS.search(frame[0])
    if address is None:
        return frame[0]
    return f"<p>(Frames of other sites are not shown: {escape(unescape(address[1]))})</p>"


def _prose(text: str) -> Markup:
    """Give a learner's Markdown; as it is written where it is long, for some of it takes the square of its length."""
    drawn = markdown_html(text) if len(text) <= _MOST_MARKDOWN_CHARACTERS else Markup("<pre>{}</pre>").format(text)
    return Markup('<div class="prose">{}</div>').format(drawn)


def _traceback(text: str) -> Markup:
    """Give a traceback with its colours, without them where it is long."""
    return highlighted(text, "pytb") if len(text) <= _MOST_TRACEBACK_CHARACTERS else escape(text)
