"""The part of Limits about frame agreements: what signing each changes, and up to which promise it pays."""

from __future__ import annotations

from optimizer.explain.explanation import Explanation, FrameWorth
from optimizer.workbook.language.given import Given
from optimizer.workbook.sheets.limit_moves import ANSWERS, stamp
from optimizer.workbook.writing.lists import Block, Column, Content, Entry

COLUMNS = {
    "frame": Column("Frame agreement"),
    "answer": Column("Answer"),
    "signed": Column("In the plan"),
    "factor": Column("Factor", "factor"),
    "promised": Column("Promised, USD", "USD"),
    "least": Column("Signing it changes the cost by, USD, least", "USD"),
    "most": Column("Signing it changes the cost by, USD, most", "USD"),
    "pays": Column("Pays up to a promise of, USD, least", "USD"),
    "": Column(),
    "no more": Column("Pays no more above, USD", "USD"),
    "figures": Column("Figures"),
}
NOTE = (
    "All else stays as it is; below zero saves. Promises are of the whole window. Without a promise that pays, it does "
    "not pay to sign for nothing."
)


def frame_worths(explanation: Explanation) -> list[Block]:
    """A row for each frame; no table where there are none."""
    rows = [_entry(frame) for frame in explanation.frames]
    title = "What signing a frame agreement changes"
    return [Block(rows, COLUMNS, title, [stamp(explanation), NOTE], height=42, gap=2)] if rows else []


def _entry(frame: FrameWorth) -> Entry:
    """What is signed costs more, in the words of the sheet, what signing it saves less."""
    saves, pays = frame.saves_usd, frame.pays_up_to_usd
    cells: dict[str, Content] = {
        "frame": Given(frame.frame),
        "answer": ANSWERS[frame.answer],
        "signed": "signed already" if frame.already else "signed" if frame.signed else "not signed",
        "factor": frame.factor,
        "promised": frame.spend_usd,
        "least": None if saves is None or saves.most is None else 0.0 - saves.most,
        "most": None if saves is None or saves.least is None else 0.0 - saves.least,
        "pays": None if pays is None else pays.least,
        "no more": None if pays is None else pays.most,
        "figures": "optimiser's, static",
    }
    return Entry(cells)
