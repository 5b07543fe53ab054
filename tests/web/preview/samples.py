"""Sample views: every state that a template has to draw, with real markup from `web.markup` and `web.outputs`."""

from dataclasses import replace

from foretell.model.attempt import BehaviourCheck, CheckVerdict, Diagnosis
from foretell.model.belief import Misconception
from foretell.model.run import DisplayOutput, ErrorOutput, Failure, StreamOutput
from foretell.web.markup import highlighted, inline_html, markdown_html
from foretell.web.outputs import outputs_html
from foretell.web.page_views import ErrorPage, HomeLesson, HomePage, RecordedPage, ReportLine, ReportPage
from foretell.web.refutations import diagnosed, refutations
from foretell.web.views import (
    CalibrationView,
    CellView,
    CheckLine,
    Checks,
    Chrome,
    Dot,
    Help,
    Ledger,
    LedgerPair,
    LedgerRow,
    LessonPage,
    Missing,
    OutlineItem,
    OutlineView,
    ProseView,
    QuestionField,
    Rung,
    RunView,
    SectionView,
    Stop,
)

LISTED = """class TwoLayerNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = [nn.Linear(10, 32), nn.ReLU(),
                       nn.Linear(32, 1)]

    def forward(self, x):
        for layer in self.layers:
            x = layer(x)
        return x
"""
SOLVED = """class TwoLayerNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(10, 32)
        self.relu = nn.ReLU()
        self.fc2 = nn.Linear(32, 1)

    def forward(self, x):
        return self.fc2(self.relu(self.fc1(x)))
"""
TEST = """model = TwoLayerNet()
out = model(torch.randn(5, 10))  # a batch of 5
print("shape", tuple(out.shape))
"""
GUIDED = """sizes = [(10, 5), (784, 128), (512, 512), (1000, 10)]
for n_in, n_out in sizes:
    layer = nn.Linear(n_in, n_out)
    total = sum(p.numel() for p in layer.parameters())
    print(f"{n_in:>5} -> {n_out:<4} {total:>8,}")
"""
PICTURE = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
PLOT_SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="360" height="180" viewBox="0 0 360 180">'
    '<rect width="360" height="180" fill="white"/><path d="M30 10V150H350" fill="none" stroke="black"/>'
    '<path d="M30 140C90 40 150 130 210 60S320 50 345 25" fill="none" stroke="#1f77b4" stroke-width="2"/></svg>'
)
OPEN_STOPS = tuple(
    Stop(percent=percent, label=label)
    for percent, label in ((20, "Guess"), (40, "Unsure"), (60, "Maybe"), (80, "Sure"), (95, "Certain"))
)
YES_STOPS = tuple(
    Stop(percent=percent, label=label)
    for percent, label in ((50, "Guess"), (60, "Unsure"), (70, "Maybe"), (80, "Sure"), (95, "Certain"))
)


def chrome(title: str = "Building neural networks · foretell") -> Chrome:
    confined = "Cells run as you, on this machine, without a jail: run only notebooks that you trust."
    return Chrome(title=title, token="sample-token", nonce="sample-nonce", confined=confined, when_away="Start it.")


def no_run() -> RunView:
    return RunView(state="none", number=0, seconds="", outputs_html="", message="", note="", stale=False, events="")


REFUSED = ErrorOutput(
    name="OSError",
    value="[Errno 24] Too many open files: '/dev/null'",
    lines=("Traceback (most recent call last):", "Cell In[3], line 2", "OSError: [Errno 24] Too many open files"),
)
REFUSED_IN_WORDS = Failure(
    kind="OSError",
    message="Your cell had more files open than the limit of 256. Open them with `with`, which closes them. "
    "Nothing you wrote is lost; change the cell and run it again.",
    line=2,
)
NO_ATTRIBUTE = Failure(kind="AttributeError", message="", line=4)


