"""Which lines of a code cell would answer a prompt, so that they are shown only after the run.

Enters: the source of a code cell (for a task: its test part). Leaves: `Piece`s. Invariant: the pieces concatenate to
the source, character by character.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Sequence
from itertools import pairwise

from foretell.model.lesson import Piece
from foretell.parse.prompts import is_comment_prompt
from foretell.parse.python import Comment, first_line, last_line, read_comments, read_python, statement_lists

TELLS = re.compile(r"\b(?:expected|expecting|confirmed|verified|passed)\b", re.I)
CLAIMS = re.compile(
    r"\b(?:should|must|expect(?:ed|s)?|verif(?:y|ies|ied)|confirm(?:s|ed)?|prove[sd]?|shows? that|because)\b"
    r"|\bcan(?:not|'t|’t)\b",
    re.I,
)
CAPITALS = re.compile(r"\b(?:NOT|CANNOT|ALWAYS|NEVER)\b")
TUPLE = re.compile(r"(?<![\w.])[(\[]\s*-?\d[\d_.]*\s*,[^()\[\]]*[)\]]")
STATED = re.compile(
    r"(?:=|->|→|=>)\s*(?:-?\d|True\b|False\b)"
    r"|\b(?:is|are|equals?|gives?|yields?|becomes?|returns?|prints?)\s+(?:about |exactly |only |just )?"
    r"(?:-?\d|True\b|False\b)"
    r"|^\W*(?:True|False)\b|^\W*(?:[Oo]utput|[Rr]esult|[Aa]nswer)\b[^:]{0,20}:\s*\S"
)
TRAILING_LITERAL = re.compile(
    r"(?<![\w.])-?\d[\d_,]*(?:\.\d+)?(?:e-?\d+)?%?(?![\w])|\d+\s*[x×]\s*\d+|[(\[]\s*-?\d|\b(?:True|False)\b"
    r"|(?<!\w)'[^']*'|\"[^\"]*\"|\b(?:should|must|expect\w*|because)\b"
    r"|\b(?:u?int|b?float|complex)\d+\b|\btorch\.(?:bool|long|float|double|half)\b|\b\w+(?:Error|Exception)\b"
    r"|\b(?:nan|inf|None)\b", re.I
)  # fmt: skip
MARKER = re.compile(
    r"\b(?:TODO|FIXME|YOUR CODE|FILL (?:IN|THIS)|REPLACE (?:THIS|WITH)|REMOVE THIS)\b|\b(?:replace|remove) this line\b",
    re.I,
)
DIRECTIVE = re.compile(r"^#\s*(?:noqa|type:|fmt:|pylint|pragma|%%|@)", re.I)
BANNER = re.compile(r"^\s*[=*#~_\-─—]{2,}|[=*#~_\-─—]{2,}\s*$|:\s*$|\.\.\.\s*$|…\s*$")
WORD = re.compile(r"[A-Za-z][\w'’-]*")


def read_pieces(source: str, *, asks_for_error: bool = False) -> tuple[Piece, ...]:
    """Split a code cell into what may be shown before its run and what is withheld until then.

    Where a prompt asks which error comes, the handlers that name it are withheld too.
    """
    if not source:
        return ()
    comments = read_comments(source)
    tree = read_python(source)
    lines = source.split("\n")
    whole = _lines_that_tell(lines) if tree is None else _lines_of_statements(tree, lines)
    if tree is not None and asks_for_error:
        whole |= _lines_of_handlers(tree)
    alone = {comment.line: comment for comment in comments if comment.alone}
    whole |= _comments_that_claim(alone, whole)
    whole |= {line for number in whole if number not in alone for line in _above(number, whole, alone, lines)}
    whole |= _blank_between(whole, lines)
    ends = {c.line: c.column for c in comments if not c.alone and c.line not in whole and states_answer(c)}
    return _cut(lines, whole, ends)


def states_answer(comment: Comment) -> bool:
    """Whether a comment behind code holds a value or says what must come out."""
    if is_comment_prompt(comment) or MARKER.search(comment.text) or DIRECTIVE.match(comment.text):
        return False
    return TRAILING_LITERAL.search(comment.words) is not None


def claims_result(text: str) -> bool:
    """Whether a line of comment states a value or claims a result."""
    return any(form.search(text) for form in (CLAIMS, CAPITALS, TUPLE, STATED))


def is_marker(comment: Comment) -> bool:
    """Whether a comment marks a place to write code (TODO, YOUR CODE HERE, replace this line)."""
    return MARKER.search(comment.text) is not None


def _lines_of_statements(tree: ast.Module, lines: Sequence[str]) -> set[int]:
    withheld: set[int] = set()
    _visit(tree.body, withheld)
    return {line for line in withheld if line <= len(lines)}


def _lines_of_handlers(tree: ast.Module) -> set[int]:
    """Lines of `except` clauses that name an error; `except Exception` names none."""
    broad = {"Exception", "BaseException"}
    return {
        line
        for node in ast.walk(tree)
        if isinstance(node, ast.ExceptHandler) and node.type is not None and getattr(node.type, "id", "") not in broad
        for line in range(node.lineno, (node.end_lineno or node.lineno) + 1)
    }


def _visit(statements: Sequence[ast.stmt], withheld: set[int]) -> bool:
    """Note the lines of withheld statements; whether all of the list is withheld."""
    asserted, kept = False, 0
    for statement in statements:
        lists = statement_lists(statement)
        emptied = [_visit(inner, withheld) for inner in lists]
        is_print = _printed(statement) is not None
        tells = _tells(statement) or (asserted and is_print)
        if tells or any(emptied):
            withheld.update(range(first_line(statement), last_line(statement) + 1))
        else:
            kept += 1
        asserted = asserted or isinstance(statement, ast.Assert)
    return kept == 0 and bool(statements)


def _tells(statement: ast.stmt) -> bool:
    if isinstance(statement, ast.Assert):
        return True
    if isinstance(statement, ast.Assign | ast.AnnAssign):
        targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
        return any(isinstance(target, ast.Name) and target.id.lower().startswith("expected") for target in targets)
    printed = _printed(statement)
    if printed is None:
        return False
    text = "".join(part for argument in printed.args for part in _constant_parts(argument))
    if TELLS.search(text) or any(_names_expected(argument) for argument in printed.args):
        return True
    constant = bool(printed.args) and all(_is_constant_text(argument) for argument in printed.args)
    return constant and _is_sentence(text)


def _printed(statement: ast.stmt) -> ast.Call | None:
    """The call when a statement is `print(...)`."""
    call = statement.value if isinstance(statement, ast.Expr) else None
    if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "print":
        return call
    return None


def _constant_parts(node: ast.expr) -> list[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return [node.value]
    if isinstance(node, ast.JoinedStr):
        return [part.value for part in node.values if isinstance(part, ast.Constant) and isinstance(part.value, str)]
    return []


def _is_constant_text(node: ast.expr) -> bool:
    if isinstance(node, ast.JoinedStr):
        return not any(isinstance(part, ast.FormattedValue) for part in node.values)
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def _names_expected(node: ast.expr) -> bool:
    return any(isinstance(inner, ast.Name) and inner.id.lower().startswith("expected") for inner in ast.walk(node))


def _is_sentence(text: str) -> bool:
    """At least four words that are no heading ("=== Shapes of the four layers ===", "Parameters of the model:")."""
    stripped = text.strip()
    if re.fullmatch(r"\(.*\)", stripped, re.S):
        stripped = stripped[1:-1]
    return len(WORD.findall(stripped)) >= 4 and not BANNER.search(stripped)


def _comments_that_claim(alone: dict[int, Comment], whole: set[int]) -> set[int]:
    """Whole blocks of comment lines of which one claims; where a prompt is among them, only the lines that claim."""
    found: set[int] = set()
    for block in _blocks(line for line in alone if line not in whole):
        if any(is_marker(alone[line]) for line in block):
            continue
        asks = any(is_comment_prompt(alone[line]) for line in block)
        if asks:
            found |= {line for line in block if not is_comment_prompt(alone[line]) and claims_result(alone[line].words)}
        elif claims_result(" ".join(alone[line].words for line in block)):
            found |= set(block)
    return found


def _blocks(lines: Iterable[int]) -> list[list[int]]:
    blocks: list[list[int]] = []
    for line in sorted(lines):
        if blocks and blocks[-1][-1] == line - 1:
            blocks[-1].append(line)
        else:
            blocks.append([line])
    return blocks


def _above(number: int, whole: set[int], alone: dict[int, Comment], lines: Sequence[str]) -> set[int]:
    """The comment block directly above a withheld statement (blank lines between do not part them)."""
    line = number - 1
    while line >= 1 and not lines[line - 1].strip() and line not in whole:
        line -= 1
    block: set[int] = set()
    while line in alone and line not in whole and not is_comment_prompt(alone[line]) and not is_marker(alone[line]):
        block.add(line)
        line -= 1
    return block


def _blank_between(whole: set[int], lines: Sequence[str]) -> set[int]:
    """Blank lines that have only withheld lines around them."""
    ordered = sorted(whole)
    found: set[int] = set()
    for line, following in pairwise(ordered):
        between = range(line + 1, following)
        if between and all(not lines[blank - 1].strip() for blank in between):
            found.update(between)
    return found


def _lines_that_tell(lines: Sequence[str]) -> set[int]:
    """For a cell that does not parse: lines that begin an assert, name an expectation or print a sentence."""
    found: set[int] = set()
    asserted = False
    for number, line in enumerate(lines, start=1):
        stripped = line.strip()
        if re.match(r"assert\b|expected\w*\s*=", stripped):
            asserted = asserted or stripped.startswith("assert")
            found.add(number)
        elif stripped.startswith("print"):
            constant = re.fullmatch(r"print\(\s*f?(['\"])([^{}]*)\1\s*\)", stripped)
            if asserted or TELLS.search(stripped) or (constant and _is_sentence(constant[2])):
                found.add(number)
    return found


def _cut(lines: Sequence[str], whole: set[int], ends: dict[int, int]) -> tuple[Piece, ...]:
    parts: list[tuple[str, bool]] = []
    for number, line in enumerate(lines, start=1):
        newline = "\n" if number < len(lines) else ""
        if number in whole:
            parts.append((line + newline, True))
        elif number in ends:
            code = line[: ends[number]].rstrip()
            parts += [(code, False), (line[len(code) :], True), (newline, False)]
        else:
            parts.append((line + newline, False))
    pieces: list[Piece] = []
    for text, withheld in parts:
        if not text:
            continue
        if pieces and pieces[-1].withheld == withheld:
            pieces[-1] = Piece(text=pieces[-1].text + text, withheld=withheld)
        else:
            pieces.append(Piece(text=text, withheld=withheld))
    return tuple(pieces)
