"""Price lists of clouds as quote folders: what is taken, what is not, and that it can be planned with."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from commands import run_here
from hypothesis import given, settings
from hypothesis import strategies as st

from catalogs.load import bundled_folder, catalog_of
from optimizer.price_lists.shape import built_in

HEADER = "InstanceType,AcceleratorName,AcceleratorCount,vCPUs,MemoryGiB,Price,Region,GpuInfo,SpotPrice\n"
LIST = HEADER + (
    "cpu-d3_4vcpu-16gb,,0,4,16,0.0992,eu-north1,,\n"
    "gpu-h100-sxm_1gpu-16vcpu-200gb,H100,1,16,200,2.95,eu-north1,"
    "\"{'Gpus': [{'Name': 'H100', 'Count': 1, 'MemoryInfo': {'SizeInMiB': 81920}}]}\",1.25\n"
    "gpu-h100-sxm_8gpu-128vcpu-1600gb,H100,8,128,1600,23.60,eu-north1,,10.00\n"
    "gpu-h200-sxm_8gpu-128vcpu-1600gb,H200,8.0,128,1600,28.80,eu-north1,,11.60\n"
    "gpu-h200-sxm_8gpu-128vcpu-1600gb,H200,8,128,1600,28.00,us-central1,,11.60\n"
    "1V100.6V,V100,1.0,6,23,0.1381,us-central1,,\n"
    ",tpu-v5p-8,1,,,16.8,us-east5,,6.72\n"
    ",tpu-v5p-256,1,,,500,us-east5,,\n"
    ",tpu-v6e-8,1,,,0,us-east5,,0\n"
    "instance,H100,8,8,8,20,us-east5,,\n"
    "half,L40S,0.5,8,8,20,us-east5,,\n"
)
HUNT = (
    "instance_name,location,price,cpu,memory,gpu_count,gpu_name,gpu_memory,spot,disk_size,gpu_vendor,provider\n"
    "i1,us,24.0,30,240,8,A100,80.0,False,,nvidia,My Cloud\n"
    "i1,us,8.0,30,240,8,A100,80.0,True,,nvidia,My Cloud\n"
    "i4,us,8.0,30,240,8,A100,40.0,True,,nvidia,My Cloud\n"
    "i5,us,8.0,30,240,0,,,False,,,My Cloud\n"
)
SCENARIO = """\
name: rent
catalogs: [bundled, ./nebius]
horizon: {start: 2026q1, periods: 2}
demand:
  train: {workload: llm_training, per_second: 40e3}
  small: {workload: llm_serving_8b, per_second: 10e3}
