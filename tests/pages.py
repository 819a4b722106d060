"""The console's table of pages, for tests that walk it: an address for each, and every role beside it."""

import re
from collections.abc import Mapping
from typing import Final

from services.console.pages import PAGES
from services.console.visit import Page

_PARAMETER: Final = re.compile(r"\{(\w+)(?::((?:[^{}]|\{[^{}]*\})*))?\}")
_SAMPLES: Final = (
    "a" * 64,
    "a" * 32,
    "1",
    "451226",
    "2026-03-04",
    "2026-03",
    "2026",
    "451226-fenlong-2026@sihu",
    "451226-a",
    "drill-" + "a" * 16,
    "swap",
    "duty-a",
    "a" * 26,
    "a" * 12,
    "a" * 16,
    "sample",
)
"""Of nothing that exists."""

ACTS: Final = tuple(page for page in PAGES if page.method != "GET")
SHOWN: Final = tuple(page for page in PAGES if page.method == "GET")


def address(page: Page, given: Mapping[str, str] | None = None) -> str:
    """Return an address of a page; parameters that are not given are made up so that its pattern takes them."""

    def value(found: re.Match[str]) -> str:
        if given and found[1] in given:
            return given[found[1]]
        pattern = re.compile(found[2] or "[^/]+")
        fitting = [one for one in _SAMPLES if pattern.fullmatch(one)]
        assert fitting, f"{page.path}: add a sample for {found[2]} to tests/pages.py"
        return fitting[0]

    return _PARAMETER.sub(value, page.path)


def pattern_of(page: Page) -> re.Pattern[str]:
    """Return what the paths of a page look like."""
    parts, end = [], 0
    for found in _PARAMETER.finditer(page.path):
        parts += [re.escape(page.path[end : found.start()]), f"(?:{found[2] or '[^/]+'})"]
        end = found.end()
    return re.compile("".join([*parts, re.escape(page.path[end:])]))


def named(page: Page) -> str:
    """Return what a test of one page is called."""
    return f"{page.method} {page.name}"
