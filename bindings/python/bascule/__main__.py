"""``python -m bascule``: the command line."""

from bascule.cli import main

main()
