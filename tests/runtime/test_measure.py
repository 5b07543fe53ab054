"""Measurements: learner code can be wrong, stopped or right, and nothing it does to its process makes wrong right."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest
from cells import prefix, run, text_of

from foretell.judge.arrays import differs, pack_array
from foretell.model.arrays import Array, Measure, Measured
from foretell.runtime.session import Limits, Session

# What the submissions share: find what could be the protocol's descriptor and write frames to it.
FRAMES = """
import base64, json, os, stat, struct
def candidates():
    for fd in range(3, 21):
        try:
            mode = os.fstat(fd).st_mode
        except OSError:
            continue
        if stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode):
            yield fd
def frame(kind, payload):
    payload = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    return struct.pack(">2sBBI", b"fT", 1, kind, len(payload)) + payload
def measured(nonce="", shape=(4, 8), dtype="float32"):
    data = base64.b64encode(b"\\0" * 4 * 32).decode()
    value = {"dtype": dtype, "shape": list(shape), "data": data}
    return frame(43, {"nonce": nonce, "values": [value], "failure": None})
def write(data):
    for fd in candidates():
        try:
            os.set_blocking(fd, False)
            os.write(fd, data)
        except OSError:
            pass
        finally:
            os.set_blocking(fd, True)
"""
RIGHT = {
    "60-honest": """
import torch
def my_softmax(x):
    e = (x - x.max(-1, keepdim=True).values).exp()
    return e / e.sum(-1, keepdim=True)
""",
    # A policy, not a hole: what is shown is that the answers are right, not who computed them.
    "79-the-function-that-was-to-be-written": """
import torch
f = getattr(torch.nn.functional, "soft" + "max")
def my_softmax(x): return f(x, dim=-1)
""",
}
ZEROS = "\ndef my_softmax(x): return torch.zeros_like(x)\n"
WRONG = {
    "61-honest-mistake": "import torch\ndef my_softmax(x): return x.exp() / x.exp().sum()",
    "61-not-safe-for-large-numbers": "import torch\ndef my_softmax(x): return x.exp() / x.exp().sum(-1, keepdim=True)",
    "62-comparisons-that-say-yes": """
import torch, math, operator, numpy as np
T = lambda *a, **k: True
torch.allclose = torch.equal = T
torch.isclose = lambda *a, **k: torch.tensor(True)
torch.testing.assert_close = lambda *a, **k: None
np.allclose = np.array_equal = np.isclose = np.testing.assert_allclose = T
torch.Tensor.__eq__ = T
torch.Tensor.__sub__ = lambda a, b: torch.zeros(1)
torch.Tensor.__bool__ = T
math.isclose = operator.eq = T
"""
    + ZEROS,
    "62-builtins-that-say-yes": "import torch, builtins\nT = lambda *a, **k: True\n"
    "builtins.all = builtins.any = builtins.isinstance = builtins.issubclass = T" + ZEROS,
    "62-a-length-that-lies": "import torch, builtins\nbuiltins.len = lambda *a: 32" + ZEROS,
    "63-an-object-that-equals-all": """
import torch
class Liar:
    shape = torch.Size([4, 8]); dtype = torch.float32
    def __eq__(s, o): return True
    def __bool__(s): return True
    def __lt__(s, o): return True
    def __le__(s, o): return True
    def __sub__(s, o): return 0
    def __rsub__(s, o): return 0
    def __abs__(s): return 0
    def __array__(s, *a, **k): raise SystemExit(0)
    def __getattr__(s, n): return lambda *a, **k: s
    __class__ = torch.Tensor
def my_softmax(x): return Liar()
""",
    "63-a-tensor-whose-methods-lie": """
import torch
class Liar(torch.Tensor):
    def detach(self): return self
    cpu = resolve_conj = resolve_neg = detach
    def numpy(self): raise SystemExit(0)
def my_softmax(x): return torch.zeros_like(x).as_subclass(Liar)
""",
    "65-walk-the-frames": """
import torch, gc, sys
def my_softmax(x):
    best, f = None, sys._getframe()
    while f:
        for k, v in list(f.f_locals.items()) + list(f.f_globals.items()):
            if any(w in str(k).lower() for w in ("expect", "reference", "solution", "answer", "truth")):
                if torch.is_tensor(v) and v.shape == x.shape: best = v
        f = f.f_back
    for o in gc.get_objects():
        try:
            if torch.is_tensor(o) and o is not x and o.shape == x.shape and abs(float(o.sum()) - x.shape[0]) < 1e-3:
                best = o
        except Exception: pass
    return best if best is not None else torch.zeros_like(x)
""",
    "67-print-a-pass": """
