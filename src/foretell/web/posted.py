"""A checked POST: who asks for what, and how it is answered.

Enters: what `app` has checked. Leaves: form fields, and drawn cells, sections and pages. Invariant: a drawing is of
what is on record when it is asked for.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from starlette.datastructures import FormData
from starlette.responses import JSONResponse, RedirectResponse, Response

from foretell.drawn import Present
from foretell.errors import UsageError
from foretell.model.lesson import CodeCell
from foretell.web.cells import cell_view
from foretell.web.desk import Desk
from foretell.web.drawing import draw_cell, draw_outline, draw_page, draw_section
from foretell.web.ledgers import Refused
from foretell.web.pages import changed_views, lesson_page, outline_view, section_views
from foretell.web.player import Player
from foretell.web.views import Chrome, SectionView


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What a page has to put in place: drawn cells by id, drawn sections by key, and the sidebar."""

    cells: dict[str, str]
    sections: dict[str, str]
    outline: str

    def told(self, announce: str) -> dict[str, object]:
        """Give them as the page's scripts take them, with a sentence to be announced."""
        return {"cells": self.cells, "sections": self.sections, "outline": self.outline, "announce": announce}


@dataclass(frozen=True, slots=True, kw_only=True)
class Posted:
    """A checked POST: who plays what, as it was when the POST came, the form, whether one of our scripts asked."""

    desk: Desk
    player: Player
    now: Present
    form: FormData
    chrome: Chrome
    cell: str
    wants_fragment: bool

    def text(self, name: str) -> str:
        """Give a form field as text, "" where it is absent."""
        value = self.form.get(name, "")
        return value if isinstance(value, str) else ""

    @property
    def key(self) -> str:
        """The client's key of this action; UsageError where the form has none."""
        key = self.text("key")
        if not 8 <= len(key) <= 64:
            raise UsageError("The page sent no key for this action; reload it and try again.")
        return key

    @property
    def code(self) -> CodeCell:
        """The cell that is meant; UsageError where the lesson has none such."""
        found = self.now.lesson.code_cell(self.cell)
        if found is None:
            raise UsageError(f"This lesson has no code cell '{self.cell}'; reload the page.")
        return found

    @property
    def home(self) -> str:
        """Where a plain form returns to."""
        return f"/l/{self.player.lesson.id}" + (f"#cell-{self.cell}" if self.cell else "")

    def reply(self, data: dict[str, object], status: int = 200) -> Response:
        """Answer a script with JSON and a plain form with the page."""
        return JSONResponse(data, status) if self.wants_fragment else RedirectResponse(self.home, 303)

    async def cell_html(self, refused: Refused | None = None) -> str:
        """Draw the cell as it is now."""
        return await asyncio.to_thread(self._draw_cell, refused)

    def _draw_cell(self, refused: Refused | None) -> str:
        scene = self.desk.scene(self.player, {self.cell: refused} if refused else None)
        return draw_cell(cell_view(scene, scene.now.code_cell(self.code)), self.chrome, self.player.lesson.id)

    def page_html(self, refused: Refused) -> str:
        """Draw the whole page with a form that came back."""
        return draw_page(lesson_page(self.desk.scene(self.player, {self.cell: refused}), self.chrome))

    def sections(self) -> tuple[SectionView, ...]:
        """Give every section as it is now."""
        return tuple(section_views(self.desk.scene(self.player)))

    def changes(self, before: tuple[SectionView, ...]) -> Changes:
        """Draw what differs from `before`, and the sidebar."""
        scene = self.desk.scene(self.player)
        cells, sections = changed_views(before, tuple(section_views(scene)))
        lesson = self.player.lesson.id
        return Changes(
            cells={cell.id: draw_cell(cell, self.chrome, lesson) for cell in cells},
            sections={section.key: draw_section(section, self.chrome, lesson) for section in sections},
            outline=draw_outline(outline_view(scene), self.chrome, lesson),
        )
