"""The limit: the cells with `exec` in one warm process, one thread, nothing captured or kept.

Enters: the path of a JSON list of sources; a line on standard input for each round, "drawn" or "undrawn". Leaves: one
line of JSON for each. Invariant: each round has a namespace of its own; "drawn" makes a PNG of each figure shown, as a
notebook does, and "undrawn" throws figures away.
"""

from __future__ import annotations

import contextlib
import io
import json
import sys
import time
from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt

mpl.use("Agg")


def show_drawn() -> None:
    """Do what a notebook's `plt.show` does: draw each figure as a PNG, and close it."""
    for number in plt.get_fignums():
        plt.figure(number).savefig(io.BytesIO(), format="png", bbox_inches="tight", dpi=100)
    plt.close("all")


def show_undrawn() -> None:
    """Throw the figures away."""
    plt.close("all")


def main() -> None:
    """Run the cells once a line."""
    codes = [
        compile(text, f"<cell {place}>", "exec") for place, text in enumerate(json.loads(Path(sys.argv[1]).read_text()))
    ]
    for line in sys.stdin:
        plt.show = show_drawn if line.strip() == "drawn" else show_undrawn
        space: dict[str, object] = {"__name__": "__main__"}
        began = time.perf_counter()
        with contextlib.redirect_stdout(io.StringIO()):
            for code in codes:
                exec(code, space)
        seconds = time.perf_counter() - began
        print(json.dumps({"seconds": seconds}), flush=True)


if __name__ == "__main__":
    main()
