"""The author's own notebook, as it is: no overlay, no targets, answers all over it. Read in place, never copied."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

NET = """class TwoLayerNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1, self.relu, self.fc2 = nn.Linear(10, 32), nn.ReLU(), nn.Linear(32, 1)

    def forward(self, x):
        return self.fc2(self.relu(self.fc1(x)))
"""


def test_a_learner_plays_a_plain_notebook(serve, learner_at, original_notebook):
    learner = learner_at(serve(str(original_notebook)).address)
    cells = learner.page.locator("[data-cell]").evaluate_all("all => all.map(one => one.dataset.cell)")
    assert len(cells) == 13
    setup, inspect, sizes, by_hand, net, sequential, copy, *_, block, block_test, bonus = cells
    learner.run(setup)
    predictions_without_targets(learner, inspect, sizes, by_hand)
    an_exercise_left_open(learner, net, sequential, copy)
    a_starter_that_passes_its_own_checks(learner, block, block_test, bonus)
    learner.axe("the original notebook")
    learner.page.get_by_role("link", name="What your predictions say").first.click()
    learner.page.get_by_text("What the run showed").first.click()
    expect(learner.page.locator("main")).to_contain_text("Weight shape: torch.Size([5, 10])")
    learner.axe("its report")
    unexpected = [said for said in learner.complaints if "409 (Conflict)" not in said]
    assert not unexpected, "\n".join(unexpected)


def predictions_without_targets(learner, inspect, sizes, by_hand):
    assert "assert " not in learner.cell(inspect).inner_text()
    learner.answer(inspect, 0, "(10, 5)", sure=80)
    learner.answer(inspect, 1, "(5,)", sure=95)
    learner.answer(inspect, 2, "55", sure=60)
    learner.lock_in_and_run(inspect)
    expect(learner.cell(inspect)).to_contain_text("assert layer.bias.shape")
    rows = learner.cell(inspect).locator(".ledger .row")
    rows.nth(0).get_by_role("button", name="no", exact=True).click()
    expect(rows.nth(0).get_by_role("button", name="no", exact=True)).to_have_attribute("aria-pressed", "true")
    expect(rows.nth(0)).to_contain_text("This is the one to slow down for")
    rows.nth(1).get_by_role("button", name="match").click()
    expect(rows.nth(1).get_by_role("button", name="match")).to_have_attribute("aria-pressed", "true")
    learner.run_without_predicting(sizes)
    learner.answer(by_hand, 0, "yes", sure=95)
    title = learner.page.locator("#ex2 h2.title")
    expect(title).to_have_text("Exercise 2")
    learner.lock_in_and_run(by_hand)
    expect(title).not_to_have_text("Exercise 2")


def an_exercise_left_open(learner, net, sequential, copy):
    learner.run(net)
    expect(learner.cell(net)).to_contain_text("still the starter")
    learner.cell(copy).get_by_role("button", name="Run", exact=True).click()
    expect(learner.cell(copy)).to_contain_text("which is not done yet")
    expect(learner.cell(copy)).to_have_attribute("data-state", "none")
    while learner.cell(copy).get_by_role("button", name="Continue with the reference result").count():
        learner.cell(copy).get_by_role("button", name="Continue with the reference result").first.click()
        learner.page.wait_for_timeout(400)
    learner.run(copy)
    assert learner.cell(copy).get_attribute("data-state") == "done"
    expect(learner.cell(copy)).to_contain_text("It used the reference result of Exercise 3 and Exercise 4")
    expect(learner.cell(net)).to_contain_text("reference result in use")
    learner.write(net, NET)
    learner.run(net)
    expect(learner.cell(net)).not_to_contain_text("reference result in use")
    expect(learner.cell(copy)).to_contain_text("needs re-run")
    expect(learner.cell(sequential)).to_contain_text("reference result in use")


def a_starter_that_passes_its_own_checks(learner, block, block_test, bonus):
    learner.run(block)
    expect(learner.cell(block)).to_contain_text("still the starter")
    learner.wait(block_test)
    learner.cell(bonus).get_by_role("button", name="Run", exact=True).click()
    expect(learner.cell(bonus)).to_contain_text("which is not done yet")
    learner.cell(bonus).get_by_role("button", name="Run anyway").click()
    learner.wait(bonus)
