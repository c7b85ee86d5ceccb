"""What a scenario's accounts must say: what is booked on them, and where."""

from __future__ import annotations

from catalogs.leaves import entries, has
from catalogs.problems import Problem, Problems
from catalogs.validate import Sound
from optimizer.request.frame_checks import check_selection_of_orders
from optimizer.request.limit_checks import selectable


def check_accounts(tree: Sound, known: Sound, problems: Problems) -> None:
    """Each account selects what exists, of what is ordered, and says where to book it."""
    may_name = selectable(tree, known)
    for where, entry, at in entries(tree, "accounts", "*"):
        check_selection_of_orders(where, entry, "an account", may_name, problems)
        if not has(entry, "cost_centre") and not has(entry, "gl_account"):
            problems.append(Problem(at, f"accounts.{where[1]} needs one of cost_centre and gl_account, or both"))
