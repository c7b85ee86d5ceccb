"""The facts: accelerators, systems, offers, throughputs and pools, with the source of every figure."""
