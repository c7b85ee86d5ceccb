"""The facts of a catalogue: frozen models, a unit in every field name.

The format of a catalogue is stated here and nowhere else; `chipmix catalog schema` prints it as JSON
Schema. Numbers are decimals exactly as typed.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any, ClassVar, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    WrapSerializer,
    model_validator,
)

from catalogs.periods import Amount, Number, Period, PueSchedule, Schedule, first_month
from catalogs.values import Availability, Count, Id, Months, Name, Positive, Share, Truth, Whole

Basis = Literal["measured", "vendor", "quoted", "estimated", "unsourced"]
"""The most certain first. `quoted` is an own quote with a date, `unsourced` what nobody cites."""
Precision = Literal["bf16", "fp8", "fp4", "int8"]
Route = Literal["purchase", "lease", "reservation", "on_demand"]
Cooling = Literal["air", "liquid"]
UNSOURCED: Basis = "unsourced"
HOSTED: frozenset[str] = frozenset({"reservation", "on_demand"})
"""Routes whose systems stand on the provider's site and draw none of our power, cooling or racks."""


class Frozen(BaseModel):
    """Base of every input model. Keys named in LATER are part of the format but not built yet.

    Validators are built when something is first read; a default that is a model is `model_construct`ed for that reason.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, defer_build=True)
    LATER: ClassVar[frozenset[str]] = frozenset()

    @model_validator(mode="before")
    @classmethod
    def _absent_is_absent(cls, data: Any) -> Any:
        """A key that is not built yet may stand there empty: it asks for nothing."""
        if not cls.LATER or not isinstance(data, dict):
            return data
        return {key: value for key, value in data.items() if value or key not in cls.LATER}


class OneOff(Frozen):
    """Engineering paid once, so many months before the first order of a purchase may be placed."""

    usd: Positive
    months: Months = 0


class Accelerator(Frozen):
    """One chip package as its maker counts it."""

    id: Id
    name: Name
    vendor: Id
    kind: Literal["gpu", "asic"]
    stack: Id
    announced: Period | None = None
    memory_gb: Positive | None = None
    memory_bandwidth_tb_s: Positive | None = None
    peak_tflops: dict[Precision, Positive] = {}
    tdp_w: Positive | None = None
    draws: dict[Id, Positive] = {}
    one_off: OneOff | None = None


class System(Frozen):
    """What is ordered and powered as one: `accelerators` of one kind in a server, rack or pod slice."""

    accelerator: Id
    name: Name
    accelerators: Count
    provisioned_kw: Positive
    average_kw: Positive
    cooling: Cooling
    racks: Amount


class Dates(Frozen):
    """Periods in which an offer may be ordered; both ends included, an open end has none."""

    from_: Period | None = Field(default=None, alias="from")
    until: Period | None = None


class PriceStep(Frozen):
    """From so many systems on, the price times `factor`."""

    from_systems: Annotated[Whole, Field(ge=2, le=10**9)]
    factor: Annotated[Number, Field(gt=0, le=10)]


class PriceBreaks(Frozen):
    """`all_units`: one factor for every system of an order; `incremental`: each step's for those in it."""

    kind: Literal["all_units", "incremental"]
    steps: Annotated[tuple[PriceStep, ...], Field(min_length=1, max_length=20)]


class Offer(Frozen):
    """A way to get systems: route, price, dates, terms. Prices are per system, rents per accelerator.

    `availability` is the share of its systems that does work; for `bring_up_months` from entering service on none does.
    Where it states neither, those of the scenario hold.
    """

    system: Id
    route: Route
    host: Id | None = None
    price_usd: Schedule | None = None
    usd_per_accelerator_hour: Schedule | None = None
    lead_time_months: Months = 0
    bring_up_months: Months | None = None
    availability: Availability | None = None
    available: Dates = Dates.model_construct()
    buyers: Annotated[tuple[Id, ...], Field(min_length=1)] | None = None
    term_months: Annotated[Whole, Field(ge=1, le=600)] | None = None
    deposit_share: Share = Decimal(0)
    supply_systems_per_month: Schedule | None = None
    carbon_kg_per_accelerator_hour: Amount | None = None
    network_usd: Amount = Decimal(0)
    software_usd_per_year: Amount = Decimal(0)
    minimum_order_systems: Count | None = None
    price_breaks: PriceBreaks | None = None
    divisible: Truth = "false"
    free: Truth = "false"

    @property
    def hosted(self) -> bool:
        return self.route in HOSTED


class Throughput(Frozen):
    """A point of what one accelerator does per second on one workload, in the workload's unit.

    It holds from the period `from` on. So many `accelerators` reached it together, one where nothing is said, and a
    system that holds fewer does not. Without a basis and a source it is unsourced.
    """

    rate: Schedule
    precision: Precision | None = None
    from_: Period | None = Field(default=None, alias="from")
    accelerators: Count | None = None
    basis: Basis = UNSOURCED
    source: Id | None = None

    @property
    def together(self) -> int:
        return self.accelerators or 1


