"""Timings of Headrace, side by side with others where there are any: `python -m bench`."""
