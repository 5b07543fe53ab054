"""What a cell was refused where Python's own words say little: figures, many files, short writes, programs."""

from __future__ import annotations

import pytest
from cells import displays, run, text_of
from runtimes import confined, unconfined

from foretell.runtime.session import Limits

FIGURE = "import matplotlib.pyplot as plt\nfigure = plt.figure(figsize=(40, 40), dpi=1000)\nplt.plot([1]);"
SMALLER = "Make the figure smaller, with figsize or dpi."


@pytest.fixture
async def roomy(make_session, tmp_path):
    made = make_session(tmp_path, Limits(memory_bytes=1 << 30), ("matplotlib.pyplot",))
    yield made
    await made.close()


@pytest.mark.parametrize(
    "code", [f"{FIGURE}", f"{FIGURE}\nplt.show()", f"{FIGURE}\nfigure.savefig('a.png')"], ids=["end", "show", "save"]
)
async def test_a_figure_too_large_for_the_memory_is_told_with_what_to_do(roomy, code):
    seen = await run(roomy, code)
    assert seen.failure.kind == "MemoryError"
    assert seen.failure.message.startswith("Your cell asked for more memory than ")
    assert seen.failure.message.endswith(SMALLER)


async def test_a_figure_that_was_refused_spoils_no_later_cell(roomy):
    seen = await run(roomy, f"kept = 1\n{FIGURE}", "kept")
    assert seen.failure is None
    assert displays(seen) == [{"text/plain": "1"}]


async def test_other_memory_is_told_without_figures(roomy):
    seen = await run(roomy, "bytearray(1 << 60)")
    assert SMALLER not in seen.failure.message
    assert (await run(roomy, "try:\n    bytearray(1 << 60)\nexcept MemoryError:\n    print('caught')")).failure is None


@confined
async def test_too_many_files_are_told_by_their_number(session):
    seen = await run(session, "for i in range(6000):\n    open(f'f{i}', 'w').close()")
    assert "made more than the 4,096 files and folders that there is room for." in seen.failure.message


async def test_an_array_too_large_for_a_file_is_told_with_the_limit(make_session, tmp_path):
    session = make_session(tmp_path, Limits(file_bytes=1 << 20))
    lower = (
        "import resource\nmost = resource.getrlimit(resource.RLIMIT_FSIZE)[1]\n"
        "if not 0 < most <= 1 << 20:\n    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, most))\n"
    )
    seen = await run(session, f"{lower}import numpy as np\nnp.save('a.npy', np.zeros(1_000_000))")
    told = seen.failure.message
    assert "the limit of 1 MB for one file" in told or "that there are for files" in told
    code = "import numpy as np\nraise OSError('10 requested and 5 written')"
    assert (await run(session, code)).failure.message == "10 requested and 5 written"
    await session.close()


@confined
async def test_a_program_that_os_system_would_start_is_refused_in_words(session):
    seen = await run(session, "import os\nos.system('ls')")
    assert (seen.failure.kind, seen.failure.line) == ("OSError", 2)
    assert "its cells cannot start another program" in seen.failure.message


@unconfined
async def test_where_there_is_a_shell_os_system_is_what_it_was(session):
    seen = await run(
        session, "import os\nprint(os.system('exit 3'), os.system(b'true'), os.system.__name__)\nos.system(7)"
    )
    assert text_of(seen) == "768 0 system\n"
    assert seen.failure.kind == "TypeError"
