"""What the documents say of the tree is so, and what is in the tree is in the documents."""

from __future__ import annotations

import inspect
import re
import tomllib

from tree import PACKAGE, ROOT, package, text_of
from typer.main import get_command

from foretell import errors
from foretell.cli import app

TICKED = re.compile(r"`([^`\n]+)`")


def rooms() -> set[str]:
    """The first level of the tree, as ARCHITECTURE names it."""
    files = {path.name for path in PACKAGE.glob("*.py")} - {"__init__.py"}
    folders = {f"{path.parent.name}/" for path in PACKAGE.glob("*/__init__.py")}
    return files | folders


def test_the_architecture_names_every_room_and_no_other():
    table = "\n".join(line for line in text_of("ARCHITECTURE.md").splitlines() if line.startswith("|"))
    named = {name for name in TICKED.findall(table) if name.endswith((".py", "/"))}
    assert named == rooms()


def test_the_layers_in_the_architecture_are_the_ones_the_linter_keeps():
    contract = tomllib.loads(text_of("pyproject.toml"))["tool"]["importlinter"]["contracts"][0]
    kept = [
        {room.strip().removeprefix("foretell.") for room in re.split(r"[:|]", layer)} for layer in contract["layers"]
    ]
    line = next(line for line in text_of("ARCHITECTURE.md").splitlines() if line.strip().startswith("cli >"))
    said = [{room.strip() for room in layer.split("|")} for layer in line.split(">")]
    assert said == kept


def test_every_function_and_module_that_a_document_names_is_there():
    known = {module.path.removeprefix("src/foretell/").removesuffix(".py").replace("/", ".") for module in package()}
    packages = {name.rsplit(".", 1)[0] for name in known}
    definitions = {
        f"{name}.{node.name}"
        for module in package()
        for name in [module.path.removeprefix("src/foretell/").removesuffix(".py").replace("/", ".")]
        for node in module.definitions()
    }
    for document in ("ARCHITECTURE.md", "CONTRIBUTING.md", "docs/decisions.md"):
        for name in TICKED.findall(text_of(document)):
            dotted = name.replace("/", ".")
            if re.fullmatch(r"[a-z_]+(?:\.[A-Za-z_]+)+", dotted) and dotted.split(".")[0] in packages | known:
                plain = dotted.removesuffix(".py")
                fits = plain in known | packages | definitions or any(d.startswith(f"{plain}.") for d in definitions)
                assert fits, f"{document} names {name}"


def test_the_commands_that_documents_tell_exist():
    said = text_of("README.md") + text_of("CONTRIBUTING.md")
    targets = set(re.findall(r"^([a-z]+):", text_of("Makefile"), re.M))
    commands = set(get_command(app).commands)  # type: ignore[attr-defined]
    told = {program: re.findall(rf"(?:^ +|`){program} ([a-z]+)", said, re.M) for program in ("make", "foretell")}
    assert {"learn", "test"} <= set(told["make"]) <= targets
    assert {"learn", "run", "outline"} <= set(told["foretell"]) <= commands


def test_files_that_documents_link_to_are_there():
    for document in [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")]:
        for target in re.findall(r"\]\(([^)#\s]+)\)", document.read_text(encoding="utf-8")):
            if "://" not in target:
                assert (document.parent / target).exists(), f"{document.name} links to {target}"


def test_the_tree_of_errors_in_the_docstring_is_the_tree_of_classes():
    drawn: dict[str, int] = {}
    for line in inspect.getdoc(errors).splitlines():
        found = re.match(r"^([│├└─ ]*)([A-Z]\w+)\s{2,}\S", line)
        if found:
            drawn[found[2]] = len(found[1]) // 4
    classes = {
        name: len(kind.__mro__) - len(errors.ForetellError.__mro__)
        for name, kind in vars(errors).items()
        if isinstance(kind, type) and issubclass(kind, errors.ForetellError)
    }
    assert drawn == classes


def test_the_changelog_has_a_part_for_what_is_not_released():
    version = tomllib.loads(text_of("pyproject.toml"))["project"]["version"]
    newest = re.search(r"^## (.+)$", text_of("CHANGELOG.md"), re.M)[1]
    assert newest in {f"{version} (unreleased)", "Unreleased"}


def test_a_decision_has_its_date_its_reasons_and_when_to_revisit_it():
    entries = re.split(r"^## ", text_of("docs/decisions.md"), flags=re.M)[1:]
    assert entries
    for entry in entries:
        title = entry.splitlines()[0]
        assert re.match(r"\d{4}-\d{2}-\d{2} · ", title), title
        assert "Revisit when" in " ".join(entry.split()), title


def test_each_word_has_one_row_and_is_used():
    rows = re.findall(r"^\| ([^|]+) \|", text_of("docs/words.md"), re.M)
    words = [word.strip() for row in rows[1:] for word in row.split(",") if not set(row) <= {"-"}]
    code = "\n".join(module.text.lower() for module in package())
    assert len(words) == len(set(words))
    assert [word for word in words if word not in code] == []


def test_the_package_can_be_used_without_torch():
    for module in package():
        assert not re.search(r"^\s*(?:import|from) torch\b", module.text, re.M), module.path
