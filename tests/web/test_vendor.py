"""The vendored files are the ones that were reviewed, each with its licence, and nothing else is served beside them."""

import hashlib
import re
from pathlib import Path

VENDOR = Path(__file__).parents[2] / "src" / "foretell" / "web" / "static" / "vendor"
AXE = Path(__file__).parent / "vendor"
SERVED = {".js", ".css", ".woff2"}


def sums() -> dict[str, str]:
    lines = (VENDOR / "SHA256SUMS").read_text("utf-8").splitlines()
    return {path: digest for digest, path in (line.split("  ", 1) for line in lines)}


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def served() -> list[str]:
    files = (path for path in VENDOR.rglob("*") if path.suffix in SERVED or path.name.endswith("LICENSE"))
    return sorted(str(path.relative_to(VENDOR).as_posix()) for path in files if "rebuild" not in path.parts)


def test_every_vendored_file_has_the_sum_on_the_list():
    wrong = {path for path, expected in sums().items() if digest(VENDOR / path) != expected}
    assert wrong == set()


def test_no_file_is_served_that_is_not_on_the_list():
    assert served() == sorted(sums())


def test_every_font_that_the_style_sheet_names_is_there():
    css = (VENDOR / "katex" / "katex.min.css").read_text("utf-8")
    named = set(re.findall(r"url\(([^)]+)\)", css))
    assert named
    assert {name for name in named if not (VENDOR / "katex" / name).is_file()} == set()


def test_the_notes_name_the_versions_that_the_lock_file_pins():
    package = (VENDOR / "rebuild" / "package.json").read_text("utf-8")
    notes = (VENDOR / "VENDOR.md").read_text("utf-8")
    pinned = re.findall(r'"(?:@\w+/)?([\w-]+)": "(\d+\.\d+\.\d+)"', package.split('"dependencies"')[1])
    assert len(pinned) == 10
    assert {(name, version) for name, version in pinned if version not in notes} == set()


def test_axe_is_the_file_its_note_says():
    noted = re.search(r"([0-9a-f]{64})  axe\.min\.js", (AXE / "README.md").read_text("utf-8"))
    assert noted is not None
    assert digest(AXE / "axe.min.js") == noted[1]
