"""The ``sihu`` command, one file per group. A command imports what it needs when it runs."""

from services.cli.app import main

__all__ = ["main"]
