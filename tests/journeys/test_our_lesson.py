"""A learner goes through the whole of our lesson, is wrong now and then, and comes back after a crash."""

from __future__ import annotations

import json
import re

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

WRONG_NET = """class TwoLayerNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = [nn.Linear(10, 32), nn.ReLU(), nn.Linear(32, 1)]

    def forward(self, x):
        for layer in self.layers:
            x = layer(x)
        return x
"""
RIGHT_NET = """class TwoLayerNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(10, 32)
        self.relu = nn.ReLU()
        self.fc2 = nn.Linear(32, 1)

    def forward(self, x):
        return self.fc2(self.relu(self.fc1(x)))
"""
WITHOUT_SUPER = RIGHT_NET.replace("        super().__init__()\n", "")
BLOCK = """class ResidualBlock(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.f = nn.Sequential(nn.Linear(dim, dim), nn.ReLU(), nn.Linear(dim, dim))

    def forward(self, x):
        return x + self.f(x)
"""
SEQUENTIAL = "sequential_model = nn.Sequential(nn.Linear(10, 32), nn.ReLU(), nn.Linear(32, 1))\n"
COLLAPSE = """def collapse(model):
    with torch.no_grad():
        bias = model(torch.zeros(1, model[0].in_features))[0]
        weight = (model(torch.eye(model[0].in_features)) - bias).T
        folded = nn.Linear(model[0].in_features, model[-1].out_features)
        folded.weight.copy_(weight)
        folded.bias.copy_(bias)
    return folded
"""


def test_a_learner_plays_the_whole_lesson(serve, learner_at):
    server = serve("nn-module")
    learner = learner_at(server.address)
    learner.axe("first visit")
    first_two_exercises(learner)
    a_wrong_then_a_right_network(learner)
    sequential_and_collapse(learner)
    stop_an_endless_loop(learner)
    fold_any_row(learner)
    before = learner.what_stands_there()
    server.kill()
    server.start()
    learner.page.reload()
    assert learner.what_stands_there() == before
    # Whatever the page tried to save meanwhile met nobody; it says so, and tries again.
    learner.complaints[:] = [told for told in learner.complaints if "ERR_CONNECTION_REFUSED" not in told]
    residual_block_and_bonus(learner)
    learner.axe("the lesson at its end")
    the_report(learner)
    assert all(url.startswith(("http://127.0.0.1:", "data:")) for url in learner.asked_for)
    assert not learner.complaints, "\n".join(learner.complaints)


def first_two_exercises(learner):
    learner.run("setup-imports")
    learner.answer("ex1-inspect", 0, "10x5", sure=80)
    expect(learner.question("ex1-inspect", 0)).to_contain_text("read as (10, 5)")
    learner.answer("ex1-inspect", 1, "5", sure=95)
    learner.answer("ex1-inspect", 2, "10*5+5", sure=60)
    learner.lock_in_and_run("ex1-inspect")
    rows = learner.cell("ex1-inspect").locator(".ledger .row")
    expect(rows).to_have_count(3)
    expect(rows.nth(0)).to_contain_text("(10, 5)")
    expect(rows.nth(0)).to_contain_text("(5, 10)")
    expect(rows.nth(0)).to_contain_text("This is the one to slow down for")
    expect(learner.page.locator("main")).to_contain_text("The weight has one row for each output")
    learner.answer("ex1-table", 0, "5", "272", "100,480", "101,136", sure=60)
    learner.answer("ex1-table", 1, "the fourth is larger", sure=65)
    learner.lock_in_and_run("ex1-table")
    asked = learner.question("ex1-again", 0).locator(".ask").inner_text()
    n_in, n_out = re.search(r"nn\.Linear\((\d+), (\d+)\)", asked).groups()
    learner.answer("ex1-again", 0, f"{n_in}*{n_out} + {n_out}", sure=80)
    learner.answer("ex1-again", 1, "wider than high", sure=65)
    learner.lock_in_and_run("ex1-again")
    expect(learner.cell("ex1-again").locator("img.picture")).to_have_count(1)
    expect(learner.cell("ex1-again").locator(".row .verdict.right")).to_have_count(2)
    learner.answer("ex2-by-hand", 0, "(3, 4)", sure=80)
    learner.answer("ex2-by-hand", 1, "yes", sure=80)
    learner.lock_in_and_run("ex2-by-hand")
    learner.answer("ex2-untransposed", 0, "RuntimeError", sure=40)
    learner.answer("ex2-untransposed", 1, "yes", sure=50)
    learner.lock_in_and_run("ex2-untransposed")
    learner.run_without_predicting("ex2-again")


