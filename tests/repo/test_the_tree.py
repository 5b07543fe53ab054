"""The rules of the house that a linter does not know."""

from __future__ import annotations

import ast
import re

import pytest
from tree import Module, modules, package

MOST_LINES = 400
MOST_FUNCTION_LINES = 40
SAY_NOTHING = {"utils", "util", "helpers", "helper", "common", "base", "misc", "manager", "core", "tools", "shared"}
# What DESIGN and docs/words.md have another word for. `Stop` and `error` mean two things and are left to readers.
OTHER_WORDS = re.compile(
    r"student|quiz|exemplar|stub|kernel|homework|assignment|grader|mutant|feedback|manager|helper|util", re.IGNORECASE
)


def ours() -> tuple[Module, ...]:
    """What is read most: the package with its migrations, and the bench."""
    return tuple(module for module in modules() if not module.path.startswith("tests/"))


@pytest.mark.parametrize("module", ours(), ids=lambda module: module.path)
def test_a_module_is_short_and_says_what_it_is(module):
    assert len(module.text.splitlines()) <= MOST_LINES
    assert module.doc


def test_no_module_has_a_name_that_says_nothing():
    names = {
        module.path: module.path.removesuffix("/__init__.py").removesuffix(".py").split("/") for module in modules()
    }
    assert [path for path, parts in names.items() if SAY_NOTHING & set(parts)] == []


@pytest.mark.parametrize("module", package(), ids=lambda module: module.path)
def test_a_module_says_what_enters_what_leaves_and_what_always_holds(module):
    if module.path.endswith(("__init__.py", "errors.py", "linux.py")):
        assert module.doc
        return
    assert "Enters" in module.doc
    assert "eaves:" in module.doc or "Enters and leaves" in module.doc
    assert "nvariant:" in module.doc or module.path.endswith("outline.py")


def test_functions_stay_on_one_page():
    long = [
        f"{module.path}:{node.name}"
        for module in package()
        for node in module.definitions()
        if not isinstance(node, ast.ClassDef) and (node.end_lineno or 0) - node.lineno >= MOST_FUNCTION_LINES
    ]
    assert long == []


def test_names_use_the_words_of_the_house():
    others = [
        f"{module.path}:{node.name}"
        for module in package()
        for node in module.definitions()
        if OTHER_WORDS.search(node.name)
    ]
    assert others == []


def test_a_class_inherits_from_exceptions_enums_and_what_a_library_demands_only():
    ours = {node.name for module in package() for node in module.definitions() if isinstance(node, ast.ClassDef)}
    heirs = {
        f"{node.name} of {parent.id}"
        for module in package()
        if not module.path.endswith("errors.py")
        for node in module.definitions()
        if isinstance(node, ast.ClassDef)
        for parent in node.bases
        if isinstance(parent, ast.Name) and parent.id in ours
    }
    assert heirs <= {"Name of Words"}, "one column type is a shorter other; else use a function or a field"


def test_every_silenced_rule_says_which_and_a_type_is_never_ignored_at_large():
    at_large = re.compile(r"#\s*(?:noqa(?!: [A-Z]+\d+)|type: ignore(?!\[))")
    found = [
        f"{module.path}: {line.strip()}"
        for module in ours()
        for line in module.text.splitlines()
        if at_large.search(line) and "re.compile" not in line
    ]
    assert found == []


def test_everything_is_caught_only_at_the_borders():
    inside = {f"runtime/inside/{name}.py" for name in ("worker", "root", "lookup", "measure", "examine", "examples")}
    borders = inside | {"runtime/observe.py", "web/player.py", "authoring/check.py"}
    broad = {
        module.path.removeprefix("src/foretell/")
        for module in package()
        for node in ast.walk(module.tree)
        if isinstance(node, ast.ExceptHandler) and _swallows_all(node)
    }
    assert broad <= borders


def _swallows_all(node: ast.ExceptHandler) -> bool:
    names = {"Exception", "BaseException"}
    is_broad = node.type is None or (isinstance(node.type, ast.Name) and node.type.id in names)
    return is_broad and not isinstance(node.body[-1], ast.Raise)
