"""The terminal door: what each command says, where it says it, and its exit code, whatever it is given."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from foretell import library
from foretell.cli import app
from foretell.config import LARGEST_NOTEBOOK_BYTES
from foretell.runtime.jail import levels
from foretell.runtime.jail.levels import Lack, Level, Survey
from ports import free_port


def notebook_text(*sources: str, language: str = "python", form: int = 4) -> str:
    cells = [
        {"cell_type": "code", "id": f"c{n}", "metadata": {}, "source": s, "outputs": [], "execution_count": None}
        for n, s in enumerate(sources)
    ]
    kernel = {"name": language, "display_name": language, "language": language}
    return json.dumps({"nbformat": form, "nbformat_minor": 5, "metadata": {"kernelspec": kernel}, "cells": cells})


def call(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def refused(result: Result) -> str:
    """The one sentence of a command that could not do its work."""
    assert result.exit_code == 2, result.output
    assert result.stdout == ""
    assert "Traceback" not in result.stderr
    assert result.stderr.startswith("foretell: ")
    assert result.stderr.count("\n") == 1
    return result.stderr


BAD: dict[str, tuple[bytes | None, str]] = {
    "missing.ipynb": (None, "There is no file .*missing.ipynb"),
    "empty.ipynb": (b"", r"empty.ipynb: .*not JSON at line 1, column 1"),
    "broken.ipynb": (b'{"cells": [\n {"a": 1,,}\n]}', r"broken.ipynb: .*not JSON at line 2, column 10"),
    "deep.ipynb": (b"[" * 100_000, "deep.ipynb: .*nested too deeply"),
    "words.txt": (b"hello", "words.txt: .*not a notebook"),
    "object.ipynb": (b"{}", "object.ipynb: .*no `nbformat` number"),
    "binary.ipynb": (bytes(range(256)), r"binary.ipynb is not UTF-8 text \(byte 128\)"),
    "utf-16.ipynb": (notebook_text("1").encode("utf-16"), "utf-16.ipynb is not UTF-8 text"),
    "newer.ipynb": (notebook_text(form=9).encode(), "newer.ipynb: .*format 9; foretell reads format 4"),
    "older.ipynb": (b'{"nbformat": 3, "worksheets": 5}', "older.ipynb: .*format 3, which cannot be converted"),
}


@pytest.mark.parametrize("command", ["outline", "run", "learn"])
@pytest.mark.parametrize("name", BAD)
def test_what_is_no_notebook_is_one_sentence_with_its_place_and_exit_code_2(tmp_path, command, name):
    content, says = BAD[name]
    if content is not None:
        (tmp_path / name).write_bytes(content)
    more = ["--no-browser", "--data", tmp_path / "data"] if command == "learn" else []
    assert re.search(says, refused(call(command, tmp_path / name, *more)))


def test_a_notebook_too_large_is_refused_by_its_size_and_never_read_whole(tmp_path):
    large = tmp_path / "large.ipynb"
    with large.open("wb") as file:
        file.truncate(50 * 1024 * 1024)
    assert "large.ipynb holds 52 MB; foretell reads notebooks up to 21 MB. Clear its outputs" in refused(
        call("run", large)
    )


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="no /dev/zero on this machine")
def test_a_file_without_an_end_is_read_only_so_far(monkeypatch):
    monkeypatch.setattr(library, "LARGEST_NOTEBOOK_BYTES", LARGEST_NOTEBOOK_BYTES // 20)
    assert "/dev/zero holds 1 MB or more" in refused(call("outline", "/dev/zero"))


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("no-such-lesson", "lessons that ship: nn-module"),
        ("a" * 5000, "is no name of a file"),
        ("~nobody-of-this-name/x.ipynb", "is no name of a file"),
        ("nul\0.ipynb", "NUL|null|no file"),
    ],
)
def test_a_name_that_can_be_no_file_is_said_to_be_none(name, says):
    assert re.search(says, refused(call("outline", name)))


def test_a_folder_without_a_lesson_is_said_to_be_one(tmp_path):
    assert "is a folder without a lesson.ipynb" in refused(call("outline", tmp_path))


@pytest.mark.parametrize(
    ("overlay", "says"),
    [
        ('schema = 1\n\n[[question]]\nbefore = "c0"\nbogus = 1\n', "lesson.toml, line 5: unknown key `bogus`"),
        ("schema = 1\nx = = 3\n", "lesson.toml, line 2: it is not TOML"),
        ("", "lesson.toml, line 1: no `schema`"),
    ],
)
def test_a_broken_overlay_is_named_with_its_folder_and_line(tmp_path, overlay, says):
    (tmp_path / "lesson.ipynb").write_text(notebook_text("x = 1"))
    (tmp_path / "lesson.toml").write_text(overlay)
    said = refused(call("outline", tmp_path))
    assert str(tmp_path) in said
    assert says in said


def test_a_notebook_without_a_title_is_called_by_its_file(tmp_path):
    (tmp_path / "Week 3.ipynb").write_text(notebook_text("x = 1"))
    assert call("outline", tmp_path / "Week 3.ipynb").stdout.startswith("Week 3\n")


def test_another_language_is_outlined_and_not_run(tmp_path):
    (tmp_path / "r.ipynb").write_text(notebook_text("x <- 1", language="R"))
    assert call("outline", tmp_path / "r.ipynb").exit_code == 0
    assert "is written in r; foretell runs Python" in refused(call("run", tmp_path / "r.ipynb"))


def test_run_prints_exactly_the_json_and_exits_1_where_a_cell_failed(tmp_path):
    (tmp_path / "n.ipynb").write_text(
        notebook_text("print('out')", "x = 1\n1/0", "import sys; print(x, file=sys.stderr)")
    )
    result = call("run", tmp_path / "n.ipynb", "--json")
    said = json.loads(result.stdout)
    assert result.exit_code == 1
    assert list(said) == ["ok", "cells"]
    assert [(list(c), c["cell"], c["ok"]) for c in said["cells"]] == [
        (["cell", "ok", "seconds", "failure"], n, ok) for n, ok in enumerate((True, False, True))
    ]
    assert said["cells"][1]["failure"] == {"kind": "ZeroDivisionError", "message": "division by zero", "line": 2}
    assert said["ok"] is False
    assert said["cells"][0]["failure"] is None


def test_run_exits_0_only_when_all_ran(tmp_path):
    (tmp_path / "n.ipynb").write_text(notebook_text("x = 1", "assert x == 1"))
    result = call("run", tmp_path / "n.ipynb")
    assert result.exit_code == 0
    assert "2 code cells, all ran" in result.stdout


def test_a_package_that_is_missing_fails_its_cell_and_says_how_to_add_it(tmp_path):
    (tmp_path / "n.ipynb").write_text(notebook_text("import no_such_package_here", "y = 2"))
    result = call("run", tmp_path / "n.ipynb", "--json")
    assert result.exit_code == 1
    assert [c["ok"] for c in json.loads(result.stdout)["cells"]] == [False, True]
    assert "-m pip install no_such_package_here" in result.stderr


HOSTILE = "\x1b]0;owned\x07\x1b[2J\u202e"


def test_what_a_notebook_or_its_cells_say_cannot_command_the_terminal(tmp_path):
    fails = 'raise type("Odd\\x1b[2J\\u202e", (Exception,), {})("bad\\x1b[31m\\nsecond line")'
    (tmp_path / "n.ipynb").write_text(notebook_text(fails))
    result = call("run", tmp_path / "n.ipynb")
    assert result.exit_code == 1
    (told,) = [line for line in result.stdout.splitlines() if line.startswith("cell ")]
    assert r"Odd\x1b[2J\u202e" in told
    assert r"bad\x1b[31m" in told
    assert "\x1b" not in result.stdout + result.stderr


def test_titles_and_errors_cannot_command_the_terminal(tmp_path):
    heading = {"cell_type": "markdown", "id": "t", "metadata": {}, "source": f"# Title {HOSTILE}"}
    text = json.loads(notebook_text("x = 1"))
    (tmp_path / "n.ipynb").write_text(json.dumps(text | {"cells": [heading, *text["cells"]]}))
    shown = call("outline", tmp_path / "n.ipynb").stdout
    assert "Title" in shown
    said = refused(call("outline", tmp_path / f"{HOSTILE.replace('/', '')}.ipynb"))
    assert r"\x1b]0;owned\x07\x1b[2J\u202e" in said
    assert not {"\x1b", "\x07", "\u202e"} & {*shown, *said}


def test_outline_prints_exactly_the_json_that_was_agreed():
    said = json.loads(call("outline", "nn-module", "--json").stdout)
    assert list(said) == [
        "title", "module", "goals", "prerequisites", "setup_cells", "takeaways_cell", "exercises", "unread"
    ]  # fmt: skip
    exercise = said["exercises"][0]
    assert list(exercise) == ["number", "title", "support", "stretch", "cells", "prompts", "tasks"]
    assert list(exercise["prompts"][0]) == ["cell", "before", "questions"]
    tasks = [task for each in said["exercises"] for task in each["tasks"]]
    assert {tuple(task) for task in tasks} == {("cell", "solution_cell")}


def foretell(*arguments: str | Path, **environment: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "foretell.cli", *(str(argument) for argument in arguments)]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=os.environ | environment
    )


@pytest.mark.parametrize("more", [[], ["--json"]])
def test_a_terminal_without_our_letters_gets_what_it_can_show(more):
    environment = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "PYTHONIOENCODING": "ascii"}
    process = foretell("outline", "nn-module", *more, **environment)
    out, err = process.communicate(timeout=20)
    assert (process.returncode, err) == (0, "")
    if more:
        assert "\N{EM DASH}" in json.loads(out)["goals"][0]


def test_output_that_nobody_reads_or_that_finds_no_room_is_no_traceback():
    process = foretell("outline", "nn-module", "--json")
    assert process.stdout is not None
    process.stdout.close()
    process.stdout = None
    assert process.communicate(timeout=20)[1] == ""
    assert process.returncode == 2
    if Path("/dev/full").exists():
        with Path("/dev/full").open("w") as full:
            ended = subprocess.run(
                [sys.executable, "-m", "foretell.cli", "outline", "nn-module"],
                stdout=full, stderr=subprocess.PIPE, text=True, timeout=20, check=False,
            )  # fmt: skip
        assert ended.returncode == 2
        assert (
            ended.stderr
            == "foretell: The output could not be used (No space left on device); mend that, then try again.\n"
        )


def test_a_port_in_use_is_named(tmp_path):
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        said = refused(call("learn", "--no-browser", "--port", port, "--data", tmp_path / "data"))
    assert f"Port {port} is in use; leave --port out, or name another" in said


@pytest.mark.parametrize("port", ["0", "65536", "eight"])
def test_what_is_no_port_is_a_usage_error(port):
    assert call("learn", "--port", port).exit_code == 2


def spoil_with_a_file(data: Path) -> None:
    data.write_text("in the way")


def spoil_the_key(data: Path) -> None:
    (data / "key").mkdir(parents=True)


def spoil_the_note(data: Path) -> None:
    (data / "running.json").mkdir(parents=True)


def spoil_the_database(data: Path) -> None:
    data.mkdir()
    (data / "attempts.sqlite").write_bytes(b"no database" * 100)


def make_it_newer(data: Path) -> None:
    data.mkdir()
    with sqlite3.connect(data / "attempts.sqlite") as database:
        database.execute("CREATE TABLE alembic_version (version_num TEXT)")
        database.execute("INSERT INTO alembic_version VALUES ('9999')")
    database.close()


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (spoil_with_a_file, "data cannot be written"),
        (spoil_the_key, "key cannot be read or written"),
        (spoil_the_note, "running.json cannot be written"),
        (spoil_the_database, "attempts.sqlite is not a database"),
        (make_it_newer, "written by a newer foretell"),
    ],
)
def test_a_data_directory_that_cannot_be_used_is_named_with_a_way_out(tmp_path, spoil: Callable[[Path], None], says):
    spoil(tmp_path / "data")
    said = refused(call("learn", "--no-browser", "--port", free_port(), "--data", tmp_path / "data"))
    assert says in said
    assert "--data" in said


@contextmanager
def without_privileges() -> Iterator[list[str]]:
    """Give the start of a command that may not pass over file modes, even for root."""
    if os.geteuid() != 0:
        yield []
        return
    prefix = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"]
    try:
        subprocess.run([*prefix, "true"], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("root without setpriv: file modes hold nobody back here")
    yield prefix


def test_what_may_not_be_read_or_written_is_said_to_be_so(tmp_path):
    secret = tmp_path / "secret.ipynb"
    secret.write_text(notebook_text("1"))
    closed = tmp_path / "closed"
    closed.mkdir()
    (closed / "n.ipynb").write_text(notebook_text("1"))
    frozen = tmp_path / "frozen"
    frozen.mkdir()
    cases = [
        (["outline", secret], "secret.ipynb cannot be read: Permission denied"),
        (["outline", closed / "n.ipynb"], "n.ipynb cannot be reached: Permission denied"),
        (["learn", "--no-browser", "--data", frozen / "data"], "cannot be written"),
        (["doctor", "--data", frozen / "data"], "frozen/data cannot be written"),
        (["doctor", "--data", closed / "data"], "closed/data cannot be written"),
    ]
    with without_privileges() as prefix:
        secret.chmod(0)
        closed.chmod(0)
        frozen.chmod(0o555)
        try:
            for arguments, says in cases:
                command = [*prefix, sys.executable, "-m", "foretell.cli", *map(str, arguments)]
                ended = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
                assert ended.returncode == 2, ended
                assert says in ended.stdout + ended.stderr
                assert "Traceback" not in ended.stderr
        finally:
            closed.chmod(0o755)
            frozen.chmod(0o755)


@contextmanager
def learning(*arguments: str | Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A running `foretell learn` and the address it printed."""
    process = foretell("learn", "--no-browser", *arguments)
    assert process.stdout is not None
    try:
        lines = iter(process.stdout.readline, "")
        address = next(found[0] for line in lines if (found := re.search(r"http://\S+", line)))
        yield process, address
    finally:
        process.terminate()
        process.communicate(timeout=20)