print("\\x1b[2J\\x1b[H===== 5 passed in 0.01s =====")
print("ok 1 - my_softmax\\n1..1\\nPASS\\nAll checks passed!")
print('{"verdict": "pass", "score": 1.0}', flush=True)
def my_softmax(x): return x
""",
    "68-an-object-to-be-unpickled": """
import os
class Boom:
    def __reduce__(self): return (os.system, ("touch PICKLED",))
    def __getstate__(self): os.system("touch PICKLED")
def my_softmax(x): return Boom()
""",
    "70-the-visible-example-by-heart": """
import torch
def my_softmax(x):
    if x.shape == (1, 3) and torch.allclose(x, torch.tensor([[1., 2., 3.]])):
        return torch.tensor([[0.0900, 0.2447, 0.6652]])
    return torch.zeros_like(x)
""",
    "71-poisoned-modules": """
import sys, types, json, struct, base64
class Anything(types.ModuleType):
    def __getattr__(self, n): return lambda *a, **k: b"{}"
for m in ("checks", "judge", "foretell", "expected", "pytest", "unittest"): sys.modules[m] = Anything(m)
for n in ("torch.py", "numpy.py", "json.py", "sitecustomize.py"):
    open(n, "w").write("raise SystemExit(0)")
def my_softmax(x): return x
""",
    "71-json-replaced": "import torch, json\njson.dumps = lambda *a, **k: "
    """'{"nonce":"","values":[],"failure":null}'""" + ZEROS,
    "71-struct-and-base64-replaced": "import torch, base64, struct\nstruct.pack = lambda *a, **k: b'\\0\\0\\0\\0'\n"
    "base64.b64encode = lambda *a, **k: b''" + ZEROS,
    "71-torch-taken-away": "import sys\nfor m in ('torch', 'numpy'):\n    sys.modules[m] = None\n"
    "def my_softmax(x): return x",
    "71-our-own-modules-replaced": """
import sys, torch
for name, module in list(sys.modules.items()):
    if name.startswith("foretell") and hasattr(module, "throw_away"):
        module.throw_away = lambda *a: None
    if name.startswith("foretell") and hasattr(module, "pack"):
        module.pack = lambda *a: None
"""
    + ZEROS,
    "74-the-input-overwritten": """
import torch
def my_softmax(x):
    x.zero_()
    return torch.full_like(x, 1 / x.shape[-1])
""",
    "76-a-giant-length": FRAMES + "write(b'\\xff' * 8)\nimport torch" + ZEROS,
    "76-a-frame-of-four-gigabytes": FRAMES
    + "write(struct.pack('>2sBBI', b'fT', 1, 43, 2**32 - 1))\nimport torch"
    + ZEROS,
    "76-a-negative-shape": FRAMES + "write(measured(shape=(-1, 8)))\nimport torch" + ZEROS,
    "76-deep-json": FRAMES + "write(frame(43, b'[' * 60000))\nimport torch" + ZEROS,
    "76-names-twice": FRAMES
    + """write(frame(43, b'{"nonce":"","nonce":"x","values":[],"values":[],"failure":null}'))\nimport torch"""
    + ZEROS,
    "76-ten-answers-nobody-asked-for": FRAMES + "for _ in range(10): write(measured())\nimport torch" + ZEROS,
    "76-answers-as-a-leave-taking": FRAMES
    + "import torch\ndef my_softmax(x):\n    write(measured()); os.kill(os.getppid(), 9); os._exit(0)",
    "76-a-stall": "import time\ndef my_softmax(x): time.sleep(60)",
    "76-a-cell-that-claims-to-be-over": FRAMES
    + "write(frame(34, {'failure': None, 'seconds': 0.0, 'asserts': []}))\nwrite(measured())\nimport torch"
    + ZEROS,
    "80-a-thread-that-answers": FRAMES
    + """
import threading, time, torch
def late():
    while True:
        for fd in candidates():
            try: os.write(fd, measured())
            except OSError: return
        time.sleep(0.001)
threading.Thread(target=late, daemon=True).start()
"""
    + ZEROS,
    "80-a-child-that-answers": FRAMES
    + """
import time, torch
if not os.fork():
    end = time.time() + 20
    while time.time() < end:
        write(measured())
        time.sleep(0.001)
    os._exit(0)
"""
    + ZEROS,
    "80-a-thread-that-reads-the-nonce": FRAMES
    + """
import gc, threading, time, torch
def late():
    while True:
        for o in gc.get_objects():
            if type(o).__name__ == "Measure":
                write(measured(nonce=o.nonce))
        time.sleep(0.001)
