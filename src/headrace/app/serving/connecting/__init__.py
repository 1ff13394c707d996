"""Connections as people make them: tried out, authorized, looked into, taken along as files."""
