"""What was typed into a form: names with dots and the texts under each, as browsers send them.

Source: HTML Living Standard, section "Form submission"; docs/decisions/0042-make-forms-from-the-schemas.md
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from schemas.errors import Fault

PAIRS_MOST: Final = 6000
"""Of one form; the longest that a schema allows has fewer."""
NAME_MOST: Final = 160
TEXT_MOST: Final = 300_000
"""Characters of all values together: no content may be larger."""
ROWS_NAME: Final = "rows"
"""Name of the buttons that add and remove a row; the value says which."""
ADD: Final = "add:"
REMOVE: Final = "remove:"
_BREAK: Final = re.compile(r"\r\n|\r|\n")
_NUMBER: Final = re.compile(r"0|[1-9][0-9]{0,3}", re.ASCII)

Pairs = Iterable[tuple[str, str]]
Typed = Mapping[str, tuple[str, ...]]
"""Name → the texts under it, in the order in which they came."""


@dataclass(slots=True)
class Names:
    """The names of a form as a tree, so that the rows of a list are found without looking at every name."""

    below: "dict[str, Names]" = field(default_factory=dict)

    def at(self, step: str) -> "Names":
        """Return what stands below a step; nothing if nothing does."""
        return self.below.get(step, _NOTHING)

    def rows(self) -> list[int]:
        """Return the numbers of the rows that stand here, ascending."""
        return sorted(int(step) for step in self.below if _NUMBER.fullmatch(step))


_NOTHING: Final = Names()


def tree_of(names: Iterable[str]) -> Names:
    """Return names as a tree of their steps."""
    root = Names()
    for name in names:
        at = root
        for step in name.split("."):
            at = at.below.setdefault(step, Names())
    return root


def gathered(pairs: Pairs, prefix: str) -> tuple[dict[str, tuple[str, ...]], Fault | None]:
    """Return what stands under a prefix, and what is wrong with the form as a whole.

    Args:
        pairs: As they came, those of the page's own fields among them.
        prefix: First step of the names that are wanted; empty for all.
    """
    typed: dict[str, list[str]] = {}
    room = TEXT_MOST
    for number, (name, text) in enumerate(pairs):
        room -= len(text)
        if number >= PAIRS_MOST or room < 0:
            return {}, Fault("form.too_large", "", "the form is larger than any content may be; shorten it")
        if len(name) <= NAME_MOST and _is_within(name, prefix):
            typed.setdefault(name, []).append(text)
    return {name: tuple(texts) for name, texts in typed.items()}, None


def act_of(pairs: Pairs) -> str:
    """Return which row is to be added or removed, e.g. ``add:content.areas``; empty if the form was sent as a whole."""
    acts = (text for name, text in pairs if name == ROWS_NAME and text.startswith((ADD, REMOVE)))
    return next(acts, "")[: NAME_MOST + len(REMOVE)]


def joined(*steps: str) -> str:
    """Return a name from its steps; an empty one is left out."""
    return ".".join(step for step in steps if step)


def entries_of(texts: Iterable[str]) -> Iterator[str]:
    """Yield the entries of a list that was ticked, or written a line each."""
    for text in texts:
        yield from (line.strip() for line in _BREAK.split(text) if line.strip())


def _is_within(name: str, prefix: str) -> bool:
    return not prefix or name == prefix or name.startswith(f"{prefix}.")
