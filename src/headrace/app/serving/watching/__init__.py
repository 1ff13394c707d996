"""Watching: figures, alerts, logs and models of what runs."""
