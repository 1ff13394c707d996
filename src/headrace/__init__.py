"""Headrace: a live, exact copy of a CODING team in the databases where its owners work."""