def _as_points(value: Any) -> Any:
    """One point may stand alone, without the list."""
    return value if isinstance(value, (list, tuple)) else (value,)


def _in_order(points: tuple[Throughput, ...]) -> tuple[Throughput, ...]:
    """Points are a set: their order in the file changes nothing. The rate comes last, so that no edit of it does."""

    def place(point: Throughput) -> tuple[int, str, int, str, str, str]:
        begins = first_month(point.from_) if point.from_ else 0
        return begins, point.precision or "", point.together, point.basis, point.source or "", str(point.rate)

    return tuple(sorted(points, key=place))


def _as_written(points: tuple[Throughput, ...], written: Any) -> Any:
    """One point is written without the list."""
    return found[0] if len(found := list(written(points))) == 1 else found


Points = Annotated[
    tuple[Throughput, ...],
    Field(min_length=1),
    BeforeValidator(_as_points, json_schema_input_type=Throughput | Annotated[list[Throughput], Field(min_length=1)]),
    AfterValidator(_in_order),
    WrapSerializer(_as_written),
]


class Source(Frozen):
    """Where a figure comes from."""

    title: Name
    url: Annotated[str, StringConstraints(max_length=2000)] | None = None
    date: Annotated[str, StringConstraints(pattern=r"^\d{4}(-\d{2}(-\d{2})?)?$")] | None = None
    note: Annotated[str, StringConstraints(max_length=2000)] | None = None


class Uncertainty(Frozen):
    """How far off a figure may be: the least and the most that it may come to, as shares of itself."""

    low: Annotated[Number, Field(gt=0, le=1)]
    high: Annotated[Number, Field(ge=1, le=10)]


class Cite(Frozen):
    """What stands behind a field, and how far off it may be; no source where it is unsourced."""

    source: Id | None = None
    basis: Basis
    uncertainty: Uncertainty | None = None


class Workload(Frozen):
    """A kind of work with a unit of demand; `memory_gb` is what weights and a minimal cache take, by precision."""

    unit: Name
    phase: Literal["training", "serving", "recommendation"]
    describes: Name
    memory_gb: Annotated[dict[Precision, Positive], Field(min_length=1)] | None = None


class Pool(Frozen):
    """A shared upstream supply; forecasts are per month, for the whole market."""

    unit: Name
    describes: Name
    forecasts: dict[Id, Schedule] = {}


class Region(Frozen):
    """What electricity costs and emits in a region, and the PUE of its halls, for sites that do not say it."""

    describes: Name
    electricity_usd_per_mwh: Schedule | None = None
    carbon_kg_per_mwh: Schedule | None = None
    pue: PueSchedule | None = None


class Catalog(Frozen):
    """Everything known about what can be had, after all folders are merged.

    `cites` is keyed by `<id>` (all of an entry) or `<id>.<field>`; the longest key that fits a field
    holds. `throughput` is keyed by accelerator, then workload. `tariffs` are read into the sites that name a region;
    a plan has those of its own regions, and none without any.
    """

    accelerators: dict[str, Accelerator] = {}
    systems: dict[Id, System] = {}
    offers: dict[Id, Offer] = {}
    throughput: dict[str, dict[Id, Points]] = {}
    workloads: dict[Id, Workload] = {}
    pools: dict[Id, Pool] = {}
    tariffs: dict[Id, Region] | None = None
    sources: dict[Id, Source] = {}
    cites: dict[str, Cite] = {}

    def cite(self, entry: str, field: str) -> Cite | None:
        """What stands behind a field of an accelerator, system or offer."""
        return self.cites.get(f"{entry}.{field}") or self.cites.get(entry)

    def basis(self, entry: str, field: str) -> Basis:
        """The kind of evidence behind a field."""
        return cite.basis if (cite := self.cite(entry, field)) else UNSOURCED

    def points(self, accelerator: str, workload: str) -> tuple[Throughput, ...]:
        """What an accelerator does on a workload; no point where it cannot do it."""
        return self.throughput.get(accelerator, {}).get(workload, ())


class SystemEntry(System):
    """A system as a catalogue file writes it: its accelerator is the file's own unless it names one."""

    accelerator: Id | None = None  # type: ignore[assignment]


class CatalogFile(Frozen):
    """One catalogue file: usually an accelerator with its systems, offers, throughput and sources."""

    accelerator: Accelerator | None = None
    systems: dict[Id, SystemEntry] = {}
    offers: dict[Id, Offer] = {}
    throughput: dict[Id, Points] = {}
    workloads: dict[Id, Workload] = {}
    pools: dict[Id, Pool] = {}
    tariffs: dict[Id, Region] = {}
    sources: dict[Id, Source] = {}
    cites: dict[str, Cite] = {}
