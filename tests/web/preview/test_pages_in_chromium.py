"""Every state of every template is accessible in Chromium, and reflows."""

import pytest
from draw import opened, overflows, profile_of, violations
from samples import PAGES

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def context(browser):
    with profile_of(browser) as made:
        yield made


@pytest.mark.parametrize(("scheme", "size"), [("light", "wide"), ("dark", "wide"), ("light", "phone")])
@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_nothing_and_nothing_overflows(context, name, scheme, size):
    page, complaints = opened(context, name, scheme, size)
    assert complaints == []
    assert violations(page) == []
    assert overflows(page) == 0
    page.close()


@pytest.mark.parametrize("name", PAGES)
def test_a_page_reflows_at_320_pixels(context, name):
    page, _ = opened(context, name, "light", "narrow")
    assert overflows(page) == 0
    page.close()


@pytest.mark.parametrize("name", ["first-visit", "passed", "outputs"])
def test_touch_targets_on_a_phone_are_44_pixels_high(context, name):
    page, _ = opened(context, name, "light", "phone")
    low = page.evaluate(
        """() => [...document.querySelectorAll(
            "button, a.btn, summary, .toc a, input.text, .scale label, .choices label"
        )].filter((e) => e.checkVisibility() && e.getBoundingClientRect().height < 44)
        .map((e) => e.outerHTML.slice(0, 90))"""
    )
    assert low == []
    page.close()
