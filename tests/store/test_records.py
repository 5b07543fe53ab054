import pytest
from hypothesis import given
from hypothesis import strategies as st

from foretell.errors import StoreError
from foretell.model.attempt import BehaviourCheck, CheckVerdict, Diagnosis, Reading
from foretell.model.lesson import AnswerKind
from foretell.model.run import AssertSeen, DisplayOutput, ErrorOutput, Failure, Observation, Run, StreamOutput
from foretell.store.records import (
    diagnosis_from_json,
    diagnosis_to_json,
    readings_from_json,
    readings_to_json,
    run_from_json,
    run_to_json,
    texts_from_json,
    texts_to_json,
)

words = st.text(max_size=12) | st.sampled_from(["\ud800", "\x00", "é\n", "🙂"])
number = st.none() | st.integers(0, 99)
finite = st.floats(allow_nan=False)
plain = st.none() | st.booleans() | st.integers() | finite | words
json = st.recursive(plain, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3))
outputs = st.one_of(
    st.builds(StreamOutput, name=words, text=words),
    st.builds(
        DisplayOutput,
        data=st.dictionaries(words, words, max_size=3),
        execution_count=number,
        display_id=st.none() | words,
    ),
    st.builds(ErrorOutput, name=words, value=words, lines=st.lists(words, max_size=3).map(tuple)),
)
asserts = st.builds(
    AssertSeen,
    line=st.integers(1, 99),
    source=words,
    passed=st.none() | st.booleans(),
    left=words,
    operator=words,
    right=words,
    message=words,
)
runs = st.builds(
    Run,
    cell=words,
    outputs=st.lists(outputs, max_size=4).map(tuple),
    failure=st.none() | st.builds(Failure, kind=words, message=words, line=number),
    observations=st.dictionaries(
        st.tuples(words, st.integers(0, 9)), st.builds(Observation, type=words, text=words, value=json), max_size=3
    ),
    asserts=st.lists(asserts, max_size=3).map(tuple),
    seconds=finite,
    failed_before=st.lists(words, max_size=3).map(tuple),
)
values = st.booleans() | st.integers() | finite | words | st.lists(st.integers(), max_size=3).map(tuple)
values |= st.lists(words, max_size=3).map(tuple)
readings = st.builds(Reading, kind=st.sampled_from(AnswerKind), value=values, echo=words)


@given(runs)
def test_a_run_comes_back_as_it_went_in(run):
    text = run_to_json(run)
    assert text.isascii()
    assert run_from_json(text) == run


@given(st.lists(readings, max_size=3).map(tuple))
def test_readings_come_back_as_they_went_in(said):
    again = readings_from_json(readings_to_json(said))
    assert again == said
    assert [type(one.value) for one in again] == [type(one.value) for one in said]


checks = st.builds(BehaviourCheck, says=words, ok=st.booleans(), evidence=words)
diagnoses = st.builds(
    Diagnosis,
    verdict=st.sampled_from(CheckVerdict),
    misconception=st.none() | words,
    says=words,
    difference=words,
    checks=st.lists(checks, max_size=3).map(tuple),
    seconds=finite,
)


@given(diagnoses)
def test_a_diagnosis_comes_back_as_it_went_in(found):
    text = diagnosis_to_json(found)
    assert text.isascii()
    assert diagnosis_from_json(text) == found


@given(st.lists(words, max_size=3).map(tuple))
def test_texts_come_back_as_they_went_in(texts):
    assert texts_from_json(texts_to_json(texts)) == texts


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"cell": 1, "outputs": [{"is": "smell"}]}', "null", "[" * 2000])
def test_a_damaged_record_is_an_error_with_a_remedy(text):
    with pytest.raises(StoreError, match="restore a backup"):
        run_from_json(text)
