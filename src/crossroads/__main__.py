"""`python -m crossroads` is the command line."""

from crossroads.cli.main import run

run()
