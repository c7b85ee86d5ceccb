"""`chipmix scenarios`: the bundled ones."""

from __future__ import annotations

import click


@click.command()
def scenarios() -> int:
    """List the bundled scenarios, one line each.

    \b
    Example:
      chipmix scenarios
    """
    from catalogs.yaml_text import read
    from cli.tables import show_table
    from optimizer.request.load import bundled_scenarios

    rows = []
    for name, path in bundled_scenarios().items():
        tree = read(path)
        horizon = tree.get("horizon", {})
        rows.append((name, str(tree.get("name")), f"{horizon.get('start')}, {horizon.get('periods')} periods"))
    show_table(("scenario", "what it plans", "horizon"), rows)
    return 0
