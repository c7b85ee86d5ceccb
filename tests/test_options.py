"""Options of every command: numbers that are none are refused, settings are obeyed or refused."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from builders import as_yaml, one_offer
from commands import run, small

from catalogs.problems import InputError
from cli.main import chipmix
from cli.main import run as run_here
from cli.options import Number, Share
from optimizer.request.load import load_request

NO_NUMBERS = ("nan", "inf", "-inf", "-1", "1e999", "abc", "", "0x10", "1,5")
TOO_MUCH = {"gap": ("1.5", "1e308"), "time_limit": ("0", "1e308", "1e9"), "saving": ("101%", "1.5", "nan%", "1e308")}
WHOLE = ("nan", "inf", "-1", "0", "1.5", "1e3", "abc", "")


def options() -> Iterator[tuple[str, click.Option]]:
    """Every option of a command that takes a number."""
    for name, command in chipmix.commands.items():
        for option in command.params:
            if isinstance(option, click.Option) and isinstance(option.type, (Number, Share, click.IntRange)):
                yield name, option


NUMERIC = [(name, option) for name, option in options()]
IDS = [f"{name} {option.opts[0]}" for name, option in NUMERIC]


def needed(name: str, folder: Path) -> list[str]:
    """What a command needs beside the option."""
    more = {"demand": ["--column", "tokens"], "frontier": ["--trade", "it_kw"]}
    more["sweep"] = ["--vary", "finance/discount_rate=0.1", "-o", "out"]
    file = "plan.json" if name == "explain" else "scenario.yaml"
    return [str(folder / file), *more.get(name, [])]


def test_no_command_takes_a_number_in_another_way() -> None:
    """click's own FloatRange takes nan, and inf where a side is open."""
    for name, command in chipmix.commands.items():
        for option in command.params:
            plain = isinstance(option.type, (click.types.FloatParamType, click.types.IntParamType))
            assert not plain or isinstance(option.type, (Number, click.IntRange)), (name, option.name)
    assert {option.name for _, option in NUMERIC} >= {"gap", "time_limit", "saving", "workers", "points", "plans"}


@pytest.mark.parametrize(("name", "option"), NUMERIC, ids=IDS)
def test_what_is_no_number_is_refused(
    name: str, option: click.Option, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    small(tmp_path)
    values = WHOLE if isinstance(option.type, click.IntRange) else (*NO_NUMBERS, *TOO_MUCH.get(str(option.name), ()))
    for value in values:
        assert run_here([name, *needed(name, tmp_path), f"{option.opts[0]}={value}"]) == 2, value
        assert option.opts[0] in capsys.readouterr().err


@pytest.mark.parametrize("words", [
    ("--gap", "nan"), ("--gap", "-1"), ("--gap", "inf"), ("--time-limit", "nan"), ("--time-limit", "inf"),
    ("--time-limit", "1e308"), ("--time-limit", "0"),
], ids=" ".join)  # fmt: skip
def test_the_installed_command_refuses_them(words: tuple[str, str], tmp_path: Path) -> None:
    small(tmp_path)
    done = run("plan", "scenario.yaml", "=".join(words), cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert f"Invalid value for '{words[0]}'" in done.stderr


@pytest.mark.parametrize("value", ["0", "1e-9", "0.5", "1", "1e-400"])
def test_gaps_that_are_numbers_are_taken(value: str) -> None:
    assert Number(0, 1).convert(value, None, None) == float(value)


# Settings


def folder_of(tmp_path: Path, name: str, price: int) -> None:
    (tmp_path / name).mkdir()
    for file, content in one_offer(price_usd=price).items():
        (tmp_path / name / file).write_text(as_yaml(content), encoding="utf-8")


@pytest.mark.parametrize(
    ("settings", "price"),
    [
        (("catalogs=[own]",), 7),
        (("catalogs=[quotes, own]",), 7),
        (("catalogs=[own, quotes]",), 300000),
        (("catalogs/0=own",), 7),
        (("catalogs/1=own",), 7),
        (("catalogs=[own]", "catalog/offers/box.purchase/price_usd=8"), 8),
    ],
)
def test_catalogues_that_are_set_are_used(settings: tuple[str, ...], price: int, tmp_path: Path) -> None:
    path = small(tmp_path)
    folder_of(tmp_path, "own", 7)
    assert load_request(path, settings).catalog.offers["box.purchase"].price_usd == price


@pytest.mark.parametrize(
    ("setting", "says"),
    [
        ("catalogs=[nowhere]", "there is no folder 'nowhere'"),
        ("catalogs=own", "catalogs must be a list"),
        ("catalogs=", "catalogs must be a list"),
        ("catalogs/7=own", "there is no item 7"),
        ("catalog=1", "unknown key 'catalog'"),
        ("catalog/offers=1", "catalog.offers must be a mapping"),
        ("catalog/offers=", "catalog.offers must be a mapping"),
        ("catalog/offers=[1]", "catalog.offers must be a mapping"),
        ("catalog/offers/box.purchase=1", "offers.box.purchase must be a mapping"),
        ("catalog/offers/box.purchase=null", "offers.box.purchase must be a mapping"),
        ("catalog/systems=box", "catalog.systems must be a mapping"),
        ("catalog/throughput/chip=1", "throughput.chip must be a mapping"),
        ("catalog/offer/box.purchase/price_usd=1", "there is no catalogue section 'offer'; did you mean 'offers'?"),
        ("extends=scenario.yaml", "extends cannot be set"),
    ],
)
def test_settings_that_cannot_be_obeyed_are_refused(setting: str, says: str, tmp_path: Path) -> None:
    path = small(tmp_path)
    folder_of(tmp_path, "own", 7)
    with pytest.raises(InputError) as refused:
        load_request(path, [setting])
    said = [problem for problem in refused.value.problems if says in problem.message]
    assert said, refused.value.problems
    assert all(problem.at.file.startswith("--set") for problem in said)


def test_an_entry_that_looks_like_a_year_takes_no_other_away(tmp_path: Path) -> None:
    with pytest.raises(InputError) as refused:
        load_request(small(tmp_path), ["catalog/offers/2027/price_usd=8"])
    assert all("2027" in str(problem) for problem in refused.value.problems)


def test_a_workbook_keeps_its_catalogue(tmp_path: Path) -> None:
    small(tmp_path)
    assert run("plan", "scenario.yaml", "-o", "plan.xlsx", cwd=tmp_path).returncode == 0
    done = run("plan", "plan.xlsx", "--set", "catalogs=[quotes]", cwd=tmp_path)
    assert done.returncode == 2
    assert "the plan holds the catalogue it was made with" in done.stderr
