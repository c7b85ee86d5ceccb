"""The files that commands start for the user."""

SCENARIO = """\
# A small plan: what should a company of its own hall buy for training and chat?
# `chipmix check` explains every mistake; docs/format.md tells every key.
# A line that begins with # and no blank is switched on by taking the # away, with the lines under it that begin so too.
name: First plan
buyer: our_company                       # opens this company's own chips to it; without one it may be left out
catalogs: [bundled, ./our_quotes]        # later folders override earlier ones, field by field
horizon: {start: 2026q1, periods: 6}     # quarters, because the start is one
#currency: {code: EUR, per_usd: 0.92}    # how money is shown, at one rate or by period; files stay in USD

finance:
  discount_rate: 0.09                    # nominal, a year, before tax (after tax with `tax`)
  maintenance_share: 0.03                # of the price paid, a year
  #fiscal_year_starts: 7                 # fy2026 is then July 2025 to June 2026
  #fiscal_year_named_by: start           # in a workbook that year is then FY2025; keys in files stay named by the end
  #service_life_years: 4                 # how long a purchase stays in service; else 5
  #book_life_years: 6                    # what it is depreciated over; else 5
  #residual: {1: 0.5, 2: 0.3, 3: 0.15}   # share of the price left by age; else 0.62 after a year, 0.12 after five
  #owed_after_horizon: in_full           # rent of terms that outlast the horizon; else less what the rest would fetch
  #tax: {rate: 0.25, depreciation: macrs_5}   # on profit, a loss is used as it arises; or straight_line, or bonus
  #carbon_usd_per_t: 80                  # a price on what carbon_kg_per_mwh and hosted systems emit

#assumptions: {availability: 0.9, bring_up_months: {purchase: 1}}   # share that does work, else 0.95; months of setup

sites:
  our_hall:
    power_mw: {2026q1: 1.0, 2026q4: 2.0} # at the meter; more from the fourth quarter on
    pue: 1.2                             # yearly mean, for energy
    peak_pue: 1.3                        # for the power limit
    electricity_usd_per_mwh: 75
    #region: us_ohio                     # what the site does not say: price and carbon of electricity, PUE
    #air_mw: 0.5                         # IT load that can be cooled by air: 45 DGX H100 of 11 kW
    #liquid_mw: {2026q1: 0, 2026q4: 0.5} # by liquid, once the loop is there: 3 GB300 NVL72 of 153 kW
    #racks: 40
    #hosting_usd_per_kw_month: 130       # per provisioned kW, where the hall is somebody else's
    #carbon_kg_per_mwh: 300
    #take_or_pay_share: 0.5              # energy paid for, used or not, of all that the power would give
    #expansion: {usd_per_mw: 11e6, lead_time_months: 9, max_mw: 2, life_years: 20, block_mw: 1}

demand:
  training:
    workload: llm_training               # chipmix catalog list shows what does which work
    per_second: {2026q3: 40000}          # TFLOP/s sustained: about 50 H100
    stacks: {cuda: 0, rocm: 0}           # software it has been ported to
    #precisions: [bf16, fp8]             # which points of a throughput are good enough; else all
    #cluster: {accelerators: 16}         # at least so many of one accelerator at one place
    #sites: [our_hall]                   # where it may run; else anywhere, at clouds too
  chat:
    workload: llm_serving_70b
    per_second: {2026q1: 60000, 2026q3: 150000}   # output tokens a second: about 17 H100, then 41
    unmet_usd_per_unit_hour: 0.02        # may stay undone, at 5.6 USD a million tokens
    #stacks: {cuda: 0, rocm: {usd: 4e5, months: 3}}   # porting to ROCm costs money and time
  # A run that must be finished, whenever it runs: about 13,000 H100 hours.
  #finetune: {workload: llm_training, by_deadline_unit_hours: {2026q4: 1e7}}

budget:
  capex_usd: {2026: 20e6}
  #opex_usd: {total: 3e6}                # energy, hosting, maintenance, rent; windows: total, 2026, 2026q1, fy2026

# In service already: capacity and power, no purchase cost. 32 H100 do about 64 % of the training.
#fleet:
#  - {system: dgx_h100, site: our_hall, count: 4, until: 2028q4, may_retire: true, resale_usd: 90e3}

# Ordered already: enters service as stated, whatever else is planned.
#commitments:
#  - {offer: dgx_h100.purchase, site: our_hall, period: 2026q1, systems: 2, price_usd: 280000}

# Most accelerators delivered to us in a month, by purchase and lease; three months make a quarter.
#supply_per_month: {b300: {2026q1: 0, 2026q2: 8}, mi350x: 8}

# Our part of an upstream supply: 0.0001 of 135,000 wafers is 13.5 a month.
#pools_per_month: {cowos_wafers: {forecast: semi_vision, share: 0.0001}}

# Which accelerators, systems and offers may be used, by id or pattern, and on which evidence.
#offers:
#  deny: [gh200, "*.on_demand"]
#  allow: ["dgx_*", "mi3*"]
#  basis: [measured, vendor, quoted, estimated]

# Frame agreements: cheaper for a promise to spend; what is missing of it is paid all the same. Signed only if it pays.
#frames:
#  nvidia_deal: {of: {vendor: nvidia, route: purchase}, orders: 2026, within: 2026, spend_usd: 12e6, factor: 0.93}

# Where orders are booked, for `chipmix orders`; the first that selects an order counts.
#accounts:
#  - {of: {route: purchase}, cost_centre: "4711", gl_account: "160200"}
#  - {cost_centre: "4720"}                # all others

# Rules of your own: a ceiling on one vendor, a second source for chat, a cap on carbon (where its intensity is given).
#limits:
#  - {name: nvidia_share, measure: spend_usd, of: {vendor: nvidia}, at_most_share: 0.9}
#  - {name: second_source, measure: work, of: {vendor: each, demand: chat}, at_most_share: 0.95, within: each_year}
#  - {name: carbon, measure: carbon_t, at_most: 5e4, within: each_year}
"""

