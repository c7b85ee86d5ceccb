"""A formula where it stands, its tokens, and what they say."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from formualizer import Token, Tokenizer, TokenizerError, TokenSubType, TokenType
from openpyxl.utils import get_column_letter

from optimizer.workbook.writing.areas import Area


@dataclass(frozen=True)
class FormulaCell:
    """A formula where it stands: its tokens, none if it cannot be parsed, and all that it refers to, names included."""

    sheet: str
    row: int
    column: int
    text: str
    style: str
    tokens: tuple[Token, ...]
    areas: tuple[Area, ...]

    @cached_property
    def cell(self) -> str:
        return f"{get_column_letter(self.column)}{self.row}"

    @cached_property
    def where(self) -> str:
        return f"{self.sheet}!{self.cell}"

    @cached_property
    def functions(self) -> tuple[str, ...]:
        """The functions that it uses, in their order."""
        return tuple(function_of(token) for token in self.tokens if opens(token))


def tokens_of(formula: str) -> tuple[Token, ...]:
    """The tokens of a formula; none of one that cannot be parsed."""
    try:
        return tuple(Tokenizer(formula).tokens())
    except TokenizerError:
        return ()


def refers(token: Token) -> bool:
    """Whether a token of a formula is a reference."""
    return bool(token.token_type == TokenType.Operand and token.subtype == TokenSubType.Range)


def opens(token: Token) -> bool:
    """Whether a token of a formula begins a function."""
    return bool(token.token_type == TokenType.Func and token.subtype == TokenSubType.Open)


def function_of(token: Token) -> str:
    """The name of the function that a token begins."""
    return str(token.value).rstrip("(").upper()
