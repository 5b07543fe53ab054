"""What a lesson's author says of limits, over what the door gives."""

from __future__ import annotations

from dataclasses import fields, replace

from hypothesis import given
from hypothesis import strategies as st

from foretell.model.lesson import LessonLimits
from foretell.runtime.limits import Limits, limits_for
from lessons_for_tests import lesson_of, plain_cell

LESSON = lesson_of(plain_cell("c"))
DOOR = Limits(wall_seconds=60, cpu_seconds=60, memory_bytes=1 << 30)


def limits_of(door: Limits, **said: float) -> Limits:
    return limits_for(door, replace(LESSON, limits=LessonLimits(**said)))


def test_a_lesson_that_says_nothing_has_the_limits_of_its_door():
    assert limits_of(DOOR) == DOOR
    assert limits_of(Limits()) == Limits()


def test_a_lesson_may_raise_and_lower_every_limit_in_its_own_units():
    assert limits_of(DOOR, memory_mb=2048).memory_bytes == 2 << 30
    assert limits_of(DOOR, memory_mb=512).memory_bytes == 512 << 20
    assert limits_of(DOOR, output_kb=3).output_bytes == 3 << 10
    assert limits_of(DOOR, file_mb=3, picture_mb=2) == replace(DOOR, file_bytes=3 << 20, picture_bytes=2 << 20)
    said = {"processes": 3, "open_files": 40, "picture_pixels": 99}
    assert limits_of(DOOR, **said) == replace(DOOR, **said)


def test_more_wall_time_brings_as_much_cpu_time_unless_the_lesson_says_otherwise():
    assert limits_of(DOOR, wall_seconds=200.5).cpu_seconds == 201
    assert limits_of(DOOR, wall_seconds=10).cpu_seconds == 60
    assert limits_of(DOOR, wall_seconds=200, cpu_seconds=5).cpu_seconds == 5
    assert limits_of(Limits(), wall_seconds=200).cpu_seconds is None


@given(st.fixed_dictionaries({}, optional={field.name: st.integers(1, 1000) for field in fields(LessonLimits)}))
def test_what_is_said_counts_and_nothing_else_is_changed(said):
    limits = limits_of(DOOR, **said)
    units = {"memory_mb": 1 << 20, "file_mb": 1 << 20, "output_kb": 1 << 10, "picture_mb": 1 << 20}
    for name, amount in said.items():
        ours = name.replace("_mb", "_bytes").replace("_kb", "_bytes")
        assert getattr(limits, ours) == amount * units.get(name, 1)
    assert limits.outputs_per_second == DOOR.outputs_per_second
