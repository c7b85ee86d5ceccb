"""The page: what to know first, what to order, money, power, limits, and how far to trust it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import fsum

from optimizer.formulation.register import lines_of
from optimizer.plan.format import Plan
from optimizer.report.elements import Cell, Html, element, items, joined, table
from optimizer.report.limits import limits, power
from optimizer.report.money import cash, cost_lines, units
from optimizer.report.orders import obligations, orders
from optimizer.report.style import CSS
from optimizer.report.subject import Subject, count, percent
from optimizer.request.currency import USD
from optimizer.workbook.language.wording import ENGLISH, Language

POLICY = "default-src 'none'; style-src 'unsafe-inline'"
"""What a browser may load for the page: nothing."""
Section = Callable[[Subject], Html]


def report(plan: Plan, language: Language = ENGLISH) -> str:
    """A plan as one page that needs nothing else."""
    on = Subject(plan, language)
    sections: dict[str, tuple[str, Section]] = {
        "know-first": ("What to know first", _warnings),
        "figures": ("Key figures", _figures),
        "orders": ("What to order", orders),
        "cash": ("Cash", cash),
        "obligations": ("Obligations", obligations),
        "costs": ("What it costs", cost_lines),
        "power": ("Power", power),
        "limits": ("Limits", limits),
        "units": ("Unit costs", units),
        "trust": ("How far to trust it", _trust),
        "notes": ("Notes", lambda on: items(on.all(on.plan.notes)) if on.plan.notes else Html("")),
    }
    made = {key: (on.say(title), make(on)) for key, (title, make) in sections.items()}
    return _document(on, {key: part for key, part in made.items() if part[1]})


def _document(on: Subject, parts: dict[str, tuple[str, Html]]) -> str:
    name = str(on.plan.scenario["name"])
    head = [
        Html('<meta charset="utf-8">'), Html(f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'),
        Html('<meta name="viewport" content="width=device-width, initial-scale=1">'),
        element("title", f"{name} · chipmix"), element("style", Html(CSS)),
    ]  # fmt: skip
    nav = element("nav", element("ul", *(
        element("li", element("a", title, href=f"#{key}")) for key, (title, _) in parts.items()
    )), aria_label=on.say("Contents"))  # fmt: skip
    body = [
        element("section", element("h2", title, id=key), part, aria_labelledby=key)
        for key, (title, part) in parts.items()
    ]
    main = element("main", element("h1", name), element("p", _subtitle(on)), nav, joined(body))
    foot = element("footer", element("p", f"chipmix {on.plan.run.version} · {on.plan.run.plan_sha256[:16]}"))
    html = element("html", element("head", joined(head)), element("body", main, foot), lang=on.language)
    return f"<!doctype html>\n{html}\n"


def _subtitle(on: Subject) -> str:
    buyer = on.plan.scenario.get("buyer")
    return " · ".join(filter(None, (str(buyer or ""), f"{on.periods[0]} – {on.periods[-1]}", _money(on))))


def _money(on: Subject) -> str:
    """In which money the page speaks."""
    if on.rates.varies:
        return on.say(f"money in {on.code}, each flow at the rate of its period")
    rate = f" at {on.rates.mean:,.6g} per USD" if on.code != USD else ""
    return on.say(f"money in {on.code}{rate}")


def _warnings(on: Subject) -> Html:
    return items(on.all(on.plan.warnings)) if on.plan.warnings else Html("")


def _figures(on: Subject) -> Html:
    """What is asked for first."""
    plan, sign = on.plan, -1 if on.is_value else 1
    what = "Net value: value of work less cost" if on.is_value else "Net present value of cost"
    gap = on.at_mean(plan.objective_usd - plan.bound_usd)
    certified = on.objective - on.at_mean(plan.objective_usd - plan.certified.bound_usd)
    peak = max(fsum(row.power_used_mw for row in plan.sites if row.period == key) for key in on.periods)
    rows: list[Sequence[Cell]] = [
        (on.say(what), on.money(sign * on.objective), on.unit),
        (on.say("No plan can be better by more than"), on.money(gap), on.unit),
        (on.say("Bound certified without the solver"), on.money(sign * certified), on.unit),
        (on.say("Capex, cash"), on.money(fsum(on.by_period(lines_of("capex_usd")))), on.unit),
        (on.say("Opex, cash, rent included"), on.money(fsum(on.by_period(lines_of("opex_usd")))), on.unit),
        (on.say("Rent due after the horizon"), on.money(on.flows({on.periods[-1]: plan.rent_after_usd})), on.unit),
        (on.say("Highest peak power, all sites"), count(peak), "MW"),
    ]  # fmt: skip
    tax = "after tax" if plan.scenario["finance"].get("tax") else "before tax"
    return joined([
        element("p", f"{on.say('Money is nominal, ' + tax + '.')} {on.say('Costs are positive, receipts negative.')}"),
        table(on.say("Key figures"), on.all(["Figure", "Amount", "Unit"]), rows),
    ])  # fmt: skip


def _trust(on: Subject) -> Html:
    """Gap, bound, audit, evidence, and what the plan was made from."""
    plan, shares = on.plan, (("Share of work done", on.plan.basis.work), ("Share of money spent", on.plan.basis.spend))
    kinds = tuple(type(plan.basis.work).model_fields)
    evidence = [(on.say(label), *(percent(getattr(of, kind)) for kind in kinds)) for label, of in shares]
    audit = on.say("passed") if plan.audit.ok else on.say("failed")
    rows: list[Sequence[Cell]] = [
        (on.say("Status"), on.say(plan.status)), (on.say("Gap to the bound"), percent(plan.gap)),
        (on.say("Gap certified without the solver"), percent(plan.certified.gap)),
        (on.say("Audit in exact arithmetic"), f"{audit}, {plan.audit.checks:,}"),
        (on.say("Solver"), plan.run.solver), (on.say("Version"), plan.run.version),
        ("SHA-256: plan", plan.run.plan_sha256), ("SHA-256: scenario", plan.run.scenario_sha256),
        ("SHA-256: catalogue", plan.run.catalog_sha256),
    ]  # fmt: skip
    columns = [on.say("Evidence"), *(on.say(kind.capitalize()) for kind in kinds)]
    return joined([
        table(on.say("Evidence behind the plan"), columns, evidence),
        table(on.say("How the plan is known"), on.all(["What", "Is"]), rows),
    ])  # fmt: skip