FUTURES = """\

# What may come, for `chipmix robust`: each future multiplies figures of the scenario, or lets things come later.
# It selects as limits select. The ranges are published ones; the probabilities are guesses, for yours to be put there.
uncertainty:
  decide_by: 2026q2                      # what is placed, started or signed up to here is one decision for all futures
  #unmet_usd_per_unit_hour: {training: 0.5}   # work without a price of its own; else ten times the dearest way to do it
  #beyond: {budget: 1, supply: 1, limits: 1}  # what it costs to pass a limit that a future moves, times what is beyond
  #seed: 1                               # of the futures that `chipmix stress` draws
  # What futures are drawn from; without any, they are the ones below, by their probability.
  #draws:
  #  chat_grows: {change: demand, of: {demand: chat}, lognormal_per_year: 0.25}
  #  prices_fall: {change: price, decline_per_year: {low: 0, mode: 0.15, high: 0.3}}
  #  rents: {change: rent, between: {low: 0.65, mode: 1, high: 1.5}, from: 2026q3}
  #  packaging: {change: pools, of: {pool: cowos_wafers}, between: {low: 0.65, mode: 1, high: 1.11}}   # as below
  #  slips: {change: delivery_delay, of: {vendor: nvidia}, months: {0: 0.6, 3: 0.25, 6: 0.15}}
  #catalog_ranges: true                  # prices and rents from the ranges beside their sources in the catalogue too
  #correlation: {same_vendor: 0.5, others: 0.1, next_year: 0.6}   # of what is drawn: by vendor, and from year to year
futures:
  - {name: as_planned, probability: 0.4}
  # CoWoS at the end of 2026: 135,000 wafers a month by the forecast used above (SEMI Vision), 88,000 by Digitimes
  # (report 20250628RS401, June 2025), 150,000 by the highest published (business.am-news.com, 23 January 2026). With
  # less of it, what NVIDIA delivers comes a quarter later, and dearer.
  - name: packaging_short
    probability: 0.2
    #supply: {of: {vendor: nvidia}, factor: 0.65}      # 88,000 of 135,000; with supply_per_month
    #pools: {of: {pool: cowos_wafers}, factor: 0.65}   # the same, with pools_per_month
    delivery_delay: {of: {vendor: nvidia}, months: 3}  # bought and leased, orders placed already too
    price: {of: {vendor: nvidia}, factor: {2026q1: 1, 2026q3: 1.1}}
  # An H100 hour fell to 1.70 USD (contracts of a year, October 2025; neighborhoodsf.com, H100 rental prices) and rose
  # to 2.60 within a year (index SDH100RT, June 2026; chris-gpu-rental.pages.dev).
  - name: boom
    probability: 0.2
    demand: {of: {demand: chat}, factor: {2026q1: 1, 2026q3: 1.5}}
    rent: {factor: 1.5, from: 2026q3}                  # 2.60 of 1.70
  - name: bust
    probability: 0.1
    demand: {factor: 0.7, from: 2026q3}
    rent: {factor: 0.65, from: 2026q3}                 # 1.70 of 2.60
    residual: {factor: 0.7}                            # of what is left of a price
    #electricity: {of: {site: our_hall}, factor: 1.2}
  # Halls open late: what the hall has more of from the fourth quarter on comes two quarters later.
  - name: hall_late
    probability: 0.1
    hall_delay: {of: {site: our_hall}, months: 6}
    #power: {of: {site: our_hall}, factor: 0.9}
"""

QUOTES = """\
# Our own quote: every other field stays as in the bundled catalogue.
# What begins with # and no blank is switched on by taking the # away.
offers:
  dgx_h100.purchase:
    price_usd: {2025q4: 255000}          # the bundled catalogue has 286,000
    #price_breaks: {kind: all_units, steps: [{from_systems: 2, factor: 0.9}, {from_systems: 32, factor: 0.85}]}
    #minimum_order_systems: 2            # in a quarter, if anything is ordered
    #lead_time_months: 3                 # the bundled catalogue has 6
    #deposit_share: 0.3                  # paid at order, the rest on entering service; the bundled catalogue has 0.2
    #network_usd: 40000                  # per system; the bundled catalogue has 52,800
    #software_usd_per_year: 36000        # per system
    #supply_systems_per_month: 10
    #available: {from: 2026q1, until: 2026q3}
# Who quoted it and when; without, the figure is unsourced and counts with the estimates.
sources:
  our_reseller: {title: written offer of our reseller, date: 2025-11-20}
cites:
  dgx_h100.purchase: {source: our_reseller, basis: quoted}   # all that stands above of this offer
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