def test_a_second_learn_opens_the_running_one_and_doctor_finds_it(tmp_path):
    data, port = tmp_path / "data", free_port()
    own = tmp_path / "own.ipynb"
    own.write_text(notebook_text("x = 1"))
    with learning("--port", port, "--data", data) as (_, address):
        again = call("learn", "--no-browser", "--data", data)
        assert again.exit_code == 0
        assert "running already" in again.stdout
        assert address in again.stdout
        assert f"127.0.0.1:{port}/open?lesson=%2F" in call("learn", own, "--no-browser", "--data", data).stdout
        assert f"Port: {port}: foretell is running there" in call("doctor", "--data", data).stdout
    assert not (data / "running.json").exists()


@pytest.mark.parametrize("left", ["\xff[", '{"port": 999999}', '{"port": 9, "pid": 1}'])
def test_what_a_killed_foretell_left_behind_keeps_nobody_from_starting(tmp_path, left):
    (tmp_path / "key").write_text("short")
    (tmp_path / "running.json").write_text(left, encoding="latin-1")
    assert call("doctor", "--data", tmp_path).exit_code in {0, 2}
    with learning("--port", free_port(), "--data", tmp_path) as (process, _):
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=20)
        assert "Traceback" not in err
    assert len((tmp_path / "key").read_text()) >= 24
    assert (tmp_path / "key").stat().st_mode & 0o077 == 0


