"""What a task's table says of how its code is judged -> `Probing`.

Enters: the `[task.NAME]` table of an overlay. Leaves: `Probing`, without examples (they are files). Invariant: every
expression parses, every shape is a list of whole numbers.
"""

from __future__ import annotations

import keyword

from foretell.model.belief import Build, Given, Probing
from foretell.parse.python import is_expression
from foretell.parse.toml_tables import Table, is_whole

PROBING_KEYS = frozenset({"builds", "expressions", "says"})
BUILD_KEYS = frozenset({"make", "inputs", "given"})
BUILD_FORM = 'Write builds = [{ make = "Net()", inputs = [[5, 10]] }].'
GIVEN_FORM = 'Write given = { model = "nn.Linear(4, 6)", x = [5, 3] }.'


def read_probing(table: Table) -> Probing:
    """The probes of a task; none where the table says nothing of them."""
    raw = table.values.get("builds", [])
    if not isinstance(raw, list) or not all(isinstance(one, dict) for one in raw):
        raise table.fail("`builds` is not a list of tables", BUILD_FORM, "builds")
    line, name = table.line_of("builds"), f"builds of {table.name}"
    expressions = table.texts("expressions")
    for text in expressions:
        if not is_expression(text):
            fact = f"`expressions` holds what is no Python expression: {text!r}"
            raise table.fail(fact, "Write one expression a text.", "expressions")
    return Probing(
        builds=tuple(_read_build(table.inner(values, name, line)) for values in raw),
        expressions=tuple(text.strip() for text in expressions),
        says=" ".join(table.text_or("says", "").split()),
    )


def _read_build(table: Table) -> Build:
    table.check_keys(BUILD_KEYS)
    build = Build(make=table.expression("make"), inputs=_shapes(table), given=_given(table))
    if not build.inputs and not build.given:
        raise table.fail("a build has neither `inputs` nor `given`", BUILD_FORM, "builds")
    return build


def _shapes(table: Table) -> tuple[tuple[int, ...], ...]:
    raw = table.values.get("inputs", [])
    if not isinstance(raw, list) or not all(_is_shape(one) for one in raw):
        raise table.fail("`inputs` is not a list of shapes", "Write inputs = [[5, 10], [1, 10]].", "inputs")
    return tuple(tuple(one) for one in raw)


def _given(table: Table) -> tuple[Given, ...]:
    raw = table.values.get("given", {})
    if not isinstance(raw, dict):
        raise table.fail("`given` is not a table", GIVEN_FORM, "given")
    found: list[Given] = []
    for name, value in raw.items():
        if not name.isidentifier() or keyword.iskeyword(name):
            raise table.fail(f"`given` has {name!r}, which is no name", GIVEN_FORM, "given")
        if isinstance(value, str) and is_expression(value):
            found.append(Given(name=name, make=value.strip()))
        elif _is_shape(value):
            found.append(Given(name=name, shape=tuple(value)))
        else:
            raise table.fail(f"`{name}` is neither an expression nor a shape", GIVEN_FORM, name)
    return tuple(found)


def _is_shape(value: object) -> bool:
    return isinstance(value, list) and all(is_whole(size) and 0 <= size <= 1 << 20 for size in value)
