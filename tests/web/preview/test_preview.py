"""Every state of every template can be drawn, and obeys the page's CSP by construction."""

import re
from collections import Counter
from html.parser import HTMLParser

import pytest
from draw import html_of
from samples import PAGES


class Tags(HTMLParser):
    """The tags of a page, each with its attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str]]] = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, {name: value or "" for name, value in attrs}))


@pytest.mark.parametrize("name", PAGES)
def test_nothing_on_a_page_is_inline_or_from_elsewhere(name):
    for tag, attributes in Tags(html_of(name)).found:
        assert "style" not in attributes
        assert not [a for a in attributes if a.startswith("on")]
        assert tag != "style"
        assert tag != "script" or attributes["src"].startswith("/static/")
        assert not attributes.get("href", "").startswith("http")
        assert not attributes.get("src", "").startswith("http")


@pytest.mark.parametrize("name", PAGES)
def test_every_form_carries_token_and_key(name):
    page = html_of(name)
    for form in re.findall(r"<form[^>]*>.*?</form>", page, re.DOTALL):
        assert 'name="token" value="sample-token"' in form
        assert 'name="key" value="' in form


@pytest.mark.parametrize("name", PAGES)
def test_ids_are_unique_and_every_label_names_one(name):
    tags = Tags(html_of(name)).found
    ids = Counter(attributes["id"] for _, attributes in tags if "id" in attributes)
    assert [each for each, count in ids.items() if count > 1] == []
    for _, attributes in tags:
        for which in ("aria-labelledby", "aria-describedby", "aria-controls", "for", "form"):
            assert set(attributes.get(which, "").split()) <= set(ids)


def test_a_first_visit_has_a_blank_form_and_no_stop_chosen():
    tags = Tags(html_of("first-visit")).found
    radios = [attributes for tag, attributes in tags if tag == "input" and attributes.get("type") == "radio"]
    assert radios
    assert [attributes for attributes in radios if "checked" in attributes] == []


def test_a_refused_form_keeps_what_was_typed_and_says_why():
    page = html_of("outputs")
    assert 'value="ten"' in page
    assert "No sizes in &#39;ten&#39;; write a shape like (7, 2, 9)." in page


def test_a_page_never_calls_a_prediction_wrong():
    text = re.sub(r"<[^>]+>", " ", html_of("after-a-miss") + html_of("endings") + html_of("report"))
    assert not re.search(r"\b(wrong|incorrect|great|well done)\b|!", text, re.IGNORECASE)
