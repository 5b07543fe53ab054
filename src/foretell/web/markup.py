"""Text -> safe HTML: an author's Markdown, and Python source with highlighting.

Enters: Markdown or source from a notebook, trusted no more than a stranger's. Leaves: HTML without scripts, styles,
handlers or addresses outside http(s), mailto and this page. Invariant: only nh3 decides what is let through.
"""

from __future__ import annotations

import html
import re
from functools import lru_cache

import nh3
from markdown_it import MarkdownIt
from markupsafe import Markup
from mdit_py_plugins.dollarmath import dollarmath_plugin
from mdit_py_plugins.footnote import footnote_plugin
from mdit_py_plugins.tasklists import tasklists_plugin
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_by_name
from pygments.util import ClassNotFound

# A press draws the lesson twice, and every learner of a class sees the same one. What learners print goes through here
# too, so that what is remembered is bounded by length and not by number alone.
_MOST_REMEMBERED = 1024
_LONGEST_REMEMBERED = 6_000

_TAGS = nh3.ALLOWED_TAGS | {"input", "section"}
_ATTRIBUTES = {
    **nh3.ALLOWED_ATTRIBUTES,
    "span": {"class"},
    "div": {"class"},
    "pre": {"class", "tabindex", "role", "aria-label"},
    "code": {"class"},
    "input": {"checked", "class"},
    "section": {"class"},
    "details": {"open"},
    "img": {"src", "alt", "title", "width", "height"},
}


def _highlight(code: str, language: str, _attrs: str) -> str:
    return str(highlighted(code, language or "text"))


def _maths(text: str, options: dict[str, object]) -> str:
    kind = "block" if options.get("display_mode") else "inline"
    return f'<span class="math {kind}">{html.escape(text)}</span>'


@lru_cache(maxsize=1)
def _reader() -> MarkdownIt:
    reader = MarkdownIt("commonmark", {"html": True, "linkify": False, "highlight": _highlight})
    reader.enable(["table", "strikethrough"])
    reader.use(dollarmath_plugin, allow_digits=False, renderer=_maths).use(footnote_plugin).use(tasklists_plugin)
    return reader


def markdown_html(text: str) -> Markup:
    """Render Markdown, raw HTML and dollar maths included, as safe HTML."""
    return _remembered_html(text) if len(text) <= _LONGEST_REMEMBERED else _markdown_html(text)


@lru_cache(maxsize=_MOST_REMEMBERED)
def _remembered_html(text: str) -> Markup:
    return _markdown_html(text)


def _markdown_html(text: str) -> Markup:
    dirty = _reader().render(text)
    clean = nh3.clean(
        dirty,
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        url_schemes={"http", "https", "mailto", "data"},
        set_tag_attribute_values={
            "input": {"type": "checkbox", "disabled": ""}
        },  # a task list's boxes, nothing to fill in
        attribute_filter=_only_picture_data,
        link_rel="noopener noreferrer",
    )
    return Markup(clean)  # noqa: S704  nh3 has just cleaned it


def _only_picture_data(tag: str, attribute: str, value: str) -> str | None:
    if attribute in {"src", "href"} and value.lower().lstrip().startswith("data:"):
        return value if tag == "img" and re.match(r"data:image/(png|jpeg|gif|webp);base64,", value) else None
    return value


def inline_html(text: str) -> Markup:
    """Render one line of Markdown without its paragraph."""
    rendered = markdown_html(text).strip()
    if rendered.startswith("<p>") and rendered.endswith("</p>") and rendered.count("<p>") == 1:
        return Markup(rendered[3:-4])  # noqa: S704  a part of cleaned HTML
    return Markup(rendered)  # noqa: S704  cleaned HTML


def highlighted(code: str, language: str = "python") -> Markup:
    """Give source as a `<pre class="code">` of `<span class="line">`, with Pygments' short classes."""
    return _remembered_code(code, language) if len(code) <= _LONGEST_REMEMBERED else _highlighted(code, language)


@lru_cache(maxsize=_MOST_REMEMBERED)
def _remembered_code(code: str, language: str) -> Markup:
    return _highlighted(code, language)


def _highlighted(code: str, language: str) -> Markup:
    try:
        lexer = get_lexer_by_name(language, stripnl=False, ensurenl=False)
    except ClassNotFound:
        lexer = get_lexer_by_name("text", stripnl=False, ensurenl=False)
    lines = highlight(code, lexer, HtmlFormatter(nowrap=True)).rstrip("\n").split("\n")
    body = "\n".join(f'<span class="line">{line}</span>' for line in lines)
    return Markup(f'<pre class="code" tabindex="0" role="group" aria-label="Code">{body}</pre>')  # noqa: S704