offers: {allow: ["*.nebius_*"]}
"""


def _import(folder: Path, text: str | bytes, *words: str) -> tuple[int, str]:
    (folder / "vms.csv").write_bytes(text if isinstance(text, bytes) else text.encode())
    done = run_here("catalog", "import", "vms.csv", *words, cwd=folder)
    return done.returncode, done.stdout + done.stderr


def test_a_list_is_checked_and_planned_with(tmp_path: Path) -> None:
    code, said = _import(tmp_path, LIST, "-o", "nebius", "--host", "nebius", "--date", "2026-01", "--url", "https://a")
    assert code == 0, said
    done = run_here("check", "nebius", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    (tmp_path / "rent.yaml").write_text(SCENARIO, encoding="utf-8")
    done = run_here("plan", "rent.yaml", "--json", "plan.json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    plan = json.loads((tmp_path / "plan.json").read_text(encoding="utf-8"))
    assert plan["audit"]["ok"]
    assert {order["offer"] for order in plan["orders"]} <= {"dgx_h200.nebius_spot", "dgx_h100.nebius_spot"}
    assert plan["orders"]


def test_rents_are_per_accelerator_and_the_cheapest(tmp_path: Path) -> None:
    code, said = _import(tmp_path, LIST, "-o", "nebius", "--host", "nebius", "--spot-availability", "70%")
    assert code == 0, said
    known = catalog_of([bundled_folder(), tmp_path / "nebius"])
    rents = {key: offer.usd_per_accelerator_hour for key, offer in known.offers.items() if ".nebius_" in key}
    assert {key: float(str(rent)) for key, rent in rents.items()} == {
        "dgx_h100.nebius_on_demand": 23.60 / 8,
        "dgx_h100.nebius_spot": 1.25,
        "dgx_h100_x1.nebius_on_demand": 2.95,
        "dgx_h100_x1.nebius_spot": 1.25,
        "dgx_h200.nebius_on_demand": 3.5,
        "dgx_h200.nebius_spot": 1.45,
        "tpu_v5p_rack.nebius_on_demand": 500 / 128,  # 256 cores are 128 chips, two racks
        "tpu_v5p_rack_x4.nebius_on_demand": 4.2,
        "tpu_v5p_rack_x4.nebius_spot": 1.68,
    }
    assert known.offers["tpu_v5p_rack.nebius_on_demand"].minimum_order_systems == 2
    assert float(known.offers["dgx_h100.nebius_spot"].availability or 0) == 0.7
    part, whole = known.systems["dgx_h100_x1"], known.systems["dgx_h100"]
    assert part.accelerators == 1
    assert part.provisioned_kw == whole.provisioned_kw / 8


def test_what_is_not_taken_is_told_on_the_screen_and_in_the_file(tmp_path: Path) -> None:
    code, said = _import(tmp_path, LIST, "-o", "nebius", "--host", "nebius")
    written = (tmp_path / "nebius" / "prices.yaml").read_text(encoding="utf-8")
    assert code == 0
    for told in (said, written):
        assert "V100" in told
        assert "1V100.6V" in told
        assert "no price above 0 is listed" in told
        assert "not a whole number of accelerators" in told
    assert "rows without an accelerator, which are passed over: 1" in said
    taken = [line for line in written.splitlines() if line.startswith("# Not taken over:")]
    assert len(taken) == 4


def test_a_row_of_gpuhunt_is_of_a_spot_price_or_not(tmp_path: Path) -> None:
    code, said = _import(tmp_path, HUNT, "-o", "hunt")
    assert code == 0, said
    known = catalog_of([bundled_folder(), tmp_path / "hunt"])
    assert str(known.offers["dgx_a100.my_cloud_on_demand"].usd_per_accelerator_hour) == "3"
    assert str(known.offers["dgx_a100.my_cloud_spot"].usd_per_accelerator_hour) == "1"
    assert "i4" in said  # 40 GB, which the catalogue does not have


def test_a_map_names_columns_and_systems(tmp_path: Path) -> None:
    (tmp_path / "map.yaml").write_text(
        "columns: {instance: Type, accelerator: Chip, count: Chips, usd_per_hour: Rent}\n"
        "price_is_per: accelerator\nsystems: [{accelerator: H100, system: dgx_h100}]\n",
        encoding="utf-8",
    )
    code, said = _import(tmp_path, "Type;Chip;Chips;Rent\na;H100;8;2.5\n", "--map", "map.yaml", "--host", "us")
    assert code == 0, said
    known = catalog_of([bundled_folder(), tmp_path / "vms"])
    assert str(known.offers["dgx_h100.us_on_demand"].usd_per_accelerator_hour) == "2.5"


def test_a_rent_of_the_catalogue_is_replaced_and_so_is_what_stands_behind_it(tmp_path: Path) -> None:
    code, said = _import(tmp_path, HEADER + "p5.48xlarge,H100,8,1,1,40,us,,\n", "-o", "aws", "--host", "aws")
    assert code == 0, said
    assert "dgx_h100.aws_on_demand" in said
    known = catalog_of([bundled_folder(), tmp_path / "aws"])
    cite = known.cite("dgx_h100.aws_on_demand", "usd_per_accelerator_hour")
    assert cite is not None
    assert (cite.source, cite.basis) == ("price_list_aws", "vendor")
    assert known.offers["dgx_h100.aws_on_demand"].supply_systems_per_month is not None


def test_only_regions_that_are_asked_for_count(tmp_path: Path) -> None:
    code, said = _import(tmp_path, LIST, "-o", "n", "--host", "n", "--region", "eu-north1")
    assert code == 0, said
    assert "rows of other regions: 7" in said
    known = catalog_of([bundled_folder(), tmp_path / "n"])
    assert str(known.offers["dgx_h200.n_on_demand"].usd_per_accelerator_hour) == "3.6"


def test_the_map_of_the_page_fits(tmp_path: Path) -> None:
    page = (Path(__file__).parent.parent / "docs" / "prices.md").read_text(encoding="utf-8")
    (tmp_path / "map.yaml").write_text(page.partition("```yaml\n")[2].partition("```")[0], encoding="utf-8")
    rows = "machine,gpu,gpus,on_demand,spot,gpu_memory\nbig-1,H100,8,20,8,80\nsmall,h100,8,16,,94\nother,H100,8,9,,80\n"
    code, said = _import(tmp_path, rows, "--map", "map.yaml", "--host", "us")
    assert code == 0, said
    assert "other" in said.partition("Not taken over")[2]
    known = catalog_of([bundled_folder(), tmp_path / "vms"])
    assert {key for key in known.offers if ".us_" in key} == {
        "dgx_h100.us_on_demand", "dgx_h100.us_spot", "h100_nvl_server.us_on_demand",
    }  # fmt: skip


BAD = HEADER.encode() + (
    b"a,H100,8,,,NaN,,,\nb,H100,x,,,-3,,,\nc,\xff,8,,,3,,,\nd,H100,,,,3,,,inf\ne,H100,8,,,1 000,,,\nf,H100\n"
)


def test_every_mistake_is_told_at_once_and_nothing_is_written(tmp_path: Path) -> None:
    code, said = _import(tmp_path, BAD, "--host", "a")
    assert code == 2
    for line in (
        "vms.csv:2:12: Price must be a number, at least 0 (got NaN)",
        "vms.csv:3:8: AcceleratorCount must be a number, at least 0 (got x)",
        "vms.csv:3:12: Price must be a number, at least 0 (got -3)",
        "vms.csv:4:3: AcceleratorName is not UTF-8 text",
        "vms.csv:5:8: AcceleratorCount is empty",
        "vms.csv:5:15: SpotPrice must be a number, at least 0 (got inf)",
        "vms.csv:6:12: Price must be a number, at least 0 (got 1 000)",
        "the row has 2 fields where the header has 9",
    ):
        assert line in said
    assert [path.name for path in tmp_path.iterdir()] == ["vms.csv"]


@pytest.mark.parametrize(
    ("text", "words", "says"),
    [
        (LIST, [], "say whose prices these are with --host"),
        (LIST, ["--host", "a", "--region", "eu-north"], "no row is of region 'eu-north'; did you mean 'eu-north1'?"),
        (LIST, ["--host", "A b"], "is no id"),
        (LIST, ["--host", "a", "--date", "2026-02-31"], "is no date"),
        (LIST, ["--host", "a", "-o", "there"], "exists already and is left as it is"),
        (LIST, ["--host", "a", "--map", "map.yaml"], "there is no system 'dgx_h10'; did you mean 'dgx_h100'?"),
        ("a,b\n1,2\n", ["--host", "a"], "say with --map which column is which"),
        (HEADER + "a,V100,8,,,3,,,\n", ["--host", "a"], "holds no price of a system in the catalogue"),
        (HUNT + "i1,us,8.0,3,2,8,A100,80.0,True,,nvidia,my-cloud\n", [], "would both be host my_cloud"),
        (HUNT.replace("True", "maybe"), [], "spot must be true or false (got maybe)"),
    ],
)
def test_what_cannot_be_meant_is_refused(text: str, words: list[str], says: str, tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "map.yaml").write_text("systems: [{accelerator: H100, system: dgx_h10}]\n", encoding="utf-8")
    code, said = _import(tmp_path, text, *words)
    assert code == 2, said
    assert says in said
    assert sorted(path.name for path in tmp_path.iterdir()) == ["map.yaml", "there", "vms.csv"]


TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=30)


@pytest.mark.parametrize("examples", [4, pytest.param(20, marks=pytest.mark.slow)])
def test_no_text_of_a_list_breaks_the_file(examples: int, tmp_path: Path) -> None:
    ours = set(catalog_of([bundled_folder()]).offers)

    @settings(max_examples=examples, deadline=None)
    @given(name=TEXT, region=TEXT, title=TEXT, other=TEXT)
    def whatever(name: str, region: str, title: str, other: str) -> None:
        check_texts(tmp_path, (name, region, title, other), ours)

    whatever()


def check_texts(tmp_path: Path, texts: tuple[str, str, str, str], ours: set[str]) -> None:
    name, region, title, other = texts
    folder = tmp_path / str(len(list(tmp_path.iterdir())))
    folder.mkdir()
    fields = (f"sxm{name}", "H100", "8", "", "", "20", region, "", "")
    more = ("x", f"V{other}", "8", "", "", "20", region, "", "")
    rows = "".join(",".join('"' + field.replace('"', '""') + '"' for field in row) + "\n" for row in (fields, more))
    code, said = _import(folder, HEADER + rows, "--host", "a", "--title", title)
    assert code == 0, said
    known = catalog_of([bundled_folder(), folder / "vms"])
    assert str(known.offers["dgx_h100.a_on_demand"].usd_per_accelerator_hour) == "2.5"
    assert set(known.offers) - ours == {"dgx_h100.a_on_demand"}


def test_every_system_of_the_built_in_rules_is_in_the_catalogue() -> None:
    systems = {rule.system for rule in built_in("systems").systems if rule.system}
    assert systems <= set(catalog_of([bundled_folder()]).systems)
    assert len(systems) > 20
