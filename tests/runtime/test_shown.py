"""What a run has shown, once updates and clearings are applied."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from foretell.model.run import ClearOutput, DisplayOutput, StreamOutput, UpdateDisplay
from foretell.runtime.outputs import Outputs

names = st.sampled_from(["a", "b"])
texts = st.sampled_from(["1", "2", "3"])
events = st.one_of(
    st.builds(lambda name, text: DisplayOutput(data={"text/plain": text}, display_id=name), names, texts),
    st.builds(lambda name, text: UpdateDisplay(data={"text/plain": text}, display_id=name), names, texts),
    st.builds(lambda text: StreamOutput(name="stdout", text=text), texts),
    st.builds(lambda wait: ClearOutput(wait=wait), st.booleans()),
)


def plainly(given_events):
    """The same, one event after the other."""
    kept, clear_at_next = [], False
    for event in given_events:
        if isinstance(event, ClearOutput):
            clear_at_next = event.wait
            kept = kept if event.wait else []
            continue
        if clear_at_next:
            kept, clear_at_next = [], False
        if isinstance(event, UpdateDisplay):
            for shown in kept:
                if shown[0] == event.display_id:
                    shown[1] = event.data["text/plain"]
        elif isinstance(event, DisplayOutput):
            kept.append([event.display_id, event.data["text/plain"]])
        elif kept and kept[-1][0] is None:
            kept[-1][1] += event.text
        else:
            kept.append([None, event.text])
    return kept


@given(st.lists(events, max_size=30), st.integers(0, 30))
def test_updates_reach_the_displays_that_were_there(sent, looked_at):
    outputs = Outputs()
    for place, event in enumerate(sent):
        if place == looked_at:
            outputs.finished()
        outputs.add(event)
    seen = [
        [output.display_id, output.data["text/plain"]] if isinstance(output, DisplayOutput) else [None, output.text]
        for output in outputs.finished()
    ]
    assert seen == plainly(sent)


def test_thousands_of_one_name_updated_as_often_are_no_work_until_they_are_asked_for():
    outputs = Outputs()
    for _ in range(20_000):
        outputs.add(DisplayOutput(data={"text/plain": "old"}, display_id="a"))
    for number in range(20_000):
        outputs.add(UpdateDisplay(data={"text/plain": str(number)}, display_id="a"))
    assert {output.data["text/plain"] for output in outputs.finished()} == {"19999"}
