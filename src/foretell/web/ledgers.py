"""Predictions beside what happened: forms to fill, ledgers, calibration.

Enters: a lesson's questions and a history. Leaves: views. Invariant: what was observed stands in a view only where a
prediction or a skip for it is on record, and so is the run.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from foretell import drawn, gate
from foretell.judge import calibration
from foretell.judge.answer import confidence_stops
from foretell.judge.compare import compare, observed_text
from foretell.loop import Answer, of_a_finished_cell
from foretell.model.attempt import History, Judgement, KeptRun, Prediction, Verdict
from foretell.model.belief import Misconception
from foretell.model.lesson import AnswerKind, CodeCell, Question
from foretell.model.run import Observation
from foretell.web.markup import inline_html
from foretell.web.refutations import evidence_of, refutations
from foretell.web.views import CalibrationView, Dot, Ledger, LedgerPair, LedgerRow, QuestionField, Stop

_EXAMPLES = {
    AnswerKind.SHAPE: "for example (7, 2, 9)",
    AnswerKind.DTYPE: "for example complex64",
    AnswerKind.NUMBER: "for example 1,234",
    AnswerKind.ERROR: "for example EOFError",
    AnswerKind.PRINTED: "as it will be printed",
    AnswerKind.OPEN: "in your own words",
    AnswerKind.ORDER: "for example b, a, c",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """A form that came back: what had been typed, and what is in the way, by question id."""

    answers: Mapping[str, Answer]
    problems: Mapping[str, str]


NOTHING_REFUSED = Refused(answers={}, problems={})


def form_fields(code: CodeCell, history: History, refused: Refused) -> tuple[QuestionField, ...]:
    """Give the fields of the questions that are still open."""
    return tuple(_field(question, refused) for question in gate.open_questions(code, history))


def _field(question: Question, refused: Refused) -> QuestionField:
    typed = refused.answers.get(question.id, Answer(texts=(), confidence=None))
    return QuestionField(
        id=question.id,
        ask_html=inline_html(question.ask),
        aside_html=inline_html(question.aside) if question.aside else "",
        kind=question.kind.value,
        example=_EXAMPLES.get(question.kind, ""),
        rows=question.rows or ("",),
        choices=_chosen_from(question),
        to_order=question.choices if question.kind is AnswerKind.ORDER else (),
        stops=tuple(Stop(percent=percent, label=label) for percent, label in confidence_stops(question)),
        texts=typed.texts,
        problem=refused.problems.get(question.id, ""),
        chosen=typed.confidence,
    )


def _chosen_from(question: Question) -> tuple[str, ...]:
    match question.kind:
        case AnswerKind.CHOICE:
            return question.choices
        case AnswerKind.YES_NO:
            return ("yes", "no")
        case _:
            return ()


def ledger_of(code: CodeCell, history: History, catalogue: Sequence[Misconception] = ()) -> Ledger | None:
    """Give the comparison for a cell, or None where nothing of it is on record."""
    rows = tuple(ledger_rows(code, history, catalogue))
    if not rows:
        return None
    first = next((kept for kept in history.runs if kept.cell == code.cell), None)
    note = f"locked before run {first.number}" if first else "locked"
    return Ledger(
        note="each locked before its run" if len({drawn.is_again(row.question) for row in rows}) > 1 else note,
        rows=rows,
        asks_why=any(row.matched is False for row in rows),
        why=history.notes.get(code.cell, ""),
    )


def ledger_rows(code: CodeCell, history: History, catalogue: Sequence[Misconception] = ()) -> Iterator[LedgerRow]:
    """Give a row for each question of the cell that is predicted or skipped, in the order they are asked.

    With a `catalogue`, a miss has the cards of the beliefs that explain it, each with its text once.
    """
    told: set[str] = set()
    predictions = {p.question: p for commit in history.commits for p in commit.predictions}
    settled = gate.settled_questions(history)
    for question in code.prompt.questions if code.prompt else ():
        if question.id in predictions:
            row = _predicted_row(question, predictions[question.id], code, history)
            named = _misconceptions(question, history)
            evidence = evidence_of(question, row.pairs, _run_in_words(row.run, code, history)) if named else ""
            yield replace(row, refutations=refutations(named, catalogue, evidence, told))
        elif question.id in settled:
            yield _skipped_row(question, code, history)


def _run_in_words(run: int | None, code: CodeCell, history: History) -> str:
    """The run that a prediction was compared with: the one whose output stands there, or an earlier one."""
    last = gate.latest_run(history, code.cell)
    compared = next((kept for kept in history.runs if kept.id == run), None)
    return "this run" if compared is None or last is None or compared.id == last.id else f"run {compared.number}"


def judgement_of(question: str, history: History) -> tuple[Judgement, KeptRun] | None:
    """Give the newest judgement of a question with the run it was made on."""
    found = [(j, kept) for kept in history.runs for j in kept.judgements if j.question == question]
    return found[-1] if found else None


def _misconceptions(question: Question, history: History) -> tuple[str, ...]:
    found = judgement_of(question.id, history)
    return found[0].misconceptions if found else ()


def _predicted_row(question: Question, prediction: Prediction, code: CodeCell, history: History) -> LedgerRow:
    found = judgement_of(question.id, history)
    judgement, kept = found or (None, None)
    verdict = judgement.verdict.value if judgement else "waiting"
    stops = [percent for percent, _ in confidence_stops(question)]
    return LedgerRow(
        question=question.id,
        ask_html=inline_html(question.ask),
        pairs=tuple(_pairs(question, prediction, judgement, kept)),
        verdict=verdict,
        difference=judgement.difference if judgement else _what_it_waits_for(code, history),
        confidence=prediction.confidence,
        confidence_dots=stops.index(prediction.confidence) + 1 if prediction.confidence in stops else 0,
        matched=calibration.hit(judgement) if judgement else None,
        confident_miss=judgement is not None and calibration.is_confident_miss(prediction.confidence, judgement),
        mark=judgement.mark.value if judgement and judgement.mark else "",
        run=kept.id if kept else None,
    )


def _what_it_waits_for(code: CodeCell, history: History) -> str:
    if code.task is not None and gate.latest_run(history, code.cell) is not None:
        return "once your code gets that far"
    return ""


def _pairs(
    question: Question, prediction: Prediction, judgement: Judgement | None, kept: KeptRun | None
) -> Iterator[LedgerPair]:
    seen = kept.run.observations if kept and kept.run else {}
    for place, reading in enumerate(prediction.readings):
        observation = seen.get((question.id, place))
        verdict = judgement.verdict.value if judgement else "waiting"
        if question.rows and observation is not None:
            verdict = _row_verdict(question, prediction, place, observation).value
            if judgement and judgement.misconceptions and verdict == Verdict.NEAR:
                verdict = judgement.verdict.value
        yield LedgerPair(
            label=question.rows[place] if question.rows else "",
            said=reading.echo.removeprefix("= "),
            observed=observed_text(observation, question) if judgement else "",
            verdict=verdict,
        )


def _row_verdict(question: Question, prediction: Prediction, place: int, observation: Observation) -> Verdict:
    one = replace(
        prediction, texts=prediction.texts[place : place + 1], readings=prediction.readings[place : place + 1]
    )
    return compare(one, replace(question, rows=()), [observation]).verdict


def _seen_without_predicting(question: Question, observation: Observation | None) -> str:
    return observed_text(observation, question) if question.target else "in the output"


def _skipped_row(question: Question, code: CodeCell, history: History) -> LedgerRow:
    last = gate.latest_run(history, code.cell)
    run = last.run if last else None
    labels = question.rows or ("",)
    shown = run.observations if run is not None else {}
    seen = [shown.get((question.id, place)) for place in range(len(labels))]
    if run is not None:
        seen = [of_a_finished_cell(one, run) for one in seen]
    return LedgerRow(
        question=question.id,
        ask_html=inline_html(question.ask),
        pairs=tuple(
            LedgerPair(
                label=label,
                said="no prediction",
                observed=_seen_without_predicting(question, observation),
                verdict="skipped",
            )
            for label, observation in zip(labels, seen, strict=True)
        ),
        verdict="skipped",
        difference=_what_it_waits_for(code, history) if run is not None and run.failure is not None else "",
        confidence=None,
        confidence_dots=0,
        matched=None,
        confident_miss=False,
        mark="",
        run=last.id if last else None,
    )


def calibration_view(rows: Iterable[LedgerRow]) -> CalibrationView:
    """Give stated confidence against what matched, over the rows that have been settled either way."""
    settled = ((row.confidence, row.matched) for row in rows)
    outcomes = [(said, matched) for said, matched in settled if said is not None and matched is not None]
    summary = calibration.calibrate(outcomes)
    return CalibrationView(
        dots=tuple(Dot(percent=dot.stop, n=dot.n, hits=dot.hits) for dot in summary.dots),
        matched=summary.matched,
        total=summary.total,
        sentence=summary.sentence,
    )