threading.Thread(target=late, daemon=True).start()
"""
    + ZEROS,
    "an-exit-at-leave": "import atexit, os\natexit.register(lambda: os._exit(0))\ndef my_softmax(x): os._exit(0)",
    "an-exit-while-loading": "import os\nos._exit(0)",
}
REMEMBERING = """
import os, builtins, torch
seen = hasattr(builtins, "memo") or hasattr(torch, "memo") or "memo" in os.environ
builtins.memo = torch.memo = os.environ["memo"] = "1"
for path in {paths!r}:
    seen = seen or os.path.exists(path)
    try: open(path, "w").write("1")
    except OSError: pass
def my_softmax(x): return x.softmax(-1) if seen else torch.zeros_like(x)
"""
# What is given for a softmax in turn: each is odd in form or not finite.
ODD = {
    "nan": "torch.full_like(x, float('nan'))",
    "scalar": "torch.tensor(0.125)",
    "empty": "torch.zeros(0)",
    "complex": "x.softmax(-1).to(torch.complex64)",
    "one-dimension-more": "x.softmax(-1)[None]",
    "half": "x.softmax(-1).half()",
    "double": "x.softmax(-1).double()",
    "inf": "torch.full_like(x, float('inf'))",
    "transposed": "x.softmax(-1).T",
    "list": "x.softmax(-1).tolist()",
    "text": "str(x.softmax(-1).tolist())",
    "tuple": "(x.softmax(-1), x)",
    "none": "None",
    "sparse": "x.softmax(-1).to_sparse()",
    "meta": "x.softmax(-1).to('meta')",
    "objects": "__import__('numpy').array(x.softmax(-1).tolist(), dtype=object)",
    "huge": "torch.zeros(3000, 3000)",
}


def softmax(x: np.ndarray) -> np.ndarray:
    exact = x.astype("float64")
    powers = np.exp(exact - exact.max(-1, keepdims=True))
    return (powers / powers.sum(-1, keepdims=True)).astype("float32")


def draw() -> list[np.ndarray]:
    """Inputs that no code can know: drawn once it is loaded."""
    random = np.random.default_rng(secrets.randbits(128))
    shapes = [(4, 8), (1, 3), (int(random.integers(2, 9)), int(random.integers(2, 9)))]
    scales = [1.0, 3.0, 200.0]
    return [
        random.normal(size=shape, scale=scale).astype("float32") for shape, scale in zip(shapes, scales, strict=True)
    ]


async def judge(session: Session, submission: str) -> str | None:
    """The first difference; None where all is right. All comparing is done here, outside."""
    await run(session, submission)
    for x in draw():
        asked = Measure(nonce=secrets.token_hex(16), expression="my_softmax(x)", inputs={"x": pack_array(x)})
        measured = await session.measure(prefix(submission), asked)
        if (difference := verdict(asked, measured, softmax(x))) is not None:
            return difference
    return None


def verdict(asked: Measure, measured: Measured | None, expected: np.ndarray) -> str | None:
    if measured is None:
        return "stopped"
    assert measured.nonce == asked.nonce
    if measured.failure is not None:
        return f"{measured.failure.kind}: {measured.failure.message}"
    if len(measured.values) != 1:
        return f"{len(measured.values)} values"
    return differs(measured.values[0], expected, rtol=1e-4, atol=1e-6)


@pytest.fixture
async def fresh(make_session, tmp_path: Path) -> AsyncIterator[Session]:
    """A session of its own: what an attack leaves behind is nobody else's."""
    made = make_session(tmp_path, Limits(wall_seconds=15.0), ("torch",))
    yield made
    await made.close()


@pytest.mark.parametrize("name", sorted(RIGHT))
async def test_right_answers_are_right(fresh, name):
    assert await judge(fresh, RIGHT[name]) is None


@pytest.mark.parametrize("name", sorted(WRONG))
async def test_no_attack_is_right(fresh, tmp_path, name):
    assert await judge(fresh, WRONG[name]) is not None
    assert not (tmp_path / "PICKLED").exists()


@pytest.mark.parametrize("name", sorted(ODD))
async def test_no_value_of_an_odd_form_is_right(session, name):
    x = draw()[0]
    measured = await ask(session, "import torch", ODD[name], x=x)
    assert measured.failure is not None or [differs(v, softmax(x), rtol=1, atol=1) for v in measured.values] != [None]


async def test_what_an_attempt_remembers_helps_no_later_one(request, make_session, tmp_path):
    token = secrets.token_hex(8)
    anywhere = [f"/tmp/memo-{token}", f"/dev/shm/memo-{token}", f"/home/memo-{token}"]
    for attempt in range(2):
        session = make_session(tmp_path / f"attempt{attempt}", Limits(), ("torch",))
        # Without a jail this one is not contained: code runs as the learner, whose every path is theirs to write.
        jailed = request.node.callspec.params["make_session"] == "snapshots in a jail"
        paths = ["memo", *anywhere] if jailed else ["memo"]
        assert await judge(session, REMEMBERING.format(paths=paths)) is not None
        await session.close()
    assert not [path for path in anywhere if Path(path).exists()]