def run(*outputs: object, state: str = "done", failure: Failure = NO_ATTRIBUTE, **changes: object) -> RunView:
    html = outputs_html(outputs, "/l/nn-module/outputs/7", failure)  # type: ignore[arg-type]
    made = replace(no_run(), state=state, number=1, seconds="0.03 s", outputs_html=html)
    return replace(made, **changes)  # type: ignore[arg-type]


def printed(text: str) -> StreamOutput:
    return StreamOutput(name="stdout", text=text)


def cell(name: str, **changes: object) -> CellView:
    plain = CellView(
        id=name,
        anchor=f"cell-{name}",
        section_key="ex3",
        mode="editable",
        heading="Your code",
        number=1,
        code="import torch\nfrom torch import nn\n\ntorch.manual_seed(42)\n",
        code_html="",
        test_html="",
        changed=False,
        withheld=0,
        run=no_run(),
        form=(),
        ledger=None,
        checks=None,
        help=None,
        missing=(),
        reference=False,
        runnable=True,
        unread="",
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


def question(name: str, ask: str, kind: str = "shape", **changes: object) -> QuestionField:
    plain = QuestionField(
        id=name,
        ask_html=inline_html(ask),
        aside_html="",
        kind=kind,
        example="for example (7, 2, 9)",
        rows=("",),
        choices=(),
        stops=OPEN_STOPS,
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


def form() -> tuple[QuestionField, ...]:
    return (
        question("q1", "Shape of `layer.weight` for `nn.Linear(10, 5)`?", aside_html=inline_html("Which side is in?")),
        question("q2", "Does `nn.ReLU` add parameters?", "yes-no", example="", choices=("yes", "no"), stops=YES_STOPS),
    )


def long_form() -> tuple[QuestionField, ...]:
    sizes = ("(10, 5)", "(784, 128)", "(512, 512)", "(1000, 10)")
    return (
        question("q3", "How many parameters has each layer?", "number", example="for example 1,234", rows=sizes),
        question("q4", "What will the last line print?", "printed", example="as it will be printed"),
        question(
            "q5", "Shape of the bias?", texts=("ten",), chosen=80,
            problem="No sizes in 'ten'; write a shape like (7, 2, 9).",
        ),
    )  # fmt: skip


def row(ask: str, said: str, observed: str, verdict: str = "right", **changes: object) -> LedgerRow:
    plain = LedgerRow(
        question=f"q-{ask[:6]}",
        ask_html=inline_html(ask),
        pairs=(LedgerPair(label="", said=said, observed=observed, verdict=verdict),),
        verdict=verdict,
        difference="",
        confidence=95,
        confidence_dots=5,
        confident_miss=False,
        mark="",
        run=7,
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


def ledger() -> Ledger:
    return Ledger(
        note="locked before run 1",
        rows=(
            row("Output shape for a batch of 5", "(5, 1)", "(5, 1)"),
            row(
                "Trainable parameters", "385", "0", "wrong",
                confidence=80, confidence_dots=4, confident_miss=True, difference="you said 385; it was 0",
            ),
            row("Does ReLU add parameters?", "no", "no", confidence=70, confidence_dots=3),
        ),
        asks_why=True,
        why="",
    )  # fmt: skip


def every_verdict() -> Ledger:
    sizes = (("(10, 5)", "55", "55", "right"), ("(784, 128)", "100,352", "100,480", "wrong"))
    table = tuple(LedgerPair(label=a, said=b, observed=c, verdict=d) for a, b, c, d in sizes)
    return Ledger(
        note="locked before run 2",
        rows=(
            row("Parameters of each layer", "", "", "wrong", pairs=table, confidence=60, confidence_dots=3),
            row(
                "Loss after one step",
                "0.69",
                "0.6931",
                "near",
                difference="0.0031 apart",
                confidence=40,
                confidence_dots=2,
            ),
            row("What does the plot look like?", "a straight line through zero, then flat", "", "self"),
            row("And the second one?", "flat", "", "self", mark="partly"),
            row("What is the dtype?", "float64", "", "unknown", difference="the run stopped before this could be seen"),
            row("Shape of the output?", "no prediction", "(5, 1)", "skipped", confidence=None, confidence_dots=0),
            row("Shape of the bias?", "(5,)", "", "waiting", run=None, confidence=80, confidence_dots=4),
        ),
        asks_why=False,
        why="",
    )


def checks(*, done: bool) -> Checks:
    last = CheckLine(
        says_html=inline_html("the number of parameters should equal `385`"), evidence="it is 0; expected 385", ok=False
    )
    open_line = CheckLine(says_html="weights have the same shape", evidence="", ok=None)
    lines = (CheckLine(says_html=inline_html("`out.shape` equals `(5, 1)`"), evidence="", ok=True),)
    return Checks(
        heading="All 1 checks pass" if done else "1 of 3 checks pass",
        lines=lines if done else (*lines, last, open_line),
        all_pass=done,
        why_html=markdown_html("Layers assigned to `self` are registered, so the optimiser can find them.")
        if done
        else "",
        next_key="ex4" if done else "",
    )


def helping(stage: str) -> Help:
    names = (("hint-1", "Where to look"), ("hint-2", "The idea"), ("hint-3", "The line"))
    states = {"start": ("available", "locked", "locked"), "mid": ("open", "available", "locked"), "open": ("open",) * 3}
    rungs = tuple(
        Rung(
            what=what,
            name=name,
            state=state,
            text_html=markdown_html("`forward` is right. What does line 4 put on `self`?") if state == "open" else "",
        )
        for (what, name), state in zip(names, states[stage], strict=True)
    )
    diff = "".join(f"-{line}\n" for line in LISTED.splitlines()[3:5])
    diff += "".join(f"+{line}\n" for line in SOLVED.splitlines()[3:6]) + " \n     def forward(self, x):\n"
    return Help(
        rungs=rungs,
        solution_state="open" if stage == "open" else "locked",
        solution_html=markdown_html(f"```python\n{SOLVED}```") if stage == "open" else "",
        diff_html=highlighted(diff, "diff") if stage == "open" else "",
        locked_note="" if stage == "open" else "More opens after your next run",
        can_give_up=stage != "open",
        why="",
    )


def section(key: str, title: str, *items: object, **changes: object) -> SectionView:
    plain = SectionView(
        key=key,
        kind="exercise",
        eyebrow="Exercise 3",
        support="supported",
        stretch=False,
        title_html=inline_html(title),
        items=tuple(replace(i, section_key=key) if isinstance(i, CellView) else i for i in items),  # type: ignore[misc]
        previous_key="setup",
        next_key="ex4",
        withheld_note="",
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


def prose(text: str, role: str = "prose") -> ProseView:
    return ProseView(html=markdown_html(text), role=role)


def calibration(sentence: str = "6 of 8 matched. Too few to judge yet.") -> CalibrationView:
    dots = ((40, 2, 1), (60, 1, 1), (70, 1, 1), (80, 3, 2), (95, 1, 1))
    made = tuple(Dot(percent=percent, n=n, hits=hits) for percent, n, hits in dots)
    return CalibrationView(dots=made, matched=6, total=8, sentence=sentence)


def outline() -> OutlineView:
    lines = (
        ("setup", "", "Setup", "", True, ()),
        ("ex1", "1", "Inspect `nn.Linear`", "guided", True, ("wrong", "right", "right")),
        ("ex3", "3", "A 2-layer `nn.Module`", "supported", False, ("right", "wrong", "near", "self", "open")),
        ("ex4", "4", "Rewrite with nn.Sequential", "supported", False, ("skipped", "unknown", "waiting", "open")),
        ("ex6", "6", "A skip connection", "independent", False, ("open", "open")),
    )
    return OutlineView(
        lesson_title_html=inline_html("nn.Module: building neural networks"),
        count="2 of 6 done",
        items=tuple(
            OutlineItem(
                key=key, number=number, title_html=inline_html(title), support=support, done=done, strip=strip,
                strip_label="Predictions: " + ", ".join(strip),
            )
            for key, number, title, support, done, strip in lines
        ),
        calibration=calibration(),
    )  # fmt: skip


def lesson(*sections: SectionView, note: str = "") -> LessonPage:
    return LessonPage(
        chrome=chrome(),
        lesson="nn-module",
        crumb="Module 2.1 · Lesson 3",
        title_html=inline_html("`nn.Module`: building neural networks"),
        goals_html=tuple(inline_html(goal) for goal in ("Inspect what `nn.Linear` holds", "Write a two-layer network")),
        prerequisites_html=inline_html("Tensors, autograd, a training loop."),
        sections=sections,
        outline=outline(),
        note=note,
        has_maths=True,
    )


LEDE = (
    "Subclass `nn.Module`: create the layers in `__init__`, wire them in `forward`. You are building "
    "$h = \\mathrm{ReLU}(x W_1^\\top + b_1)$, then $\\hat y = h W_2^\\top + b_2$, from 10 inputs through 32 hidden "
    "units to 1 output."
)


def first_visit() -> LessonPage:
    guided = cell(
        "guided", mode="guided-locked", heading="Code", code="", code_html=highlighted(GUIDED), withheld=4, form=form()
    )
    task = cell(
        "task", mode="task", code="class TwoLayerNet(nn.Module):\n    def __init__(self):\n        ...\n",
        test_html=highlighted(TEST), withheld=1, form=(form()[0],), help=helping("start"),
    )  # fmt: skip
    intro = section("intro", "", prose("A short word before it begins."), eyebrow="", support="", previous_key="")
    setup = section("setup", "Setup", cell("setup"), eyebrow="", support="", previous_key="", next_key="ex3")
    note = "A passage of this part would answer a question. It appears after the run."
    return lesson(
        intro,
        setup,
        section("ex1", "What is inside `nn.Linear`?", prose(LEDE), guided, support="guided", withheld_note=note),
        section("ex3", "Build a 2-layer `nn.Module`", prose(LEDE), task, next_key=""),
    )


def after_a_miss() -> LessonPage:
    missed = cell(
        "task", mode="task", code=LISTED, test_html=highlighted(TEST), changed=True,
        run=run(printed("shape (5, 1) parameters 0\n")), ledger=ledger(), checks=checks(done=False),
        help=helping("mid"),
    )  # fmt: skip
    return lesson(section("ex3", "Build a 2-layer `nn.Module`", prose(LEDE), missed))


CATALOGUE = (
    Misconception(
        id="in-out",
        name="A weight is stored as (inputs, outputs)",
        refutation="It is tempting to read the shape of the weight off the call. It is stored the other way round. "
        "{evidence} Each row belongs to one output, which is why the layer multiplies by `weight.T`.",
    ),
    Misconception(id="flat", name="`nn.Linear` flattens", refutation="It seems to take all at once. {evidence} No."),
    Misconception(
        id="in-a-list",
        name="A list hides its layers",
        refutation="It is easy to think any layer stored on `self` is registered. {evidence} Only modules that are "
        "assigned *directly* are; in a plain list they still compute, but no optimiser would ever train them.",
        says="The layers stand in a plain Python list, where PyTorch does not see them.",
    ),
)
FOUND = Diagnosis(
    verdict=CheckVerdict.WRONG,
    misconception="in-a-list",
    says=CATALOGUE[2].says,
    difference="PyTorch sees 0 parameters, the exercise asks 385.",
    checks=(
        BehaviourCheck(says="PyTorch sees 385 parameters", ok=False, evidence="`parameters()` of yours is empty"),
        BehaviourCheck(says="works for any batch size", ok=True, evidence="tried with batches of 1, 5, 64"),
    ),
    seconds=0.1,
)


def checked(found: Diagnosis, title: str) -> Checks:
    lines = tuple(CheckLine(says_html=one.says, evidence=one.evidence, ok=one.ok) for one in found.checks)
    plain = replace(checks(done=False), heading=title, lines=lines)
    return replace(plain, diagnosed=diagnosed(found, CATALOGUE))


def misconceptions() -> LessonPage:
    told: set[str] = set()
    evidence = "You said `(10, 5)`; this run gave `(5, 10)`."
    cards = [refutations(ids, CATALOGUE, evidence, told) for ids in (["in-out"], ["flat", "in-a-list"], ["in-out"])]
    rows = (
        row("Weight of nn.Linear(10, 5)", "(10, 5)", "(5, 10)", "wrong", confident_miss=True, refutations=cards[0]),
        row("Parameters", "50", "55", "wrong", confidence=60, confidence_dots=3, refutations=cards[1]),
        row("Weight of nn.Linear(784, 128)", "(784, 128)", "(128, 784)", "wrong", refutations=cards[2]),
    )
    unnamed = replace(FOUND, misconception=None, says="")
    ended = replace(unnamed, verdict=CheckVerdict.STOPPED, difference="It took longer than 2 seconds.", checks=())
    right = replace(unnamed, verdict=CheckVerdict.RIGHT, difference="", checks=FOUND.checks[1:])
    error = replace(ended, verdict=CheckVerdict.ERROR, difference="")
    task = {"mode": "task", "code": LISTED, "changed": True, "run": run(printed("shape (5, 1) parameters 0\n"))}
    return lesson(
        section(
            "ex3", "Build a 2-layer `nn.Module`", prose(LEDE),
            cell("task", **task, ledger=replace(ledger(), rows=rows), checks=checked(FOUND, "1 of 2 checks pass")),
            cell("unnamed", **task, checks=checked(unnamed, "1 of 2 checks pass")),
            cell("ended", **task, checks=checked(ended, "It did not come to its end")),
            cell("right", **task, checks=checked(right, "1 of 1 check passes")),
            cell("error", **task, checks=checked(error, "Not checked")),
        )
    )  # fmt: skip


def passed() -> LessonPage:
    done = cell(
        "task", mode="task", code=SOLVED, test_html=highlighted(TEST), changed=True,
        run=run(printed("shape (5, 1)\n"), number=3), ledger=ledger(), checks=checks(done=True), help=helping("open"),
    )  # fmt: skip
    debrief = prose(
        "**Why.** `__setattr__` registers modules, and only modules, that are assigned *directly*.", "debrief"
    )
    return lesson(section("ex3", "Build a 2-layer `nn.Module`", prose(LEDE), done, debrief))


def endings() -> LessonPage:
    traceback = ErrorOutput(
        name="AttributeError",
        value="'TwoLayerNet' object has no attribute 'fc1'",
        lines=("Traceback (most recent call last):", "Cell In[3], line 4", "      4 self.fc1(x)", "AttributeError: no"),
    )
    crashed = "Python stopped without a word (signal 11). That can be the cell or the library. Earlier cells run again."
    limit = "Stopped: more than 1,000,000 bytes of output. The limit is foretell's, the loop is in this cell."
    killed = "foretell was stopped while this cell ran. Your code and predictions are kept; run it again."
    return lesson(
        section(
            "ex1", "How a run can end",
            cell("running", run=run(printed("epoch 1 loss 0.69\nepoch 2"), state="running", seconds="", note="")),
            cell("failed", run=run(printed("before\n"), traceback, state="failed"), ledger=every_verdict()),
            cell("crashed", run=run(state="crashed", message=crashed, seconds="")),
            cell("limit", run=run(printed("1\n2\n3\n"), state="limit", message=limit)),
            cell("stopped", run=run(state="stopped", message="Stopped by you.", seconds="2.10 s")),
            cell("interrupted", run=run(state="interrupted", message=killed, seconds="")),
            cell("stale", run=run(printed("old\n"), stale=True), changed=True),
            cell("refused", run=run(printed("before\n"), REFUSED, state="failed", failure=REFUSED_IN_WORDS)),
        ),
    )  # fmt: skip


def outputs() -> LessonPage:
    frame = DisplayOutput(data={"text/html": "<table><tr><td>1</td></tr></table>", "text/plain": "1"})
    figure = DisplayOutput(data={"image/svg+xml": PLOT_SVG})
    pixel = DisplayOutput(data={"image/png": PICTURE})
    warning = StreamOutput(name="stderr", text="UserWarning: lr_scheduler.step() before optimizer.step()\n")
    value = DisplayOutput(data={"text/plain": "Linear(in_features=10, out_features=5, bias=True)"}, execution_count=3)
    bundle = {"application/json": '{"loss": [0.69, 0.41], "device": null}', "text/plain": "<JSON object>"}
    structure = DisplayOutput(data=bundle)
    long = printed("tensor([" + ", ".join(f"{n / 7:.4f}" for n in range(40)) + "])\n")
    needs = Missing(
        cell="task", task="TwoLayerNet", section_key="ex3", section_title="Exercise 3", names="TwoLayerNet, model"
    )
    return lesson(
        section("ex1", "Outputs", cell("outs", run=run(long, warning, frame, figure, pixel, structure, value))),
        section("ex4", "Missing", cell("missing", missing=(needs,), form=long_form(), unread="the prompt has no code")),
        section("ex5", "Reference", cell("ref", mode="task", reference=True, run=run(printed("ok\n")))),
        section(
            "ex6", "Locked, predicted", cell("unrun", mode="guided-locked", code="", code_html=highlighted(GUIDED))
        ),
        note="This notebook is written in R. foretell runs Python, so it is shown for reading only.",
    )


def home() -> HomePage:
    shipped = HomeLesson(
        href="/l/nn-module", title="nn.Module: building neural networks", module="Module 2.1 · Lesson 3",
        where="ships with foretell", progress="2 of 6 done · 5 of 17 predictions", opened="12 Mar 2026",
    )  # fmt: skip
    other = replace(
        shipped, title="tensors.ipynb", module="", where="/home/ada/notebooks/tensors.ipynb", progress="3 predictions"
    )
    return HomePage(chrome=chrome("foretell"), lessons=(shipped,), recent=(other, replace(other, opened="")))


def report() -> ReportPage:
    def line(made: LedgerRow) -> ReportLine:
        return ReportLine(
            row=made, section_title_html=inline_html("A 2-layer `nn.Module`"), href="/l/nn-module#cell-task"
        )

    misses = tuple(line(made) for made in ledger().rows if made.confident_miss)
    others = tuple(line(made) for made in (*ledger().rows, *every_verdict().rows) if not made.confident_miss)
    return ReportPage(
        chrome=chrome("What your predictions say · foretell"), lesson="nn-module",
        title_html=inline_html("`nn.Module`: building neural networks"), confident_misses=misses,
        others=tuple(o for o in others if o.row.confidence is not None), skipped=2,
        calibration=calibration("8 predictions so far. A sentence about how sure you are needs 15."),
    )  # fmt: skip


def error() -> ErrorPage:
    message = "There is no lesson called 'nn-modul'. Choose one from the list of lessons."
    return ErrorPage(chrome=chrome("foretell"), heading="Not found", message=message)


def recorded() -> RecordedPage:
    return RecordedPage(chrome=chrome("foretell"), where="/home/ada/.local/share/foretell/foretell.db")


PAGES = {
    "first-visit": first_visit,
    "after-a-miss": after_a_miss,
    "misconceptions": misconceptions,
    "passed": passed,
    "endings": endings,
    "outputs": outputs,
    "home": home,
    "report": report,
    "error": error,
    "recorded": recorded,
}
