"""Batch signatures that must be refused, each with a code of its own; and the file of all vectors of batches."""

import hashlib
from collections.abc import Callable, Mapping
from typing import Final

from tests.vectors.batches import (
    ENTRIES,
    ENTRY,
    EVENT_KEY,
    SEVEN,
    THIRD,
    entries,
    evidence,
    good,
    leaf_of,
    run_of,
    signed,
    trees,
)
from tests.vectors.envelopes import POLICY_CONTENT, Case, sealed
from tests.vectors.papers import KEYS, LIBO, NANDAN, STRANGER
from tests.vectors.spelling import EVENT, Json, Key, Sealed, base64url, compact, pae

Change = Callable[[Json], Json]
_PATH: Final[list[str]] = ENTRY["path"]
_ROOT: Final[Json] = ENTRY["root"]


def _bare(name: str) -> Change:
    return lambda one: {key: value for key, value in one.items() if key != name}


def _having(**changes: object) -> Change:
    return lambda one: one | changes


def _rooted(**changes: object) -> Change:
    return lambda one: one | {"root": _ROOT | changes}


def _path(*hashes: str) -> Change:
    return lambda one: one | {"path": list(hashes)}


_FREE_BITS: Final = _PATH[0][:-1] + chr(ord(_PATH[0][-1]) + 1)
_TWO: Final = [hashlib.sha256(b"\x00" + leaf_of(one)).digest() for one in SEVEN[:2]]
_INNER: Final = base64url(hashlib.sha256(b"\x01" + b"".join(_TWO)).digest())
_AS_EVENT: Final = EVENT_KEY.sign(pae(EVENT, compact(_ROOT)))

FORMS: Final[Mapping[str, tuple[str, str, Change]]] = {
    **{f"batch-without-{name}": ("a field is missing", "malformed", _bare(name)) for name in ENTRY if name != "kid"},
    "batch-unknown-field": ("a field that is not in the table", "malformed", _having(alg="none")),
    "batch-index-as-text": ("another JSON type", "malformed", _having(index="3")),
    "batch-index-null": ("null is not written", "malformed", _having(index=None)),
    "batch-path-of-numbers": ("another JSON type", "malformed", _having(path=[1, 2, 3])),
    "root-unknown-field": ("a root record says nothing else", "malformed", _rooted(type="event")),
    "root-upper-case": ("hex is lowercase", "malformed", _rooted(root=_ROOT["root"].upper())),
    "root-version-true": ("no integer", "malformed", _rooted(v=True)),
    "root-version-2": ("another version", "unsupported_version", _rooted(v=2)),
    "batch-of-one": ("that would be a plain signature", "count", _rooted(count=1)),
    "batch-of-4097": ("one too many", "count", _rooted(count=4097)),
    "batch-of-none": ("less than none", "count", _rooted(count=-7)),
    "batch-index-7": ("of seven, counted from 0", "index", _having(index=7)),
    "batch-index-below-0": ("no place", "index", _having(index=-1)),
    "path-too-short": ("a hash is missing", "path_length", _path(*_PATH[:-1])),
    "path-too-long": ("a hash too many", "path_length", _path(*_PATH, _PATH[0])),
    "path-padded": ("padding", "not_base64url", _path(_PATH[0] + "=", *_PATH[1:])),
    "path-free-bits": ("bits that base64url leaves over", "not_base64url", _path(_FREE_BITS, *_PATH[1:])),
    "path-short-hash": ("31 bytes", "not_base64url", _path(base64url(b"x" * 31), *_PATH[1:])),
    "other-leaf": ("the entry of the event before", "other_root", lambda _: ENTRIES[2]),
    "other-index": ("another place on the same path", "other_root", _having(index=2)),
    "path-turned-round": ("the highest hash first", "other_root", _path(*_PATH[::-1])),
    "other-root": ("another root in the record", "other_root", _rooted(root="0" * 64)),
    "node-for-a-leaf": (
        "a shorter path, from an inner node of the tree",
        "other_root",
        lambda one: one | {"index": 1, "path": [_INNER], "root": _ROOT | {"count": 2}},
    ),
    "other-count": ("a count that leads the same way", "unsigned", _rooted(count=8)),
    "root-signature-of-nobody": ("another signature", "unsigned", _having(sig="A" * 86)),
    "root-signed-as-event": ("under another payload type", "unsigned", _having(sig=_AS_EVENT)),
}
"""What is said of it, the code behind ``batch.``, and what was changed in the entry of event 3 of seven."""


def _lies() -> list[Case]:
    plain = _plain(THIRD)
    other = entries(SEVEN, source=NANDAN)[3]
    twice = run_of(3, signers=[EVENT_KEY.kid, EVENT_KEY.kid])
    again, as_well = entries(twice)[1], _plain(twice[1])

    def case(name: str, says: str, code: str, made: Sealed, *found: Json) -> Case:
        return Case(name, says, signed(made, *found), "quarantined", code)

    return [
        case("batch-order", "a second spelling", "signature.malformed", THIRD, dict(sorted(ENTRY.items()))),
        case(
            "root-order",
            "a second spelling of what was signed",
            "signature.malformed",
            THIRD,
            ENTRY | {"root": dict(sorted(_ROOT.items()))},
        ),
        case("other-source", "a root of another county, signed by this one", "batch.other_source", THIRD, other),
        case("other-envelope", "not in the tree", "batch.other_root", sealed(POLICY_CONTENT, seq=99), ENTRY),
        case(
            "root-signature-as-plain",
            "the signature of the root, offered for the envelope",
            "signature.invalid",
            THIRD,
            {"kid": EVENT_KEY.kid, "sig": ENTRY["sig"]},
        ),
        case("root-by-a-stranger", "well signed, by nobody", "signature.unknown_key", *_by(STRANGER)),
        case("root-by-the-neighbour", "南丹 signs for 荔波", "signature.unknown_key", *_by(KEYS[f"{NANDAN} event"])),
        case("root-by-the-receipt-key", "another use", "signature.unknown_key", *_by(KEYS[f"{LIBO} receipt"])),
        case("batch-stripped", "a kid not in `signers`", "signature.stripped", THIRD, ENTRY | {"kid": "0" * 32}),
        case("mixed", "one key, plainly and in a batch", "batch.mixed", twice[1], again, as_well),
        case("mixed-the-other-way", "in the other order", "batch.mixed", twice[1], as_well, again),
        case("plain-added", "a plain signature beside the batch", "batch.mixed", THIRD, ENTRY, plain),
    ]


def _plain(made: Sealed) -> Json:
    return {"kid": EVENT_KEY.kid, "sig": EVENT_KEY.sign(made.to_be_signed)}


def _by(key: Key) -> tuple[Sealed, Json]:
    run = run_of(3, signers=[key.kid])
    return run[1], entries(run, key)[1]


def bad() -> list[Case]:
    """All of them."""
    forms = [
        Case(name, says, signed(THIRD, change(ENTRY)), "quarantined", f"batch.{code}")
        for name, (says, code, change) in FORMS.items()
    ]
    return [*forms, *_lies()]


def batches() -> Json:
    """The file."""
    return {
        "trees": trees(),
        "envelopes": [case.written() for case in (*good(), *bad())],
        "evidence": [case.written() for case in evidence()],
    }
