from __future__ import annotations

import pytest

from foretell.runtime.inside.packages import find_version, is_installer, named_packages, report


@pytest.mark.parametrize(
    "command",
    ["pip install torch", " pip3 list", "/usr/bin/python3 -m pip install x", "uv pip install x", "conda install x"],
)
def test_installers_are_recognised(command):
    assert is_installer(command)


@pytest.mark.parametrize("command", ["ls pip", "echo pip install x", "pipeline", "python train.py", "git clone x"])
def test_other_commands_are_not_installers(command):
    assert not is_installer(command)


@pytest.mark.parametrize(
    ("command", "names"),
    [
        ("pip install torch", ("torch",)),
        ("pip install -q 'torch>=2.0' matplotlib==3.8 scikit-learn[extra]", ("torch", "matplotlib", "scikit-learn")),
        ("pip install --index-url https://x.y/whl torch", ("torch",)),
        ("pip install -r requirements.txt", ()),
        ("pip install git+https://x.y/z.git ./here", ()),
        ("pip install torch && echo done", ("torch",)),
        ("pip list", ()),
        ("pip install torch  # for later", ("torch",)),
        ("pip install torch 'unclosed", ("torch",)),
    ],
)
def test_the_packages_of_a_line_are_read(command, names):
    assert named_packages(command) == names


def test_what_is_here_and_what_is_missing_are_both_named():
    told = report("pip install numpy no-such-package-of-ours")
    assert f"Here already: numpy {find_version('numpy')}." in told
    assert "Missing: no-such-package-of-ours." in told
