"""Projects, their accepted volume, and medium-term plans: what sets ceilings."""
