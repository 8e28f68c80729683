"""Areas of Viet Nam over two times: what held on a date, and what was recorded by then."""
