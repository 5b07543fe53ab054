import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foretell.judge.calibration import Dot, calibrate, hit, is_confident_miss
from foretell.model.attempt import Judgement, SelfMark, Verdict


def judged(verdict, mark=None):
    return Judgement(question="q", verdict=Verdict(verdict), difference="", observed="", mark=mark)


@pytest.mark.parametrize(
    ("verdict", "mark", "came_true"),
    [
        ("right", None, True),
        ("near", None, False),
        ("wrong", None, False),
        ("unknown", None, None),
        ("self", None, None),
        ("self", SelfMark.MATCH, True),
        ("self", SelfMark.PARTLY, False),
        ("self", SelfMark.NO, False),
        ("unknown", SelfMark.MATCH, None),
    ],
)
def test_near_is_a_miss_and_what_was_not_compared_is_left_out(verdict, mark, came_true):
    assert hit(judged(verdict, mark)) is came_true


def test_a_miss_is_confident_from_eighty_up():
    assert is_confident_miss(80, judged("near"))
    assert not is_confident_miss(70, judged("wrong"))
    assert not is_confident_miss(95, judged("right"))
    assert not is_confident_miss(95, judged("unknown"))


def test_dots_carry_their_n():
    summary = calibrate([(80, True), (80, False), (20, False), (80, True)])
    assert summary.dots == (Dot(stop=20, n=1, hits=0), Dot(stop=80, n=3, hits=2))
    assert (summary.matched, summary.total) == (2, 4)


def test_there_is_no_verdict_under_fifteen():
    summary = calibrate([(95, False)] * 14)
    assert (summary.sentence, summary.overconfident) == ("Too few to judge yet", False)


def test_a_clear_gap_is_said_with_its_uncertainty():
    summary = calibrate([(95, True)] * 5 + [(95, False)] * 10)
    assert summary.overconfident
    assert summary.sentence == (
        "Over 15 predictions you said 95% on average, and 5 of 15 (33%) matched: fewer than you expected, "
        "and chance alone moves that by about 9%."
    )


def test_no_gap_is_called_no_clear_gap():
    summary = calibrate([(60, True)] * 10 + [(60, False)] * 6)
    assert not summary.overconfident
    assert "no clear gap" in summary.sentence


def test_too_little_confidence_is_said_and_not_flagged():
    summary = calibrate([(20, True)] * 15)
    assert not summary.overconfident
    assert "more than you expected" in summary.sentence


def test_nothing_predicted_is_nothing_said():
    summary = calibrate([])
    assert (summary.dots, summary.total, summary.sentence) == ((), 0, "Too few to judge yet")


def flagged(gap_percent, predictions, learners=4000):
    draw = random.Random(7)
    stops = (20, 40, 60, 80, 95)
    count = 0
    for _ in range(learners):
        outcomes = []
        for _ in range(predictions):
            stop = draw.choice(stops)
            outcomes.append((stop, draw.random() * 100 < stop - gap_percent))
        count += calibrate(outcomes).overconfident
    return count / learners


def test_a_calibrated_learner_is_flagged_about_once_in_twenty():
    assert 0.03 < flagged(0, 20) < 0.07


def test_a_gap_of_twenty_five_points_is_mostly_seen_in_thirty_predictions():
    assert flagged(25, 30, learners=1000) > 0.8


@given(st.lists(st.tuples(st.integers(1, 99), st.booleans()), max_size=60))
def test_the_dots_add_up(outcomes):
    summary = calibrate(outcomes)
    assert sum(dot.n for dot in summary.dots) == summary.total == len(outcomes)
    assert sum(dot.hits for dot in summary.dots) == summary.matched
    assert not (summary.overconfident and summary.total < 15)
