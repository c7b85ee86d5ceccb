"""The reviewer's list as a linter: one function a rule, numbered as in the list of what a reviewer checks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from optimizer.workbook.check.formulas import (
    derived_numbers_are_formulas,
    formulas_have_values,
    no_circularity,
    no_constants,
    no_errors,
    no_links_to_links,
    no_volatile_functions,
    one_formula_per_row,
    portable_functions,
    references_run_left_to_right,
    short_formulas,
)
from optimizer.workbook.check.model import (
    balances_close,
    checks_say_what_they_mean,
    inputs_have_sources_and_rules,
    manifest_is_there,
    master_check_everywhere,
    sign_convention_stated,
    total_is_the_objective,
    values_are_right,
)
from optimizer.workbook.check.parts import charts_can_be_read, nothing_foreign, text_is_text
from optimizer.workbook.check.sheets import (
    a_unit_on_every_line,
    inputs_stand_apart,
    labels_are_unique,
    nothing_hidden,
    nothing_merged,
    one_time_axis,
    prints_and_leads,
    style_says_the_role,
)
from optimizer.workbook.check.subject import Finding, Subject

__all__ = ["RULES", "Finding", "Subject", "check_workbook"]

Rule = Callable[[Subject], Iterator[Finding]]

RULES: tuple[Rule, ...] = (
    derived_numbers_are_formulas,
    formulas_have_values,
    values_are_right,
    no_errors,
    one_formula_per_row,
    no_constants,
    one_time_axis,
    a_unit_on_every_line,
    labels_are_unique,
    inputs_stand_apart,
    style_says_the_role,
    references_run_left_to_right,
    no_circularity,
    no_volatile_functions,
    portable_functions,
    short_formulas,
    no_links_to_links,
    nothing_foreign,
    nothing_hidden,
    nothing_merged,
    checks_say_what_they_mean,
    master_check_everywhere,
    balances_close,
    total_is_the_objective,
    sign_convention_stated,
    inputs_have_sources_and_rules,
    prints_and_leads,
    manifest_is_there,
    text_is_text,
    charts_can_be_read,
)
"""In the order of their numbers, from 1."""


def check_workbook(path: Path) -> tuple[Finding, ...]:
    """Everything that the rules find in a workbook, rule by rule. Raises InputError if it is not safe to read."""
    subject = Subject(path)
    return tuple(finding for number, rule in enumerate(RULES, start=1) for finding in _judged(number, rule, subject))


def _judged(number: int, rule: Rule, subject: Subject) -> list[Finding]:
    """What a rule finds. In a damaged file it may meet anything; what it cannot judge is a finding, never a pass."""
    try:
        return list(rule(subject))
    except Exception as error:
        return [Finding(number, "workbook", f"cannot be judged: the file is damaged ({type(error).__name__})")]
