"""Continuous integration: build plans (jobs), builds, and what finished builds leave behind."""
