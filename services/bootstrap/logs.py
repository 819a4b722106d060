"""Set up logging for a long-running command."""

from typing import Literal

from adapters.logging import set_up


def set_up_logging(form: Literal["console", "json"], level: str, *, county: str = "") -> None:
    """Log to standard error, for people or for programs; ``county`` stands in every line."""
    set_up(form, level, county=county)
