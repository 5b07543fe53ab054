"""One behaviour, whatever the attributes are called, in whatever order they stand, whichever way a matrix lies."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from foretell.judge.behaviour import Behaviour, Entries, Failed, Note
from foretell.judge.likeness import earlier_differ, same_behaviour, same_set, starts_even, unmoved
from foretell.model.belief import Build, Probing

PROBING = Probing(builds=(Build(make="Net()", inputs=((5, 10),)),))


def entries(*numbers: float) -> Entries:
    return Entries(dtype="float32", values=np.array(numbers))


def behaviour(**changed: Note) -> Behaviour:
    notes: dict[str, Note] = {
        "0/type": {"is": "Net", "torch": ["Module"]},
        "0/parameters": (["fc.weight", [3, 2], "float32", True], ["fc.bias", [3], "float32", True]),
        "0/shared": 0,
        "0/taken": (),
        "0/start": ([0.0, 1.0], [0.0, 1.0]),
        "0/out0": entries(1.0, -2.0),
        "0/hook0": entries(1.0, -2.0),
        "0/input0": entries(3.0),
        "0/same": entries(1.0, -2.0),
        "0/other": entries(1.0, -2.0),
        "0/eval": entries(1.0, -2.0),
        "0/grad": entries(0.5),
        "0/zero": entries(0.0, 0.0),
        "0/moved": (0.1, 0.2),
    }
    notes |= {key.replace("_", "/"): value for key, value in changed.items()}
    return Behaviour(notes={key: note for key, note in notes.items() if note is not None})


def same(one: Behaviour, other: Behaviour) -> bool:
    return same_behaviour(one, other, PROBING)


def test_a_behaviour_is_like_itself() -> None:
    assert same(behaviour(), behaviour())


def test_names_order_and_direction_of_parameters_do_not_matter() -> None:
    other = (["b", [3], "float32", True], ["w", [2, 3], "float32", True])
    assert same(behaviour(**{"0_parameters": other}), behaviour())


def test_every_sort_of_difference_is_seen() -> None:
    for key, note in {
        "0_parameters": (["w", [3, 2], "float32", False], ["b", [3], "float32", True]),
        "0_shared": 2,
        "0_taken": ("model",),
        "0_start": ([1.0, 1.0], [0.0, 0.0]),
        "0_out0": entries(1.0, -2.5),
        "0_hook0": None,
        "0_input0": entries(4.0),
        "0_same": entries(9.0, 9.0),
        "0_eval": entries(1.0, 2.0),
        "0_grad": {"is": "cut"},
        "0_zero": entries(0.0, 1.0),
        "0_moved": (0.0, 0.2),
        "0_type": {"is": "Net", "torch": []},
        "earlier_model0": entries(1.0),
    }.items():
        assert not same(behaviour(**{key: note}), behaviour()), key


def test_a_failure_is_compared_at_its_stage() -> None:
    failed = behaviour(**{"0_out0": Failed(kind="TypeError", message="no")})
    assert not same(failed, behaviour())
    assert same(failed, behaviour(**{"0_out0": Failed(kind="TypeError", message="no")}))


def test_what_chance_decides_is_compared_by_shape() -> None:
    one = behaviour(**{"0_out0": entries(1.0, 2.0), "0_same": entries(3.0, 4.0)})
    other = behaviour(**{"0_out0": entries(5.0, 6.0), "0_same": entries(7.0, 8.0)})
    assert same(one, other)


@given(st.permutations(range(4)), st.integers(0, 2**16))
def test_a_set_of_gradients_has_no_order_and_no_direction(order: list[int], turned: int) -> None:
    random = np.random.default_rng(turned)
    ones = [
        random.normal(size=(3, 2)),
        random.normal(size=(3,)),
        random.normal(size=(1, 3)),
        random.normal(size=(4, 4)),
    ]
    others = [ones[place].T if turned >> place & 1 else ones[place] for place in order]
    assert same_set(ones, others)
    assert not same_set(ones, [*others[:-1], others[-1] + 1])


def test_weights_of_one_number_start_even_and_biases_do_not_count() -> None:
    assert starts_even(behaviour(**{"0_start": ([0.1, 0.1], [0.0, 1.0])}), "0")
    assert not starts_even(behaviour(**{"0_start": ([0.0, 1.0], [0.0, 0.0])}), "0")


def test_parameters_that_stay_are_counted() -> None:
    assert unmoved(behaviour(**{"0_moved": (0.0, 0.2, 0.0)}), "0") == 2
    assert unmoved(behaviour(**{"0_moved": None}), "0") is None


def test_a_module_of_an_earlier_cell_that_was_changed_is_named() -> None:
    one, other = (behaviour(**{"earlier_layer2_0": entries(number)}) for number in (1.0, 2.0))
    assert earlier_differ(one, other) == "layer2"
