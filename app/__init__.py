"""CreditLink: the credit full-link platform. One package per room; `docs/adr/` says why the walls stand where they do."""

import gc

# Rulesets, catalogue and models are some hundred thousand objects that stay. Looking through them for garbage every 700
# allocations takes a third of the time of reading them.
gc.set_threshold(50_000, 20, 20)
