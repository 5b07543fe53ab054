"""Predict, run, compare: the product on one page.

Enters: a lesson, what is on record, what the learner did; effects (the record, the process that runs cells) come in as
arguments. Leaves: commits, events while a cell runs, and a kept run with its judgements.
Invariant: no event of a run, and no observation, leaves this module before a commit that covers every question of the
cell is on record.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Container, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import Protocol

from foretell import drawn, gate
from foretell.errors import AnswerError, CommitError
from foretell.judge.answer import confidence_stops, read_answer
from foretell.judge.beliefs import belief_probes, explain, led_to, without_beliefs
from foretell.judge.compare import compare
from foretell.model.attempt import Commit, Diagnosis, History, Judgement, KeptRun, Prediction, Reading, Verdict
from foretell.model.lesson import CodeCell, Lesson, Question
from foretell.model.run import CellSource, Event, Observation, Probe, Run, RunRequest


class Record(Protocol):
    """Where attempts of one learner in one lesson are kept. Every write is on disk when the call returns."""

    @property
    def learner(self) -> str:
        """Whose attempts they are."""
        ...

    def history(self) -> History:
        """Give everything on record."""
        ...

    def commit(self, *, cell: str, predictions: Sequence[Prediction], skipped: Sequence[str], key: str) -> Commit:
        """Keep a commit; CommitError where one of its questions has been committed before."""
        ...

    def start_run(self, *, cell: str, commit: int, code: str, state: str, key: str) -> KeptRun:
        """Keep that a run began, under the commit that allows it."""
        ...

    def finish_run(self, run_id: int, run: Run, judgements: Sequence[Judgement]) -> None:
        """Keep how a run ended and how its predictions compared."""
        ...

    def finish_check(self, run_id: int, diagnosis: Diagnosis) -> None:
        """Keep what a check of the run's code found."""
        ...


