"""What a run may show: what fits passes unchanged, what does not is replaced by a sentence or ends the run."""

from __future__ import annotations

import base64
import io
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from foretell.model.run import ClearOutput, DisplayOutput, ErrorOutput, StreamOutput, UpdateDisplay
from foretell.runtime.allowance import MOST_ENTRIES, Allowance
from foretell.runtime.limits import Limits


def picture(width: int = 4, height: int = 4, kind: str = "PNG") -> str:
    held = io.BytesIO()
    Image.new("RGB", (width, height)).save(held, kind)
    return base64.b64encode(held.getvalue()).decode()


def shown(allowance: Allowance, **data: str) -> dict[str, str]:
    named = {name.replace("_", "/", 1).replace("_", "+"): entry for name, entry in data.items()}
    return allowance.fit(DisplayOutput(data=named)).data


@given(st.lists(st.text(min_size=1, max_size=30)), st.integers(0, 200))
def test_text_passes_up_to_the_limit_in_bytes_and_not_beyond(texts, most):
    allowance = Allowance(Limits(output_bytes=most))
    fitting = [allowance.fit(StreamOutput(name="stdout", text=text)) for text in texts]
    passed = "".join(out.text for out in fitting if out is not None)
    whole = "".join(texts)
    size = len(whole.encode())
    assert whole.startswith(passed)
    assert len(passed.encode()) <= most
    assert (allowance.failure is None) == (size <= most) == (passed == whole)
    assert len(passed.encode()) > min(size, most) - 4


def test_the_end_names_the_limit_and_what_to_do():
    allowance = Allowance(Limits(output_bytes=2 << 20))
    allowance.fit(StreamOutput(name="stdout", text="x" * (3 << 20)))
    assert allowance.failure.kind == "output"
    assert "Your cell printed more than the limit of 2 MB" in allowance.failure.message
    assert "run it again" in allowance.failure.message


def test_after_the_end_nothing_fits():
    allowance = Allowance(Limits(output_bytes=1))
    allowance.fit(StreamOutput(name="stdout", text="xx"))
    assert allowance.fit(StreamOutput(name="stdout", text="x")) is None
    assert allowance.fit(ClearOutput(wait=False)) is None


@pytest.mark.parametrize("event", [ClearOutput(wait=False), UpdateDisplay(display_id="d", data={})])
def test_events_without_text_are_not_endless_either(event):
    allowance = Allowance(Limits(output_bytes=1000))
    fitted = [allowance.fit(event) for _ in range(20)]
    assert fitted[0] == event
    assert fitted[-1] is None


def test_pictures_are_no_text():
    allowance = Allowance(Limits(output_bytes=100))
    assert "image/png" in shown(allowance, image_png=picture(64, 64), text_plain="<Figure>")


def test_a_picture_of_too_many_pixels_is_replaced_by_a_sentence():
    head = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + struct.pack(">II", 50_000, 40_000)
    data = shown(Allowance(Limits()), image_png=base64.b64encode(head).decode(), text_plain="<Figure>")
    assert data == {
        "text/plain": "(A picture of 50,000 x 40,000 pixels is not shown: the limit is 16,777,216 pixels. "
        "Make the figure smaller, with figsize or dpi.)"
    }


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "WEBP"])
def test_what_a_picture_is_said_to_be_does_not_hide_its_size(kind):
    small = Allowance(Limits(picture_pixels=99))
    assert "10 x 10" in shown(small, image_png=picture(10, 10, kind))["text/plain"]


@pytest.mark.parametrize("entry", [picture(kind="BMP"), "AAAA", "", "é", f"%69{picture()[1:]}", f"{picture()[:8]}*"])
def test_what_is_no_picture_is_not_sent_as_one(entry):
    assert "no PNG, JPEG, GIF or WebP" in shown(Allowance(Limits()), image_png=entry)["text/plain"]


def test_line_breaks_in_a_picture_are_what_libraries_write():
    broken = "\n".join([picture()[:20], picture()[20:], ""])
    assert shown(Allowance(Limits()), image_png=broken) == {"image/png": broken}


def test_a_picture_of_too_many_bytes_is_replaced_by_a_sentence():
    data = shown(Allowance(Limits(picture_bytes=2000)), image_svg_xml="<svg>" + " " * 3000 + "</svg>")
    assert "A picture of 2.94 KB is not shown: the limit is 1.953 KB" in data["text/plain"]


def test_an_animation_in_html_counts_as_pictures():
    allowance = Allowance(Limits(output_bytes=1000, picture_bytes=10_000))
    frames = f"<img src='data:image/png;base64,{'A' * 4000}'>"
    assert shown(allowance, text_html=frames) == {"text/html": frames}
    assert "A display of 19.7 KB is not shown" in shown(allowance, text_html=frames * 5)["text/plain"]
    assert allowance.fit(DisplayOutput(data={"text/html": "x" * 4000})) is None


def test_too_many_pictures_end_the_run():
    allowance = Allowance(Limits(picture_bytes=1000))
    while (fitted := allowance.fit(DisplayOutput(data={"image/png": picture(40, 40)}))) is not None:
        assert fitted.data
    assert "pictures" in allowance.failure.message


@given(st.integers(1, 1000), st.integers(1, 3000))
def test_outputs_that_come_all_at_once_are_let_through_at_their_pace(rate, count):
    allowance = Allowance(Limits(outputs_per_second=rate))
    now = 100.0
    for _ in range(count):
        now += allowance.wait_seconds(now)
    assert now - 100.0 == pytest.approx(max(0.0, count / rate - 1), abs=1e-6)


def test_outputs_that_keep_to_their_pace_never_wait():
    allowance = Allowance(Limits(outputs_per_second=10))
    assert not any(allowance.wait_seconds(100 + place / 10) > 1e-9 for place in range(1000))


@pytest.mark.parametrize(
    "event",
    [
        ErrorOutput(name="E", value="v", lines=("x" * 2000,)),
        ErrorOutput(name="E" * 2000, value="v", lines=()),
        ErrorOutput(name="E", value="v" * 2000, lines=()),
        DisplayOutput(data={"text/plain": ""}, display_id="x" * 2000),
        DisplayOutput(data={"x" * 2000: ""}),
    ],
)
def test_every_text_of_an_output_counts(event):
    allowance = Allowance(Limits(output_bytes=1000))
    assert allowance.fit(event) is None
    assert allowance.failure.kind == "output"


def test_pictures_that_are_refused_count_too():
    allowance = Allowance(Limits(picture_bytes=1000))
    event = DisplayOutput(data={f"image/x{n}": "/9j/////" * 100 for n in range(4)})
    for _ in range(4):
        allowance.fit(event)
    assert "pictures" in allowance.failure.message


def test_text_that_is_none_is_not_shown_and_going_to_and_fro_costs():
    allowance = Allowance(Limits(output_bytes=1000))
    assert allowance.fit(StreamOutput(name="stdout", text="")) is None
    for number in range(200):
        allowance.fit(StreamOutput(name=("stdout", "stderr")[number % 2], text="x"))
    assert allowance.failure.kind == "output"


def test_a_display_of_countless_entries_is_cut():
    shown = Allowance(Limits()).fit(DisplayOutput(data={f"text/{n}": "" for n in range(1000)}))
    assert len(shown.data) == MOST_ENTRIES
