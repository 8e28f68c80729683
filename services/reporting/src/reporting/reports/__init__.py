"""Reports as live views of the facts."""
