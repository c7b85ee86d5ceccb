"""The files that commands start for the user."""

SCENARIO = """\
# A small plan: what should a company of its own hall buy for training and chat?
# `chipmix check` explains every mistake; docs/format.md lists every key.
name: First plan
buyer: our_company                       # opens this company's own chips to it; without one it may be left out
catalogs: [bundled, ./our_quotes]        # later folders override earlier ones, field by field
horizon: {start: 2026q1, periods: 6}     # quarters, because the start is one
finance: {discount_rate: 0.09, maintenance_share: 0.03}

sites:
  our_hall:
    power_mw: {2026q1: 1.0, 2026q4: 2.0} # at the meter; more from the fourth quarter on
    pue: 1.2                             # yearly mean, for energy
    peak_pue: 1.3                        # for the power limit
    electricity_usd_per_mwh: 75

demand:
  training:
    workload: llm_training               # chipmix catalog list shows what does which work
    per_second: {2026q3: 40000}          # TFLOP/s sustained: about 50 H100
    stacks: {cuda: 0, rocm: 0}           # software it has been ported to
  chat:
    workload: llm_serving_70b
    per_second: {2026q1: 60000, 2026q3: 150000}   # output tokens a second: about 17 H100, then 41
    unmet_usd_per_unit_hour: 0.02        # may stay undone, at 5.6 USD a million tokens

budget:
  capex_usd: {2026: 20e6}
"""

QUOTES = """\
# Our own quote, three lines: every other field stays as in the bundled catalogue.
offers:
  dgx_h100.purchase:
    price_usd: {2025q4: 255000}
"""

ACCELERATOR = """\
# {id}: fill in what the maker publishes; `chipmix catalog check` says what is missing.
accelerator:
  id: {id}
  name: {name}
  vendor: {vendor}
  kind: asic                       # gpu | asic
  stack: cuda                      # the software its work must be ported to
  announced: {year}
  memory_gb: 100
  memory_bandwidth_tb_s: 4
  peak_tflops: {{bf16: 1000}}        # dense, per accelerator
  tdp_w: 700
systems:
  {id}_server:
    name: {name} server
    accelerators: 8
    provisioned_kw: 10             # IT load a site must reserve
    average_kw: 8                  # IT load the meter sees in service
    cooling: air                   # air | liquid
    racks: 0.25
offers:
  {id}_server.purchase:
    system: {id}_server
    route: purchase
    price_usd: {{{year}: 250000}}     # per system, by period of order
    lead_time_months: 6
throughput:
  llm_training: {{rate: 400, precision: bf16, basis: estimated, source: {id}_guess}}
sources:
  {id}_guess: {{title: first guess of our hardware team}}
"""
