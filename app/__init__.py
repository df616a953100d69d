"""CreditLink: the credit full-link platform. One package per room; `docs/adr/` says why the walls stand where they do."""
