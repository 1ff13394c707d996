"""Merge requests with their comments, and releases: what people do about the code of a depot."""