NEEDS_ALL = Survey(level=Level.A, holds=("Everything holds",), lacks=())
WITHOUT = Lack(what="bwrap is not installed", remedy="Install it: apt install bubblewrap.")
ONLY_C = Survey(level=Level.C, holds=("Landlock",), lacks=(WITHOUT,))
NOTHING = Survey(level=Level.NONE, holds=(), lacks=(WITHOUT,))


@pytest.fixture
def surveyed(monkeypatch: pytest.MonkeyPatch) -> Callable[[Survey], None]:
    """Let this machine be one of which a survey says something else."""
    return lambda found: monkeypatch.setattr(levels, "survey", lambda: found)


@pytest.mark.parametrize(
    ("found", "asked", "says"),
    [
        (ONLY_C, [], "at level C at most here, and level B was asked for.*--jail C"),
        (ONLY_C, ["--jail", "A"], "at level C at most here, and level A was asked for"),
        (NOTHING, ["--jail", "c"], "not at all here, and level C was asked for.*--jail none"),
    ],
)
def test_serve_refuses_below_the_level_asked_for_and_says_what_is_lacking(tmp_path, surveyed, found, asked, says):
    surveyed(found)
    said = refused(call("serve", *asked, "--data", tmp_path / "data"))
    assert re.search(says, said)
    assert "bwrap is not installed. Install it: apt install bubblewrap." in said
    assert not (tmp_path / "data").exists()


