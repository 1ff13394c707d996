"""Test management of each project: cases in sections, plans, tests with results, reports."""
