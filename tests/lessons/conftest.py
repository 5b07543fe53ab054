"""The lesson that ships, as the product reads it."""

from __future__ import annotations

import pytest

from foretell.library import open_lesson
from foretell.model.lesson import Lesson


@pytest.fixture(scope="session")
def lesson() -> Lesson:
    return open_lesson("nn-module").lesson
