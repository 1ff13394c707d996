"""Artifact repositories: packages, their versions, files and properties; lists of the trusted."""
