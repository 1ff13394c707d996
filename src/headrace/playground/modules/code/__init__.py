"""Code: depots with their branches, tags and commits, and how each depot is guarded."""
