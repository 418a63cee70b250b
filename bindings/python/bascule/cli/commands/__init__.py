"""One module a command; see bascule.cli.group."""
