"""The ledger: transfers that the database alone may post."""
