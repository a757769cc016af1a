"""The Markdown that models write: CommonMark with tables and strikethrough, and nothing dropped.

The parser is markdown-it-py. HTML is text, links may have any scheme (each platform decides which
it takes), and three rules are wrapped because the originals leave out what a page would not show:
unused link definitions, surplus cells of a table's row, and blocks nested too deeply.
"""

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock, reference, table
from markdown_it.rules_block.table import escapedSplit
from markdown_it.token import Token

MAX_DEPTH = 20
"""Levels of quotes and lists (a list counts twice); what is deeper becomes one paragraph."""


class _AnyLink(MarkdownIt):
    def validateLink(self, url: str) -> bool:  # noqa: N802 -- the parser's name
        return True


def _definition(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """Keep the source of a link definition, to be shown if no link uses it."""
    known = len(state.env.get("references", ()))
    if not reference(state, start, end, silent):
        return False
    if not silent:
        token = state.push("definition", "", 0)
        token.content = state.getLines(start, state.line, state.blkIndent, False).strip()
        references = state.env["references"]
        token.meta["label"] = next(reversed(references)) if len(references) > known else None
    return True


def _table(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """Put the cells that a row has beyond its header into the last cell."""
    first = len(state.tokens)
    if not table(state, start, end, silent):
        return False
    if not silent:
        width = sum(token.type == "th_open" for token in state.tokens[first:])
        line = column = 0
        for token in state.tokens[first:]:
            if token.type == "tr_open" and token.map:
                line, column = token.map[0], 0
            elif token.type == "inline":
                column += 1
                if column == width:
                    token.content = " | ".join([token.content, *_cells(state, line)[width:]])
    return True


def _cells(state: StateBlock, line: int) -> list[str]:
    source = state.src[state.bMarks[line] + state.tShift[line] : state.eMarks[line]].strip()
    cells = escapedSplit(source)
    if cells and not cells[0]:
        del cells[0]
    if cells and not cells[-1]:
        del cells[-1]
    return [cell.strip() for cell in cells]


def _too_deep(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """The parser skips what is nested beyond its limit: take it as text before it gets there."""
    if silent or state.level < MAX_DEPTH:
        return False
    line = start
    while line < end and (state.isEmpty(line) or state.sCount[line] >= state.blkIndent):
        line += 1
    state.push("paragraph_open", "p", 1)
    token = state.push("inline", "", 0)
    token.content = state.getLines(start, line, state.blkIndent, False).strip()
    token.map = [start, line]
    token.children = []
    state.push("paragraph_close", "p", -1)
    state.line = line
    return True


def _grammar() -> MarkdownIt:
    # The parser's own limit must not be reached by blocks: it would skip what is inside.
    # `store_labels` tells which definition a link was made from.
    grammar = _AnyLink(
        "commonmark", {"html": False, "maxNesting": MAX_DEPTH + 4, "store_labels": True}
    )
    grammar.enable(["table", "strikethrough"])
    rules = grammar.block.ruler
    rules.at("table", _table, {"alt": ["paragraph", "reference"]})
    rules.at("reference", _definition)
    rules.before("table", "too_deep", _too_deep)
    return grammar


_GRAMMAR = _grammar()


def tokens(markdown: str) -> list[Token]:
    """The parser's tokens; a ``definition`` has its label in `meta`, None if it is a repetition."""
    return _GRAMMAR.parse(markdown)


def readable(url: str) -> str:
    """A parsed link's URL as people read it, percent-encoding undone where that is safe."""
    return _GRAMMAR.normalizeLinkText(url)
