"""Views -> HTML, through the templates beside this file.

Enters: views. Leaves: HTML. Invariant: autoescape is on, and views are all that a template is given.
"""

from __future__ import annotations

from functools import lru_cache
from uuid import uuid4

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from foretell.web.page_views import BeliefsPage, ErrorPage, HomePage, RecordedPage, ReportPage, ReviewPage
from foretell.web.views import CellView, Chrome, LessonPage, OutlineView, SectionView

Page = LessonPage | HomePage | ReportPage | ReviewPage | BeliefsPage | ErrorPage | RecordedPage

_TEMPLATES: dict[type[Page], str] = {
    LessonPage: "lesson.html",
    HomePage: "home.html",
    ReportPage: "report.html",
    ReviewPage: "review.html",
    BeliefsPage: "beliefs.html",
    ErrorPage: "error.html",
    RecordedPage: "recorded.html",
}


@lru_cache(maxsize=1)
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("foretell.web", "templates"),
        autoescape=select_autoescape(default=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals["fresh_key"] = lambda: uuid4().hex
    return environment


def draw_page(page: Page) -> str:
    """Draw a whole page."""
    return _environment().get_template(_TEMPLATES[type(page)]).render(page=page, chrome=page.chrome)


def draw_cell(cell: CellView, chrome: Chrome, lesson: str) -> Markup:
    """Draw everything of one cell."""
    return Markup(_environment().get_template("_cell.html").render(cell=cell, chrome=chrome, lesson=lesson))  # noqa: S704


def draw_section(section: SectionView, chrome: Chrome, lesson: str) -> Markup:
    """Draw a section with its cells."""
    drawn = _environment().get_template("_section.html").render(section=section, chrome=chrome, lesson=lesson)
    return Markup(drawn)  # noqa: S704


def draw_outline(outline: OutlineView, chrome: Chrome, lesson: str) -> Markup:
    """Draw the sidebar."""
    drawn = _environment().get_template("_outline.html").render(outline=outline, chrome=chrome, lesson=lesson)
    return Markup(drawn)  # noqa: S704
