from __future__ import annotations

import pytest

from foretell.parse.names import read_names
from foretell.parse.python import read_python


def names(source: str) -> tuple[set[str], set[str]]:
    found = read_names(read_python(source))
    return set(found.needs), set(found.provides)


@pytest.mark.parametrize(
    ("source", "needs", "provides"),
    [
        ("x = 1\nprint(x)", set(), {"x"}),
        ("print(x)\nx = 1", {"x"}, {"x"}),
        ("x = x + y", {"x", "y"}, {"x"}),
        ("x += 1", {"x"}, {"x"}),
        ("import numpy as np\nimport os.path\nfrom math import pi", set(), {"np", "os", "pi"}),
        ("def f(a, b=c):\n    return a + d", {"c", "d"}, {"f"}),
        ("def f():\n    return later()\n\ndef later():\n    return 1", set(), {"f", "later"}),
        ("def f():\n    local = other\n    return local", {"other"}, {"f"}),
        ("def f():\n    global shared\n    shared = 1", set(), {"f", "shared"}),
        ("class A(Base):\n    size = n\n    def f(self):\n        return A, size", {"Base", "n", "size"}, {"A"}),
        ("for i, j in pairs:\n    total = i", {"pairs"}, {"i", "j", "total"}),
        ("with open(path) as f:\n    text = f.read()", {"path"}, {"f", "text"}),
        ("squares = [n * k for n in range(3)]", {"k"}, {"squares"}),
        ("g = lambda x: x + w", {"w"}, {"g"}),
        ("try:\n    pass\nexcept ValueError as error:\n    print(error)", set(), set()),
        ("del x", {"x"}, set()),
        ("if (n := len(items)) > 1:\n    pass", {"items"}, {"n"}),
        ("%matplotlib inline\nx = y", {"y"}, {"x"}),
        ("match point:\n    case (a, *rest):\n        print(a, rest)", {"point"}, {"a", "rest"}),
        ("a[0] = b", {"a", "b"}, set()),
        ("nothing here parses", set(), set()),
        ("def f():\n    def g():\n        return h\n    return g", {"h"}, {"f"}),
    ],
)
def test_names_are_read_in_the_order_they_run(source: str, needs: set[str], provides: set[str]) -> None:
    assert names(source) == (needs, provides)
