"""`python -m headrace` is the `headrace` program."""

from headrace.cli import main

main()
