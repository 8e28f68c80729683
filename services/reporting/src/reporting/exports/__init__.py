"""Reports as files that people open."""
