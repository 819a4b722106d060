"""What another version of an agreement changes: what will be permitted that was not, and what no longer.

Source: docs/protocol.md, section "Agreements"
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from pydantic import JsonValue

from schemas.agreements import Agreement
from schemas.base import InformationClass

_RANK: Final = {InformationClass.PUBLIC: 0, InformationClass.INTERNAL: 1, InformationClass.PERSONAL: 2}
_LIMITS: Final = ("content_max_bytes", "file_max_bytes")
_OTHER: Final = ("title", "coordinators", "valid_from", "valid_until", "retention_days", "deadlines", "contacts")


class Way(StrEnum):
    """Whether more is permitted by it, or less."""

    MORE = "more"
    LESS = "less"
    OTHER = "other"
    """Neither, or both."""


@dataclass(frozen=True, slots=True)
class Flow:
    """These types, from these counties, to those: each to each, but none to itself; ascending, never empty."""

    sources: tuple[str, ...]
    recipients: tuple[str, ...]
    types: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FieldChange:
    """A field that says something else.

    Attributes:
        field: Of ``Agreement``.
        before: As it travels; None if there was no version before.
        after: The same of the new version.
    """

    field: str
    way: Way
    before: JsonValue
    after: JsonValue


@dataclass(frozen=True, slots=True)
class Differences:
    """What changes.

    Attributes:
        gained: What will be permitted that is not.
        lost: What is permitted and will be no longer.
        fields: Everything else, in the order of ``Agreement``.
    """

    gained: tuple[Flow, ...]
    lost: tuple[Flow, ...]
    fields: tuple[FieldChange, ...]

    @property
    def is_empty(self) -> bool:
        """Whether both permit the same by the same terms."""
        return not (self.gained or self.lost or self.fields)


def differences(before: Agreement | None, after: Agreement) -> Differences:
    """Compare two versions; without one before, everything is new.

    Args:
        before: In force now.
        after: To be adopted.
    """
    counties = tuple(sorted({*after.parties, *(before.parties if before else ())}))
    old, new = _matrix(before, counties), _matrix(after, counties)
    fields = () if before is None else tuple(_fields(before, after))
    return Differences(_flows(new, old, counties), _flows(old, new, counties), fields)


_Masks = Mapping[str, Mapping[int, int]]
"""Type → number of the source → a bit for each recipient, its own among them if the row names it."""


def _matrix(agreement: Agreement | None, counties: Sequence[str]) -> _Masks:
    found: dict[str, dict[int, int]] = {}
    if agreement is None:
        return found
    number = {county: at for at, county in enumerate(counties)}
    for grant in agreement.grants:
        to = _mask(number[county] for county in grant.recipients or agreement.parties)
        sources = [number[county] for county in grant.sources or agreement.parties]
        for wire_type in grant.types:
            row = found.setdefault(wire_type, {})
            for source in sources:
                row[source] = row.get(source, 0) | to
    return found


def _mask(numbers: Iterable[int]) -> int:
    mask = 0
    for number in numbers:
        mask |= 1 << number
    return mask


def _flows(these: _Masks, those: _Masks, counties: Sequence[str]) -> tuple[Flow, ...]:
    """Return what is permitted by these and not by those, in as few rows as say it."""
    by_block: dict[tuple[tuple[int, ...], int], list[str]] = {}
    for wire_type in sorted(these):
        for block in _blocks(these[wire_type], those.get(wire_type, {})):
            by_block.setdefault(block, []).append(wire_type)
    return tuple(
        Flow(tuple(counties[at] for at in sources), _named(sources, to, counties), tuple(types))
        for (sources, to), types in by_block.items()
    )


def _blocks(mine: Mapping[int, int], other: Mapping[int, int]) -> Iterator[tuple[tuple[int, ...], int]]:
    """Yield sources that gain the same recipients, together.

    Nobody sends to himself, so the own bit makes no difference; but it is left in where a row has it, for else
    "every party to every party" would fall apart into a row for each.
    """
    by_mask: dict[int, list[int]] = {}
    for source, mask in mine.items():
        own = 1 << source
        gained = mask & ~other.get(source, 0) & ~own
        if gained:
            by_mask.setdefault(gained | (mask & own), []).append(source)
    for mask, sources in by_mask.items():
        yield tuple(sorted(sources)), mask


def _named(sources: tuple[int, ...], mask: int, counties: Sequence[str]) -> tuple[str, ...]:
    if len(sources) == 1:
        mask &= ~(1 << sources[0])
    return tuple(county for at, county in enumerate(counties) if mask >> at & 1)


def _fields(before: Agreement, after: Agreement) -> Iterator[FieldChange]:
    told = {one.field: one for one in (*_measured(before, after), *_listed(before, after), *_plain(before, after))}
    for name in Agreement.model_fields:
        if name in told:
            yield told[name]


def _change(name: str, way: Way, before: Agreement, after: Agreement) -> FieldChange:
    return FieldChange(name, way, _spelt(before, name), _spelt(after, name))


def _spelt(agreement: Agreement, name: str) -> JsonValue:
    value: JsonValue = agreement.model_dump(mode="json").get(name)
    return getattr(agreement, name) if name in _LIMITS else value  # left out of the document where it is the most


def _measured(before: Agreement, after: Agreement) -> Iterator[FieldChange]:
    old, new = _RANK[before.class_ceiling], _RANK[after.class_ceiling]
    if old != new:
        yield _change("class_ceiling", Way.MORE if new > old else Way.LESS, before, after)
    if before.internal_in_clear != after.internal_in_clear:
        yield _change("internal_in_clear", Way.MORE if after.internal_in_clear else Way.LESS, before, after)
    for name in _LIMITS:
        was, now = getattr(before, name), getattr(after, name)
        if was != now:
            yield _change(name, Way.MORE if now > was else Way.LESS, before, after)


def _listed(before: Agreement, after: Agreement) -> Iterator[FieldChange]:
    for name in ("parties", "purposes"):
        was, now = set(getattr(before, name)), set(getattr(after, name))
        if was != now:
            way = Way.MORE if was < now else Way.LESS if now < was else Way.OTHER
            yield _change(name, way, before, after)
    if set(before.quotas) != set(after.quotas):
        way = Way.MORE if not after.quotas else Way.LESS if not before.quotas else Way.OTHER
        yield _change("quotas", way, before, after)


def _plain(before: Agreement, after: Agreement) -> Iterator[FieldChange]:
    for name in _OTHER:
        if getattr(before, name) != getattr(after, name):
            yield _change(name, Way.OTHER, before, after)
