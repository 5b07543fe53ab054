"""What `make bench` keeps and prints."""

from __future__ import annotations

import json

import pytest
from bench.measure import Row, Side, compare, keep


def row(name: str, ours: float) -> Row:
    return Row(name=name, ours=ours, other=10.0, unit="ms", other_is="a peer", note="5 turns")


def test_a_row_is_kept_with_exactly_what_was_promised(tmp_path):
    keep([row("cell", 4.0)], ["cell"], tmp_path / "results" / "latest.json", anew=True)
    kept = json.loads((tmp_path / "results" / "latest.json").read_text())
    assert kept == [{"name": "cell", "ours": 4.0, "other": 10.0, "unit": "ms", "ratio": 2.5, "other_is": "a peer"}]


@pytest.mark.parametrize(("anew", "names"), [(True, ["b"]), (False, ["a", "b"])])
def test_rows_of_other_names_stay_where_only_some_were_measured(tmp_path, anew, names):
    path = tmp_path / "latest.json"
    keep([row("a", 1.0), row("b", 1.0), row("renamed since", 1.0)], ["a", "b", "renamed since"], path, anew=True)
    keep([row("b", 2.0)], ["a", "b"], path, anew=anew)
    kept = json.loads(path.read_text())
    assert [each["name"] for each in kept] == names
    assert kept[-1]["ours"] == 2.0


async def test_the_first_turn_of_each_side_does_not_count():
    def taking(*seconds: float) -> Side:
        given = iter(seconds)

        async def work() -> float:
            return next(given)

        return Side(name="a peer", work=work)

    compared = await compare("cell", taking(9.0, 0.1, 0.3, 0.2), taking(9.0, 1.0, 1.0, 1.0), rounds=3)
    assert (compared.ours, compared.other, compared.ratio) == (200.0, 1000.0, pytest.approx(5.0))
