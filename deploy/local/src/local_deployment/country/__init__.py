"""A country of made-up data, the same on every machine: each commune's values, each month's money.

Where the services' own functions are fast enough they are used: for documents, plans of money and
verdicts. Values and payments are too many for that; they are copied in as the owner, with all that
the services would have written beside them: feed changes, sheets, decisions, entries, balances.
"""
