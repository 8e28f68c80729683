"""Programmes, funding sources and capital kinds."""
