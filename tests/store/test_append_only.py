"""Laws of the record under any order of actions, retries and restarts."""

import shutil
import tempfile
from dataclasses import replace
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule

from foretell.errors import CommitError
from foretell.model.attempt import History, Judgement, Opened, Prediction, Reading, SelfMark, Verdict, Who
from foretell.model.lesson import AnswerKind
from foretell.model.run import Run
from foretell.store.attempts import Store

ME = Who(learner="me", lesson="nets", revision="r1")
YOU = Who(learner="you", lesson="nets", revision="r1")

cells = st.sampled_from(["c1", "c2"])
questions = st.lists(st.sampled_from(["q1", "q2", "q3", "q4"]), max_size=2, unique=True)
whose = st.sampled_from([ME, YOU])
marks = st.sampled_from(SelfMark)


def predict(question):
    reading = Reading(kind=AnswerKind.NUMBER, value=5, echo="5")
    return Prediction(question=question, ask="?", texts=("5",), readings=(reading,), confidence=60)


def ended(cell):
    return Run(cell=cell, outputs=(), failure=None, observations={}, asserts=(), seconds=0.0)


def settled(history):
    given = [prediction.question for commit in history.commits for prediction in commit.predictions]
    return given + [question for commit in history.commits for question in commit.skipped]


def as_begun(runs):
    """Runs without what may still be added to them: their end and the learner's marks."""
    return [replace(run, run=None, judgements=()) for run in runs]


class Record(RuleBasedStateMachine):
    """Every action is kept with the call that made it, so that any of them can come again."""

    commits = Bundle("commits")
    open_runs = Bundle("open_runs")
    actions = Bundle("actions")

    def __init__(self):
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.place = self.folder / "attempts.sqlite"
        self.store = Store.open(self.place)
        self.before = {ME: History(), YOU: History()}
        self.keys = 0

    def key(self):
        self.keys += 1
        return f"k{self.keys}"

    @rule(target=commits, who=whose, cell=cells, asked=questions, skipped=questions)
    def commit(self, who, cell, asked, skipped):
        key, taken = self.key(), settled(self.store.history(who))
        try:
            made = self.store.commit(who, cell=cell, predictions=[predict(q) for q in asked], skipped=skipped, key=key)
        except CommitError:
            assert set(asked) & set(skipped) or set(taken) & {*asked, *skipped}
            return None
        assert not set(taken) & {*asked, *skipped}
        again = self.store.commit(who, cell="other", predictions=[predict("q9")], skipped=[], key=key)
        assert again == made
        return who, made

    @rule(target=open_runs, commit=commits)
    def start(self, commit):
        if commit is None:
            return None
        who, made = commit
        key = self.key()
        try:
            kept = self.store.start_run(who, cell=made.cell, commit=made.id, code="x", state="s", key=key)
        except CommitError:
            assert made not in self.store.history(who).commits, "only a commit from before a new start is refused"
            return None
        assert self.store.start_run(who, cell=made.cell, commit=made.id, code="y", state="t", key=key) == kept
        return who, kept

    @rule(target=actions, run=consumes(open_runs), verdict=st.sampled_from(Verdict))
    def finish(self, run, verdict):
        if run is None:
            return lambda: None
        judged = Judgement(question="q1", verdict=verdict, difference="d", observed="o")
        return self.again(lambda: self.store.finish_run(run[1].id, ended(run[1].cell), [judged]))

    @rule(target=actions, run=open_runs, mark=marks)
    def mark(self, run, mark):
        if run is None:
            return lambda: None
        key = self.key()
        return self.again(lambda: self.store.mark(run[0], question="q1", run=run[1].id, mark=mark, key=key))

    @rule(target=actions, who=whose, cell=cells, text=st.sampled_from(["a", "b"]))
    def draft(self, who, cell, text):
        key = self.key()
        return self.again(lambda: self.store.save_draft(who, cell=cell, text=text, key=key))

    @rule(target=actions, who=whose, cell=cells, what=st.sampled_from(Opened))
    def open_help(self, who, cell, what):
        key = self.key()
        return self.again(lambda: self.store.open_help(who, cell=cell, what=what, key=key))

    @rule(target=actions, who=whose)
    def start_over(self, who):
        key = self.key()
        action = self.again(lambda: self.store.start_over(who, key))
        self.before[who] = self.store.history(who)
        assert self.before[who] == History(round=self.before[who].round)
        assert self.before[who].round > 0
        return action

    def again(self, action):
        action()
        return action

    @rule(action=actions)
    def retry(self, action):
        histories = {who: self.store.history(who) for who in (ME, YOU)}
        action()
        assert {who: self.store.history(who) for who in (ME, YOU)} == histories

    @rule()
    def restart(self):
        histories = {who: self.store.history(who) for who in (ME, YOU)}
        self.store.close()
        self.store = Store.open(self.place)
        assert {who: self.store.history(who) for who in (ME, YOU)} == histories

    @invariant()
    def what_was_on_record_still_is(self):
        for who, before in self.before.items():
            now = self.store.history(who)
            assert now.commits[: len(before.commits)] == before.commits
            assert as_begun(now.runs)[: len(before.runs)] == as_begun(before.runs)
            assert now.openings[: len(before.openings)] == before.openings
            for earlier, later in zip(before.runs, now.runs, strict=False):
                assert earlier.run in (None, later.run)
            assert {run.commit for run in now.runs} <= {commit.id for commit in now.commits}
            assert len(settled(now)) == len(set(settled(now)))
            self.before[who] = now

    def teardown(self):
        self.store.close()
        shutil.rmtree(self.folder)


TestRecord = Record.TestCase
TestRecord.settings = settings(
    max_examples=20, stateful_step_count=25, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
