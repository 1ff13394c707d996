"""The archive: a folder that opens offline, with a team's tables, files, wiki pages and depots.

It reads the mirror, fetches what the mirror only names, and says in a manifest what is missing.
"""