Runner = Callable[[RunRequest], AsyncGenerator[Event, None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a learner put into the form for one question: a text a row, and a stop or none."""

    texts: tuple[str, ...]
    confidence: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FilledForm:
    """A form as read: what could be committed, what was left blank, and what is in the way (by question id)."""

    predictions: tuple[Prediction, ...]
    blank: tuple[str, ...]
    problems: dict[str, str]


def read_form(questions: Sequence[Question], answers: Mapping[str, Answer]) -> FilledForm:
    """Read the answers to the open questions of a cell; nothing is committed here."""
    predictions: list[Prediction] = []
    blank: list[str] = []
    problems: dict[str, str] = {}
    for question in questions:
        answer = answers.get(question.id, Answer(texts=(), confidence=None))
        if not any(text.strip() for text in answer.texts):
            blank.append(question.id)
            continue
        try:
            predictions.append(_read_prediction(question, answer))
        except AnswerError as error:
            problems[question.id] = str(error)
    return FilledForm(predictions=tuple(predictions), blank=tuple(blank), problems=problems)


def _read_prediction(question: Question, answer: Answer) -> Prediction:
    rows = len(question.rows) or 1
    if len(answer.texts) != rows:
        raise AnswerError(f"{len(answer.texts)} answers for {rows} rows; give one answer a row.")
    readings: list[Reading] = []
    for place, text in enumerate(answer.texts):
        if not text.strip():
            raise AnswerError(f"No answer for {question.rows[place]}; give one answer a row, or leave every row blank.")
        readings.append(read_answer(text, question))
    if answer.confidence not in {percent for percent, _ in confidence_stops(question)}:
        raise AnswerError("No confidence chosen; pick how sure you are.")
    return Prediction(
        question=question.id,
        ask=question.ask,
        texts=answer.texts,
        readings=tuple(readings),
        confidence=int(answer.confidence or 0),
    )


def commit(code: CodeCell, form: FilledForm, record: Record, key: str) -> Commit:
    """Put the predictions of a cell on record, blank questions as skipped; CommitError where the form has problems."""
    if form.problems:
        raise CommitError("An answer could not be read, so nothing was locked; mend it or clear it, then run again.")
    return record.commit(cell=code.cell, predictions=form.predictions, skipped=form.blank, key=key)


async def play(
    lesson: Lesson, code: CodeCell, record: Record, run: Runner, *, key: str
) -> AsyncGenerator[Event | KeptRun, None]:
    """Run one cell and compare: first the KeptRun as begun, then events, then the KeptRun as it ended.

    `lesson` is as written; what runs has the numbers of this learner.
    A `key` that has been used for a run that ended gives that run and runs nothing. CommitError where the cell has a
    question that is neither predicted nor skipped.
    """
    now = drawn.present(lesson, record.learner, await asyncio.to_thread(record.history))
    lesson, code, history = now.lesson, now.code_cell(code), now.history
    allowed = _commit_that_allows(code, history)
    text = gate.learner_code(code, history)
    source = CellSource(cell=code.cell, text=gate.joined(code, text))
    prefix = gate.prefix_of(lesson, history, code.cell)
    kept = await asyncio.to_thread(
        lambda: record.start_run(
            cell=code.cell, commit=allowed.id, code=text, state=gate.state_key(prefix, source), key=key
        )
    )
    yield kept
    if kept.run is not None:
        return
    probes = probes_of(code, [question.id for question, _ in _to_compare(code, history)])
    request = RunRequest(
        prefix=prefix, cell=source, probes=probes, asserts_from_line=_first_test_line(code, source.text)
    )
    async with aclosing(run(request)) as events:
        async for event in events:
            if not isinstance(event, Run):
                yield event
                continue
            judgements = judge(code, history, event)
            seen = without_beliefs(event)
            await asyncio.to_thread(record.finish_run, kept.id, seen, judgements)
            yield replace(kept, run=seen, judgements=judgements)


def _commit_that_allows(code: CodeCell, history: History) -> Commit:
    commits = [c for c in history.commits if c.cell == code.cell]
    if not commits or gate.open_questions(code, history):
        raise CommitError(f"Cell {code.cell} has not been committed; lock a prediction or choose to run without one.")
    return commits[-1]


def _first_test_line(code: CodeCell, text: str) -> int:
    if code.task is None or not code.task.test:
        return 1
    return text.count("\n") - code.task.test.removeprefix("\n").count("\n") + 1


def probes_of(code: CodeCell, explained: Container[str] | None = None) -> tuple[Probe, ...]:
    """Give the expressions whose values settle the cell's questions, then those of what beliefs about them lead to.

    Beliefs count for the questions that are `explained`, by id: for every one where that is None.
    """
    targets: list[Probe] = []
    beliefs: list[Probe] = []
    for question in _questions(code):
        if question.target is None:
            continue
        rows: tuple[str | None, ...] = question.rows or (None,)
        targets += [
            Probe(question=question.id, expression=question.target, row=place, row_literal=row)
            for place, row in enumerate(rows)
        ]
        if explained is None or question.id in explained:
            beliefs += belief_probes(question)
    return (*targets, *beliefs)


def _questions(code: CodeCell) -> tuple[Question, ...]:
    return code.prompt.questions if code.prompt else ()


def _to_compare(code: CodeCell, history: History) -> list[tuple[Question, Prediction]]:
    """The questions of the cell that are predicted and have not met a value yet."""
    compared = {j.question for kept in history.runs for j in kept.judgements if j.verdict is not Verdict.UNKNOWN}
    questions = {question.id: question for question in _questions(code)}
    return [
        (questions[prediction.question], prediction)
        for kept_commit in history.commits
        for prediction in kept_commit.predictions
        if prediction.question in questions and prediction.question not in compared
    ]


def judge(code: CodeCell, history: History, run: Run) -> tuple[Judgement, ...]:
    """Compare what was committed for this cell with what the run showed, and name the beliefs behind a miss.

    A question is compared once: with the first run after its commit that shows a value. Where a task's code has failed
    on the way to that value, the question goes on waiting for code that gets there.
    """
    judgements = [_judged(prediction, question, run) for question, prediction in _to_compare(code, history)]
    unfinished = code.task is not None and run.failure is not None
    return tuple(j for j in judgements if not (unfinished and j.verdict in {Verdict.UNKNOWN, Verdict.SELF}))


def _judged(prediction: Prediction, question: Question, run: Run) -> Judgement:
    seen = _observations(question, run)
    led = [[of_a_finished_cell(one, run) for one in rows] for rows in led_to(question, run.observations)]
    return explain(compare(prediction, question, seen), prediction, question, seen, led)


def _observations(question: Question, run: Run) -> list[Observation | None]:
    seen = (run.observations.get((question.id, row)) for row in range(len(question.rows) or 1))
    return [of_a_finished_cell(one, run) for one in seen]


def of_a_finished_cell(observation: Observation | None, run: Run) -> Observation | None:
    """None where a name was merely lacking since the cell had stopped: that answers no question about errors."""
    lacks_a_name = observation is not None and observation.type == "failure" and observation.value == "NameError"
    return None if lacks_a_name and run.failure is not None and run.failure.kind != "NameError" else observation
