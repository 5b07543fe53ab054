"""Which name a wrong answer is given: by signs, by imitation, and none where several fit."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from foretell.judge.behaviour import Behaviour, Entries
from foretell.judge.conclude import conclude
from foretell.judge.diagnose import Answered, Asked, is_right, name_of
from foretell.model.attempt import CheckVerdict
from foretell.model.belief import Build, Misconception, Probing
from foretell.model.run import Failure

PROBING = Probing(builds=(Build(make="f(x)", inputs=((2,),)),))
SOURCE = "def f(x):\n    return x + 1\n"


def behaviour(*numbers: float) -> Behaviour:
    return Behaviour(
        notes={
            "0/type": {"is": "Net", "torch": ["Module"]},
            "0/out0": Entries(dtype="float32", values=np.array(numbers)),
            "0/input0": Entries(dtype="float32", values=np.array([7.0, 7.0])),
        }
    )


ASKED = Asked(
    wanted="f", starter="def f(x):\n    pass\n", before=frozenset(), probing=PROBING, reference=behaviour(1.0, 2.0)
)


def answer(source: str = SOURCE, seen: Behaviour | None = None, failure: Failure | None = None) -> Answered:
    return Answered(source=source, failure=failure, behaviour=seen)


def belief(name: str, *signs: tuple[str, ...]) -> Misconception:
    return Misconception(id=name, name=name, refutation="It is not so.", says=f"{name} it is.", signs=signs)


WRONG = answer(seen=behaviour(1.0, 3.0))


def test_what_behaves_like_the_solution_is_right() -> None:
    assert is_right(answer(seen=behaviour(1.0, 2.0)), ASKED)
    assert not is_right(WRONG, ASKED)
    assert not is_right(answer(failure=Failure(kind="NameError", message="no")), ASKED)


def test_what_behaves_like_a_wrong_example_has_its_name() -> None:
    examples = [("doubled", answer(seen=behaviour(1.0, 3.0))), ("halved", answer(seen=behaviour(0.5, 1.0)))]
    assert name_of(WRONG, ASKED, examples, [belief("doubled"), belief("halved")]) == "doubled"


def test_two_beliefs_with_one_behaviour_give_no_name() -> None:
    examples = [("doubled", answer(seen=behaviour(1.0, 3.0))), ("halved", answer(seen=behaviour(1.0, 3.0)))]
    assert name_of(WRONG, ASKED, examples, [belief("doubled"), belief("halved")]) is None


def test_a_sign_decides_between_beliefs_with_one_behaviour() -> None:
    examples = [("doubled", answer(seen=behaviour(1.0, 3.0))), ("halved", answer(seen=behaviour(1.0, 3.0)))]
    signed = belief("doubled", ("source: computes what it does not use",), ("imitates", "source: has a loop"))
    assert name_of(WRONG, ASKED, examples, [signed, belief("halved")]) == "halved"


def test_what_returns_its_input_is_not_named_by_imitation() -> None:
    own = answer(seen=behaviour(7.0, 7.0))
    assert name_of(own, ASKED, [("doubled", own)], [belief("doubled")]) is None


def test_every_part_of_a_sign_has_to_hold() -> None:
    sign = ("source: averages or adds up", "not source: has a loop")
    own = answer("def f(x):\n    return x.mean()\n", behaviour(1.0, 3.0))
    looped = answer("def f(x):\n    for _ in x:\n        pass\n    return x.mean()\n", behaviour(1.0, 3.0))
    assert name_of(own, ASKED, [], [belief("averaged", sign)]) == "averaged"
    assert name_of(looped, ASKED, [], [belief("averaged", sign)]) is None


def test_code_that_replaces_what_others_use_is_named_only_by_that() -> None:
    own = answer("def sum(values):\n    return 385\n" + SOURCE, behaviour(1.0, 3.0))
    tampers = belief("tampers", ("source: rebinds a builtin",))
    examples = [("doubled", answer(seen=behaviour(1.0, 3.0)))]
    assert name_of(own, ASKED, examples, [tampers, belief("doubled")]) == "tampers"
    assert name_of(own, ASKED, examples, [belief("doubled")]) is None


def test_what_a_limit_ended_is_stopped_and_named_only_by_what_says_so() -> None:
    own = answer(
        "while True:\n    pass\n", failure=Failure(kind="time", message="Your cell ran longer than 2 seconds.")
    )
    catalogue = [belief("loops", ("source: has a loop",)), belief("endless", ("stopped: time", "source: has a loop"))]
    found = conclude(own, ASKED, [], catalogue)
    assert (found.verdict, found.misconception) == (CheckVerdict.STOPPED, "endless")
    assert "In the check your code ran longer" in found.difference


def test_a_wrong_answer_without_a_name_shows_the_plainest_difference() -> None:
    found = conclude(WRONG, ASKED, [], [])
    assert (found.verdict, found.misconception) == (CheckVerdict.WRONG, None)
    assert "3" in found.difference
    assert "2" in found.difference
    assert all(one.evidence for one in found.checks if not one.ok)


def test_a_syntax_error_is_wrong_and_told_with_its_line() -> None:
    own = answer("def f(x)\n", failure=Failure(kind="SyntaxError", message="expected ':' (<input>, line 1)", line=1))
    found = conclude(own, ASKED, [], [belief("unread", ("source: is not Python",))])
    assert (found.verdict, found.misconception) == (CheckVerdict.WRONG, "unread")
    assert found.difference == "Line 1: Python cannot read it (expected ':')."


def test_a_wrong_answer_that_has_every_behaviour_that_is_listed_is_not_said_to_pass_all() -> None:
    kept = {"earlier/model/0": Entries(dtype="float32", values=np.array([1.0]))}
    changed = {"earlier/model/0": Entries(dtype="float32", values=np.array([2.0]))}
    told = {
        "0/count": 2,
        "0/shared": 0,
        "0/taken": (),
        "0/hook0": Entries(dtype="float32", values=np.array([1.0, 2.0])),
    }
    asked = replace(ASKED, reference=Behaviour(notes={**behaviour(1.0, 2.0).notes, **told, **kept}))
    found = conclude(answer(seen=Behaviour(notes={**behaviour(1.0, 2.0).notes, **told, **changed})), asked, (), ())
    assert found.verdict is CheckVerdict.WRONG
    assert not all(one.ok for one in found.checks)