def test_serve_says_which_lesson_host_or_port_it_cannot_use(tmp_path, surveyed):
    surveyed(NEEDS_ALL)
    data = ["--data", tmp_path / "data"]
    assert "no file" in refused(call("serve", tmp_path / "none.ipynb", *data))
    assert "is not an address of this machine" in refused(call("serve", "--host", "192.0.2.1", *data))
    assert "is no name and no address" in refused(call("serve", "--host", "no.such.host.invalid", *data))
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        assert f"Port {port} is in use" in refused(call("serve", "--port", port, *data))
    assert call("serve", "--jail", "D", *data).exit_code == 2


def test_a_class_is_served_once_from_a_data_directory_and_doctor_finds_it(tmp_path, surveyed):
    data, port = tmp_path / "data", free_port()
    (tmp_path / "own.ipynb").write_text(notebook_text("x = 1"))
    process = foretell("serve", tmp_path / "own.ipynb", "--jail", "none", "--port", port, "--data", data)
    assert process.stdout is not None
    try:
        lines = [process.stdout.readline() for _ in range(3)]
        assert f"http://127.0.0.1:{port}/" in lines[1]
        assert "any browser that reaches this address gets in" in lines[2]
        with urllib.request.urlopen(f"http://localhost:{port}/static/icon.svg", timeout=10) as answer:
            assert answer.status == 200
        surveyed(NEEDS_ALL)
        assert f"served from {data} already, on port {port}" in refused(call("serve", "--data", data))
        assert f"Port: {port}: foretell is running there" in call("doctor", "--data", data).stdout
    finally:
        process.terminate()
        _, err = process.communicate(timeout=20)
    assert "Traceback" not in err
    assert not (data / "serving.json").exists()