def a_wrong_then_a_right_network(learner):
    learner.answer("ex3-class", 0, "385", sure=60)
    learner.answer("ex3-class", 1, "(5, 1)", sure=80)
    learner.write("ex3-class", WRONG_NET)
    learner.lock_in_and_run("ex3-class")
    found = learner.cell("ex3-class").locator(".checked")
    expect(found.locator(".finding.wrong")).to_contain_text("parameters() misses them")
    expect(found.locator(".idea h4")).to_have_text("Layers in a list are part of the model")
    expect(found).to_contain_text("PyTorch sees 0 parameters, the exercise asks 385")
    expect(found.locator("details.notebook")).not_to_have_attribute("open", "")
    learner.axe("a wrong network")
    learner.write("ex3-class", WITHOUT_SUPER)
    learner.run("ex3-class")
    expect(found.locator(".finding.wrong")).to_contain_text("call super().__init__() first")
    expect(found.locator("header")).to_have_text("None of the 6 checks was reached")
    learner.write("ex3-class", RIGHT_NET)
    learner.run("ex3-class")
    expect(found.locator(".finding.right")).to_contain_text("Your code does what the exercise asks")
    expect(found).to_contain_text("Each layer became an attribute")
    for cell in ("ex3-drawing", "ex3-call", "ex3-list"):
        learner.run_without_predicting(cell)


def sequential_and_collapse(learner):
    learner.write("ex4-sequential", SEQUENTIAL)
    learner.run("ex4-sequential")
    for cell in ("ex4-copy", "ex4-names", "ex5-fold", "ex5-again"):
        learner.run_without_predicting(cell)
    learner.answer("ex5-lines", 0, "straight lines", sure=80)
    learner.answer("ex5-lines", 1, "straight pieces that meet at corners", sure=50)
    learner.lock_in_and_run("ex5-lines")
    expect(learner.cell("ex5-lines").locator("img.picture")).to_have_count(1)
    learner.answer("ex5-fit", 0, "10 % to 40 %", sure=45)
    learner.answer("ex5-fit", 1, "under 1 %", sure=80)
    learner.lock_in_and_run("ex5-fit")


def fold_any_row(learner):
    learner.answer("ex5-collapse", 0, "11*3 + 3", sure=80)
    learner.answer("ex5-collapse", 1, "no", sure=60)
    learner.write("ex5-collapse", COLLAPSE)
    learner.lock_in_and_run("ex5-collapse")
    expect(learner.cell("ex5-collapse").locator(".finding.right")).to_be_visible()
    expect(learner.cell("ex5-collapse")).to_contain_text("one step, whatever the depth")


def stop_an_endless_loop(learner):
    learner.write("ex5-fit", "print('on and on')\nwhile True:\n    pass")
    learner.cell("ex5-fit").locator("[data-run-button]").click()
    expect(learner.cell("ex5-fit").locator("[data-log]")).to_contain_text("on and on")
    learner.cell("ex5-fit").get_by_role("button", name="Stop").click()
    learner.wait("ex5-fit", "stopped")
    learner.cell("ex5-fit").get_by_role("button", name="Reset").click()
    expect(learner.cell("ex5-fit").locator(".cm-content")).to_contain_text("torch.manual_seed(1)")
    learner.run("ex5-fit")


def residual_block_and_bonus(learner):
    learner.answer("ex6-block", 0, "544", sure=80)
    learner.answer("ex6-block", 1, "x, unchanged", sure=65)
    learner.write("ex6-block", BLOCK)
    learner.lock_in_and_run("ex6-block")
    expect(learner.cell("ex6-block")).to_contain_text("it adds to")
    learner.run_without_predicting("ex6-fresh")
    learner.answer("ex6-deep", 0, "8,833", sure=60)
    learner.answer("ex6-deep", 1, "12x1", sure=80)
    learner.lock_in_and_run("ex6-deep")
    learner.run_without_predicting("ex6-gradients")
    expect(learner.page.locator("#takeaways")).to_contain_text("registered")
    expect(learner.page.locator("#outline")).to_contain_text("6 of 6 done")


def the_report(learner):
    learner.page.get_by_role("link", name="What your predictions say").first.click()
    expect(learner.page.locator("main")).to_contain_text("(10, 5)")
    learner.axe("the report")


def test_what_was_seen_is_on_record_with_the_commit_before_the_run(serve, learner_at):
    server = serve("nn-module")
    learner = learner_at(server.address)
    learner.run("setup-imports")
    learner.answer("ex1-inspect", 0, "(5, 10)", sure=80)
    learner.cell("ex1-inspect").locator("[data-lock]").click()
    expect(learner.cell("ex1-inspect")).to_contain_text("press again to run without predicting")
    assert learner.cell("ex1-inspect").get_attribute("data-state") == "none"
    learner.cell("ex1-inspect").locator("[data-lock]").click()
    learner.wait("ex1-inspect")
    expect(learner.cell("ex1-inspect").locator(".ledger .row")).to_have_count(3)
    expect(learner.cell("ex1-inspect").locator(".ledger")).to_contain_text("no prediction")


def test_a_page_is_light(serve, learner_at):
    server = serve("nn-module")
    learner = learner_at("about:blank")
    session = learner.page.context.new_cdp_session(learner.page)
    session.send("Network.enable")
    received: dict[str, float] = {}
    kinds: dict[str, str] = {}
    session.on("Network.responseReceived", lambda e: kinds.update({e["requestId"]: e["type"]}))
    session.on("Network.loadingFinished", lambda e: received.update({e["requestId"]: e["encodedDataLength"]}))
    learner.page.goto(server.address)
    learner.page.wait_for_load_state("networkidle")
    weight = sum(size for request, size in received.items() if kinds.get(request) != "Font")
    assert weight < 300_000, json.dumps(received)
