from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from foretell.parse.blocks import ChunkKind, join_chunks, read_chunks, read_fences

MARKDOWN = st.lists(
    st.sampled_from(
        [
            "# A",
            "words",
            "- item",
            "1. one",
            "```",
            "~~~",
            "<details>",
            "</details>",
            "",
            "---",
            "    code",
            "| a | b |",
            "> q",
        ]
    ),
    max_size=12,
).map("\n".join)


def kinds(source: str) -> list[str]:
    return [chunk.kind.value for chunk in read_chunks(source)]


def test_a_cell_is_split_into_its_kinds() -> None:
    assert kinds("# T\n\nwords\nmore\n\n- a\n- b\n\n```python\nx\n```\n\n---") == [
        "heading",
        "paragraph",
        "list",
        "fence",
        "rule",
    ]


def test_what_stands_in_a_fence_begins_nothing() -> None:
    (fence,) = read_chunks("```\n# not a heading\n<details>\n- no bullet\n```")
    assert fence.kind is ChunkKind.FENCE


def test_details_are_one_chunk_with_summary_and_inside() -> None:
    head = "<details>\n<summary><strong>💡 Solution</strong></summary>\n\n"
    source = head + "## Not a heading\n\n```python\nx = 1\n```\n\n</details>"
    (details,) = read_chunks(source)
    assert (details.kind, details.summary) == (ChunkKind.DETAILS, "💡 Solution")
    assert details.text == "## Not a heading\n\n```python\nx = 1\n```"
    assert details.source == source


def test_details_written_tightly_are_read_the_same() -> None:
    first, details, last = read_chunks(
        "Before\n<details><summary>S</summary>\n```python\nx = 1\n\ny = 2\n```\n</details> After"
    )
    assert (first.source, last.source) == ("Before", " After")
    assert [fence.code for fence in read_fences(details.text)] == ["x = 1\n\ny = 2\n"]


def test_details_in_details_are_one_chunk_and_unclosed_ones_run_to_the_end() -> None:
    assert kinds("<details>\n<details>\n</details>\nstill\n</details>\n\nout") == ["details", "paragraph"]
    assert kinds("<details>\n\n# Hidden\n\nall of it") == ["details"]


def test_an_end_of_details_named_in_a_fence_closes_nothing() -> None:
    assert kinds("<details>\n\n```html\n</details>\n```\n\ninside\n</details>") == ["details"]


def test_items_lose_their_marks_and_keep_their_lines() -> None:
    (items,) = read_chunks("1. one\n2. two\n   goes on\n3. three")
    assert items.items == ("one", "two\ngoes on", "three")


def test_fences_are_found_at_any_depth_with_their_language() -> None:
    (fence,) = read_fences("- see\n\n  ```Python title=x\n  x = 1\n  ```")
    assert (fence.language, fence.code) == ("python", "x = 1\n")


@given(MARKDOWN)
def test_chunks_stand_in_order_and_none_of_the_words_is_lost(source: str) -> None:
    chunks = read_chunks(source)
    assert all(first.end <= second.start for first, second in pairwise(chunks))
    if chunks:
        assert join_chunks(source, chunks).split() == source.split()
