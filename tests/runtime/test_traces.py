"""A cell that is not to be seen leaves its effects and not its text."""

from __future__ import annotations

from cells import text_of

from foretell.model.run import CellSource, Run, RunRequest

SECRET = "def hidden():\n    marker = 'do not show'\n    return 1 / 0\nvalue = 7"
LOOK = """
import gc, inspect, linecache
found = [str(In), str(_ih), _i, _ii, _iii, str({k: v for k, v in globals().items() if k.startswith('_i')})]
found += [str(line) for entry in linecache.cache.values() for line in entry[2]]
found += [str(get_ipython().history_manager.__dict__)]
try:
    found.append(inspect.getsource(hidden))
except OSError:
    found.append('no source')
print(value, any('do not show' in text for text in found), found[-1])
"""


async def test_a_cell_that_keeps_no_source_cannot_be_read_back(session):
    hidden = CellSource(cell="a", text=SECRET, keeps_source=False)
    look = CellSource(cell="b", text=LOOK.replace("'do not show'", "'do not' + ' show'"))
    async for event in session.run(RunRequest(prefix=(hidden,), cell=look)):
        ended = event
    assert isinstance(ended, Run)
    assert text_of(ended).split(maxsplit=2) == ["7", "False", "no source\n"]


async def test_a_traceback_through_such_a_cell_does_not_show_it(session):
    hidden = CellSource(cell="a", text=SECRET, keeps_source=False)
    async for event in session.run(RunRequest(prefix=(hidden,), cell=CellSource(cell="b", text="hidden()"))):
        ended = event
    assert isinstance(ended, Run)
    assert ended.failure.kind == "ZeroDivisionError"
    assert "do not show" not in str(ended.outputs)
