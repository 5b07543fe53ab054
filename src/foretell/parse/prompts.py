"""Where a notebook asks for a prediction, and which code cell's run settles it.

Enters: chunks of a Markdown cell, sources of code cells. Leaves: the questions asked there. Invariant: lists after
"Observe" or "Think about", and a sentence about every cell of the notebook, are no prompts.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from dataclasses import dataclass

from foretell.parse.blocks import Chunk, ChunkKind, read_chunks
from foretell.parse.python import Comment, read_comments, read_python
from foretell.parse.questions import Asked, guess_kind, split_questions

_LEAD_WORDS = (
    r"(?:before (?:you )?(?:run|execut)\w*[^:.?!*\n]{0,60}?predict\w*(?P<what>\s+[^:.?!*\n]{1,80})?"
    r"|predict(?:\s+(?:first|before|the|what|your)\b[^:.?!*\n]{0,60})?"
    r"|think (?:first|before)[^:.?!*\n]{0,40}|(?:your |make (?:a|your) )?predictions?(?: time| first)?)"
)
LEAD = re.compile(
    rf"^[^\w*`]*(?P<mark>\*\*|\*|__|_)[^\w*`]*(?P<lead>{_LEAD_WORDS})\s*(?P<end>[:.!]?(?P=mark)\s*:?|:)\s*", re.I
)
BARE_LEAD = re.compile(
    r"^[^\w*`]*(?P<lead>before (?:you )?(?:run|execut)\w*[^:.?!*\n]{0,60}?predict\w*(?P<what>\s+[^:.?!*\n]{1,80})?"
    r"|think first|predict)(?P<end>)(?P<mark>)\s*:\s*",
    re.I,
)
STEP = re.compile(r"^\*\*predict(?:ion)?[:.]?\*\*:?\s*(?=\S)", re.I)
HEADING_LEAD = re.compile(rf"^[^\w]*{_LEAD_WORDS}\W*$", re.I)
EVERY_CELL = re.compile(r"\b(?:each|every|any|all)\b.{0,40}\b(?:cells?|exercises?|experiments?|outputs?|code)\b", re.I)
COMMENT_PROMPT = re.compile(
    r"^\W*predict\s*:|^\W*predict\b.*\b(?:before|first)\b"
    r"|[.!?:]\s+predict\b.*\b(?:before|first)\b|\bbefore (?:you )?run\w*\W+predict\b",
    re.I,
)
POINTER = re.compile(r"^\W*predict(?: (?:this|it|these))?(?: (?:first|before (?:you )?run\w*))?\W*$", re.I)
SHOWING_MAGIC = re.compile(
    r"^\s*(?:%%?time(?:it)?\b|%(?:whos?|ls|pwd)\b|!(?!\s*(?:pip|conda|apt|wget|curl|git|mkdir|unzip|rm)\b))", re.M
)
CAPITAL_PREDICT = re.compile(r"\bPREDICT\b")
COMPARES = re.compile(
    r"\b(?:identical|same|equal|equals|match|matches|differ|different|allclose|true or false|agree)\b", re.I
)
COMPARING_CALLS = frozenset(
    {"allclose", "equal", "array_equal", "isclose", "array_equiv", "assert_close", "assert_allclose"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkdownPrompt:
    """A prompt in a row of chunks: it takes `taken` of them, counted from where it was found."""

    asked: tuple[Asked, ...]
    taken: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CommentPrompt:
    """What the comments of a code cell ask. `pointers` says whether the only comments are "Predict this first!"."""

    asked: tuple[Asked, ...]
    printed: tuple[Asked, ...]


def find_lead(text: str) -> re.Match[str] | None:
    """The lead of a prompt ("**Before running, predict:**") at the start of a text."""
    found = LEAD.match(text) or BARE_LEAD.match(text)
    if found is None or EVERY_CELL.search(found["lead"]):
        return None
    return found


def read_markdown_prompt(chunks: Sequence[Chunk]) -> MarkdownPrompt | None:
    """The prompt that begins with the first of these chunks, if one does."""
    head = chunks[0]
    if head.kind is ChunkKind.OTHER and head.source.lstrip().startswith(">"):
        return _quoted_prompt(head.source)
    if head.kind is ChunkKind.LIST:
        return _step_prompt(head)
    rest, follows = "", chunks[1] if len(chunks) > 1 else None
    if head.kind is ChunkKind.HEADING:
        if not HEADING_LEAD.match(head.text) or follows is None:
            return None
        if follows.kind is ChunkKind.PARAGRAPH and "?" in follows.source:
            return MarkdownPrompt(asked=_strip_numbers(follows.source), taken=2)
    elif head.kind is ChunkKind.PARAGRAPH:
        lead = _paragraph_lead(head.source)
        if lead is None:
            return None
        rest = lead
    else:
        return None
    if follows is not None and follows.kind is ChunkKind.LIST and _list_asks(rest, follows):
        asked = _inline(rest) if "?" in rest else ()
        asked += tuple(one for item in follows.items for one in split_questions(item))
        return MarkdownPrompt(asked=asked, taken=2) if asked else None
    asked = _inline(rest) or _asked_by_lead(head.source)
    return MarkdownPrompt(asked=asked, taken=1) if asked else None


def split_at_lead(chunk: Chunk) -> tuple[Chunk, ...]:
    """A paragraph whose prompt begins on a later line, as two chunks."""
    if chunk.kind is not ChunkKind.PARAGRAPH:
        return (chunk,)
    lines = chunk.source.split("\n")
    for number in range(1, len(lines)):
        if find_lead(lines[number].lstrip()):
            middle = chunk.start + number
            first, second = "\n".join(lines[:number]), "\n".join(lines[number:])
            return (
                Chunk(kind=chunk.kind, source=first, start=chunk.start, end=middle),
                Chunk(kind=chunk.kind, source=second, start=middle, end=chunk.end),
            )
    return (chunk,)


def read_comment_prompt(source: str) -> CommentPrompt:
    """What the comments of a code cell ask: questions of their own, and lines marked "Predict this first!"."""
    lines = source.split("\n")
    asked: list[Asked] = []
    printed: list[Asked] = []
    comments = read_comments(source)
    taken: set[int] = set()
    for number, comment in enumerate(comments):
        if comment.line in taken or not is_comment_prompt(comment):
            continue
        below = next((line.strip() for line in lines[comment.line :] if line.strip()), "")
        if comment.alone and POINTER.match(comment.words) and below.startswith("print("):
            printed.append(_asked_of_line(below))
        elif comment.alone:
            asked += _ask_in_comment(comments[number:], taken)
        else:
            printed.append(_asked_of_line(lines[comment.line - 1][: comment.column].strip()))
    return CommentPrompt(asked=tuple(asked), printed=tuple(printed))


def _asked_of_line(shown: str) -> Asked:
    ask = f"What does `{shown}` show?" if "`" not in shown else f"What does this show? {shown}"
    return Asked(ask=ask, aside="", kind=guess_kind("What is printed?"))


def is_comment_prompt(comment: Comment) -> bool:
    """Whether a comment asks for a prediction ("# PREDICT: …"), not one that tells what a model predicts."""
    return COMMENT_PROMPT.search(comment.words) is not None or CAPITAL_PREDICT.search(comment.words) is not None


def choose_settling(asked: Sequence[Asked], sources: Sequence[str]) -> int:
    """Which of the code cells below a prompt settles its first question: the first that evaluates what it asks about.

    Cells that only define things settle nothing; a question whether two things are the same waits for a comparison.
    """
    trees = [read_python(source) for source in sources]
    if asked and COMPARES.search(asked[0].ask):
        for number, tree in enumerate(trees):
            if tree is not None and _compares(tree):
                return number
    for number, tree in enumerate(trees):
        if tree is None or _evaluates(tree) or SHOWING_MAGIC.search(sources[number]):
            return number
    return 0


def _quoted_prompt(source: str) -> MarkdownPrompt | None:
    """A prompt that is all of a block quote."""
    inner = read_chunks("\n".join(re.sub(r"^\s*> ?", "", line) for line in source.split("\n")))
    found = read_markdown_prompt(inner) if inner and inner[0].kind is ChunkKind.PARAGRAPH else None
    return MarkdownPrompt(asked=found.asked, taken=1) if found and found.taken == len(inner) else None


def _step_prompt(steps: Chunk) -> MarkdownPrompt | None:
    """A step of a numbered list that begins "**Predict**"; the list itself stays where it is."""
    if not re.match(r"\s*\d", steps.source):
        return None
    asked = tuple(
        one
        for item in steps.items
        if (found := STEP.match(item)) and not EVERY_CELL.search(item)
        for one in split_questions(_sentence(item[found.end() :]))
    )
    return MarkdownPrompt(asked=asked, taken=0) if asked else None


def _asked_by_lead(text: str) -> tuple[Asked, ...]:
    """What a lead asks by itself ("**Before running, predict the shape of `out`.**")."""
    lead = find_lead(text.lstrip())
    what = lead.groupdict().get("what") if lead else None
    return split_questions(_sentence(what.strip())) if what else ()


def _sentence(text: str) -> str:
    """Words after "Predict", as a question where they are one, else as a sentence that begins with it."""
    return text if "?" in text else f"Predict {text}"


def _paragraph_lead(text: str) -> str | None:
    """What follows the lead of a paragraph; questions inside the bold count as following it."""
    stripped = text.lstrip()
    lead = find_lead(stripped)
    if lead is None:
        return None
    rest = stripped[lead.end() :]
    if lead["end"] == ":" and lead["mark"]:
        inside, _, after = rest.partition(lead["mark"])
        rest = f"{inside} {after}"
    return rest.strip()


def _inline(text: str) -> tuple[Asked, ...]:
    return _strip_numbers(text) if text.strip(" :.") else ()


def _strip_numbers(text: str) -> tuple[Asked, ...]:
    """Questions of a paragraph; "(1) … (2) …" and line breaks before numbers separate them."""
    parts = re.split(r"(?:^|\s)\(?(?:\d|[a-d])\)\s+", text)
    if len(parts) < 3:
        parts = [text]
    return tuple(one for part in parts for one in split_questions(part))


def _list_asks(rest: str, follows: Chunk) -> bool:
    """Whether the list after a lead holds the questions, not only the cases of one asked before it."""
    return "?" not in rest or any("?" in item for item in follows.items)


def _ask_in_comment(comments: Sequence[Comment], taken: set[int]) -> list[Asked]:
    head = comments[0]
    taken.add(head.line)
    words = [_from_predict(head.words)]
    for comment in comments[1:]:
        follows = comment.alone and comment.line - 1 in taken and comment.column == head.column
        if not follows or is_comment_prompt(comment):
            break
        if not ("?" in comment.words or re.match(r"[-*•]|\d[.)]|[a-z(]", comment.words)):
            break
        taken.add(comment.line)
        words.append(re.sub(r"^(?:[-*•]|\d[.)])\s*", "", comment.words))
    text = re.sub(r"^(?:before (?:you )?run\w*\W+)?predict\w*\s*:\s*", "", " ".join(words), flags=re.I)
    return list(split_questions(text))


def _from_predict(words: str) -> str:
    """The sentence that asks, without those before it."""
    sentences = re.split(r"(?<=[.!?])\s+", words)
    first = next((number for number, text in enumerate(sentences) if re.search(r"\bpredict", text, re.I)), 0)
    return " ".join(sentences[first:])


def _compares(tree: ast.Module) -> bool:
    """Whether the cell compares two values outside the functions it defines."""
    for statement in tree.body:
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            continue
        for node in ast.walk(statement):
            if isinstance(node, ast.Assert):
                return True
            if isinstance(node, ast.Call) and _called(node) in COMPARING_CALLS:
                return True
            if isinstance(node, ast.Compare) and any(isinstance(op, ast.Eq | ast.NotEq) for op in node.ops):
                return True
    return False


def _evaluates(tree: ast.Module) -> bool:
    """Whether the cell shows or checks something; imports, definitions and assignments do not."""
    for statement in tree.body:
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            continue
        if isinstance(statement, ast.Assert | ast.Raise):
            return True
        if isinstance(statement, ast.Expr) and not isinstance(statement.value, ast.Constant):
            return True
        inner = (node for node in ast.walk(statement) if node is not statement)
        if any(
            isinstance(node, ast.Assert) or (isinstance(node, ast.Call) and _called(node) == "print") for node in inner
        ):
            return True
    return False


def _called(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
