"""The disbursement table."""