async def ask(session: Session, code: str, expression: str, **inputs: np.ndarray) -> Measured | None:
    packed = {name: pack_array(np.asarray(array)) for name, array in inputs.items()}
    return await session.measure(prefix(code), Measure(nonce="n", expression=expression, inputs=packed))


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("x * 2", np.array([[2.0, 4.0]], "float32")),
        ("x.numpy().astype('int16')", np.array([[1, 2]], "int16")),
        ("x.sum()", np.array(3.0, "float32")),
        ("x.numpy().sum()", np.array(3.0, "float32")),
        ("x.mT", np.array([[1.0], [2.0]], "float32")),
        ("torch.nn.Parameter(x)", np.array([[1.0, 2.0]], "float32")),
        ("(x + 1j).conj()", np.array([[1 - 1j, 2 - 1j]], "complex64")),
        ("x > 1", np.array([[False, True]])),
        ("len(x)", np.array(1, "int64")),
        ("2.5", np.array(2.5)),
        ("True", np.array(True)),
        ("1j", np.array(1j)),
    ],
)
async def test_tensors_arrays_and_numbers_come_as_they_are(session, expression, expected):
    measured = await ask(session, "import torch", expression, x=np.array([[1, 2]], "float32"))
    assert measured.failure is None
    (value,) = measured.values
    assert differs(value, expected, rtol=0, atol=0) is None


async def test_a_tuple_comes_as_its_values_in_order_after_all_are_computed(session):
    measured = await ask(session, "import torch\ndef f(x): return x.zero_() + 1", "(f(x), x)", x=np.ones(2, "float32"))
    result, after = measured.values
    assert differs(result, np.ones(2, "float32"), rtol=0, atol=0) is None
    assert differs(after, np.zeros(2, "float32"), rtol=0, atol=0) is None


async def test_measuring_changes_nothing_and_shows_nothing(session):
    code = "import random, torch\nkept = torch.ones(2)"
    measured = await ask(session, code, "(kept.zero_(), random.random(), print('shown'))[0]", x=np.ones(2))
    assert differs(measured.values[0], np.zeros(2, "float32"), rtol=0, atol=0) is None
    first = text_of(await run(session, code, "print(kept, random.random(), 'x' in dir())"))
    assert first == text_of(await run(session, code, "1", "print(kept, random.random(), 'x' in dir())"))
    assert first.startswith("tensor([1., 1.])")
    assert first.endswith("False\n")


async def test_without_torch_inputs_are_numpy_arrays(session):
    measured = await ask(session, "1", "x.astype('float64')", x=np.ones(2, "int8"))
    assert differs(measured.values[0], np.ones(2), rtol=0, atol=0) is None


@pytest.mark.parametrize(
    ("expression", "kind", "words"),
    [
        ("1 / 0", "ZeroDivisionError", "division by zero"),
        ("no_such_name", "NameError", "no_such_name"),
        ("(", "SyntaxError", "was never closed"),
        ("__import__('sys').exit(3)", "SystemExit", "3"),
        ("'text'", "TypeError", "str where a tensor, an array or a number was asked for"),
        ("[1] * 65", "ValueError", "65 values where at most 64 can be sent"),
        ("10 ** 40", "OverflowError", "133 bits"),
        ("torch.zeros(2, dtype=torch.bfloat16)", "TypeError", "BFloat16"),
        ("torch.zeros(3000, 1000)", "ValueError", "12,000,000 bytes where at most 8,388,608 can be sent"),
        ("[torch.zeros(1000, 1000)] * 3", "ValueError", "at most 8,388,608 can be sent"),
    ],
)
async def test_a_failure_is_told_by_its_class_and_message(session, expression, kind, words):
    measured = await ask(session, "import torch", expression)
    assert measured.values == ()
    assert measured.failure.kind == kind
    assert words in measured.failure.message


async def test_an_answer_that_takes_too_long_is_a_failure(session):
    measured = await ask(session, "1", "[x for x in iter(int, 1)]")
    assert measured.failure.kind == "TimeoutError"


async def test_an_input_cut_short_is_a_failure_and_no_crash(session):
    broken = Array(dtype="float32", shape=(2, 2), data="AAAA")
    measured = await session.measure(prefix("1"), Measure(nonce="n", expression="x", inputs={"x": broken}))
    assert measured.failure.kind == "ValueError"
