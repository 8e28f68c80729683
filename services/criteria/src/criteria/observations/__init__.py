"""What is observed about areas: the evidence, and the sheets that carry it forward."""