def test_a_class_that_other_machines_can_reach_is_warned_of(tmp_path):
    process = foretell("serve", "--jail", "none", "--host", "0.0.0.0", "--port", free_port(), "--data", tmp_path)
    assert process.stderr is not None
    try:
        assert "can be reached from other machines, and nothing is encrypted" in process.stderr.readline()
    finally:
        process.terminate()
        process.communicate(timeout=20)


@pytest.mark.parametrize("found", [NEEDS_ALL, ONLY_C, NOTHING])
def test_doctor_says_the_level_of_confinement_and_that_less_than_all_is_no_fault(tmp_path, surveyed, found):
    surveyed(found)
    result = call("doctor", "--port", free_port(), "--data", tmp_path)
    says = "none: cells run as you" if found.level is Level.NONE else f"level {found.level}"
    assert re.search(rf"^[✓+] Confinement: {says}$", result.stdout, re.M)
    assert ("    bwrap is not installed. Install it: apt install bubblewrap.\n" in result.stdout) == bool(found.lacks)
    assert all(f"    {each}\n" in result.stdout for each in found.holds)
    assert result.exit_code == 0, result.stdout


def test_ctrl_c_ends_a_run_without_a_traceback(tmp_path):
    (tmp_path / "n.ipynb").write_text(notebook_text("open('began', 'w').close()\nwhile True: pass"))
    process = foretell("run", tmp_path / "n.ipynb")
    try:
        process.communicate(timeout=2)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGINT)
    try:
        _, err = process.communicate(timeout=20)
    finally:
        process.kill()
    assert "Traceback" not in err
    assert process.returncode == 130


def test_core_needs_no_torch():
    script = "import sys, foretell.cli; sys.exit('torch' in sys.modules or 'matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0


WITHOUT_TORCH = """
import sys

class NoTorch:
    def find_spec(self, name, path=None, target=None):
        if name == "torch":
            raise ModuleNotFoundError("No module named 'torch'", name="torch")

sys.meta_path.insert(0, NoTorch())
from foretell.cli import app
app(sys.argv[1:])
"""


@pytest.mark.parametrize("command", [("run", "nn-module"), ("learn", "nn-module", "--no-browser")])
def test_a_lesson_on_torch_says_at_once_that_torch_is_missing(command, tmp_path):
    data = ("--data", str(tmp_path)) if command[0] == "learn" else ()
    ended = subprocess.run(
        [sys.executable, "-c", WITHOUT_TORCH, *command, *data], capture_output=True, text=True, timeout=60
    )
    assert ended.returncode == 2
    assert "PyTorch" in ended.stderr
    assert "pip install 'foretell[torch]'" in ended.stderr
    assert "Traceback" not in ended.stderr
