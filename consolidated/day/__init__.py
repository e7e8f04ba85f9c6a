"""An OEM's day: reading what is typed, the ledger of its days, an operator's decisions, the order of commits."""
