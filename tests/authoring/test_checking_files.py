"""`foretell check`: results in the order given, errors as results, exit codes."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from pathlib import Path

import pytest

from foretell.authoring.check import CheckedFile, check_files, check_json, exit_code
from foretell.errors import LessonError
from foretell.model.attempt import BehaviourCheck, CheckVerdict, Diagnosis

RIGHT = """
class TwoLayerNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.inner, self.outer = nn.Linear(10, 32), nn.Linear(32, 1)

    def forward(self, x):
        return self.outer(self.inner(x).clamp(min=0))
"""
WRONG = RIGHT.replace(".clamp(min=0)", "")


def found(verdict: CheckVerdict) -> Diagnosis:
    check = BehaviourCheck(says="works for any batch size", ok=verdict is CheckVerdict.RIGHT, evidence="seen")
    return Diagnosis(
        verdict=verdict, misconception=None, says="It does.", difference="", checks=(check,), seconds=0.0123456
    )  # fmt: skip


async def judge(source: str) -> Diagnosis:
    if source == "slow":
        await asyncio.sleep(0.05)
    if source == "broken":
        raise LessonError("The solution of this task fails; mend it.")
    return found(CheckVerdict.RIGHT if source in {"slow", "right"} else CheckVerdict.WRONG)


async def check_all(files: list[Path]) -> list[CheckedFile]:
    return [one async for one in check_files([str(file) for file in files], judge, 4)]


@pytest.mark.parametrize("content", ["slow", "right", "wrong"])
async def test_a_file_is_judged_by_its_text(tmp_path: Path, content: str) -> None:
    (tmp_path / "a.py").write_text(content)
    (result,) = await check_all([tmp_path / "a.py"])
    assert (result.diagnosis.verdict is CheckVerdict.RIGHT) == (content != "wrong")


async def test_results_come_in_the_order_of_the_files(tmp_path: Path) -> None:
    files = [tmp_path / name for name in ("c.py", "a.py", "b.py")]
    for file, content in zip(files, ("slow", "right", "wrong"), strict=True):
        file.write_text(content)
    assert [one.file for one in await check_all(files)] == [str(file) for file in files]


async def test_what_cannot_be_judged_is_a_result_and_the_rest_is_judged(tmp_path: Path) -> None:
    (tmp_path / "binary.py").write_bytes(b"\xff\xfe\x00")
    (tmp_path / "broken.py").write_text("broken")
    (tmp_path / "right.py").write_text("right")
    files = [tmp_path / name for name in ("gone.py", "binary.py", ".", "broken.py", "right.py")]
    results = await check_all(files)
    assert [one.diagnosis.verdict.value for one in results] == ["error"] * 4 + ["right"]
    assert "gone.py cannot be read" in results[0].diagnosis.says
    assert exit_code(results) == 2


def test_exit_codes_say_the_worst() -> None:
    results = {one: CheckedFile(file="a", diagnosis=found(one)) for one in CheckVerdict}
    assert exit_code([results[CheckVerdict.RIGHT]]) == 0
    assert exit_code([results[CheckVerdict.RIGHT], results[CheckVerdict.WRONG]]) == 1
    assert exit_code([results[CheckVerdict.STOPPED]]) == 1
    assert exit_code([results[CheckVerdict.WRONG], results[CheckVerdict.ERROR]]) == 2


def test_the_json_of_a_result_has_what_a_script_wants() -> None:
    said = check_json(CheckedFile(file="a.py", diagnosis=found(CheckVerdict.WRONG)))
    assert list(said) == ["file", "verdict", "misconception", "says", "difference", "checks", "seconds"]
    assert said["checks"] == [{"says": "works for any batch size", "ok": False, "evidence": "seen"}]
    assert said["seconds"] == 0.0123


def run(*arguments: str, data: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "foretell.cli", "check", *arguments, "--data", str(data)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


def test_the_command_judges_files_and_says_so_by_its_exit_code(tmp_path: Path) -> None:
    (tmp_path / "right.py").write_text(RIGHT)
    (tmp_path / "wrong.py").write_text(WRONG)
    files = [str(tmp_path / "wrong.py"), str(tmp_path / "right.py")]
    ended = run("nn-module", "TwoLayerNet", *files, "--json", data=tmp_path / "data")
    lines = [json.loads(line) for line in ended.stdout.splitlines()]
    assert ended.returncode == 1, ended.stderr
    assert [(line["file"], line["verdict"]) for line in lines] == [(files[0], "wrong"), (files[1], "right")]
    assert lines[0]["misconception"] == "missing-activation"
    assert all(check["ok"] for check in lines[1]["checks"])


def test_an_unknown_task_is_an_error_that_names_those_there_are(tmp_path: Path) -> None:
    ended = run("nn-module", "ThreeLayerNet", "a.py", data=tmp_path)
    assert ended.returncode == 2
    assert "TwoLayerNet, sequential_model" in ended.stderr
