"""Bugs that are planted to see whether the simulation finds them: named changes of the product's source text.

They are made while a module is imported, in a child process that does nothing else. A bug whose line is not there any
more, or more than once, is an error: whoever changed that line moves the bug along.
"""

import importlib.abc
import importlib.machinery
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from types import CodeType, ModuleType
from typing import Final

SEEDS_MOST: Final = 200
"""Each bug must be found within so many seeds."""


class LineGoneError(Exception):
    """The line that a bug changes is not there, or not just once."""


@dataclass(frozen=True, slots=True)
class Edit:
    """One change of a source text."""

    module: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Bug:
    """What a programmer might do."""

    says: str
    edits: tuple[Edit, ...]


def _bug(says: str, *edits: tuple[str, str, str]) -> Bug:
    return Bug(says, tuple(Edit(*one) for one in edits))


_RECEIVER: Final = "services.receiver.receiver"
_SETTLING: Final = "services.receiver.settling"
_RELAY: Final = "services.relay.relay"

BUGS: Final[Mapping[str, Bug]] = {
    "dedup_skipped": _bug(
        "a link that is held already is taken once more",
        (_SETTLING, "self._repeat(hand, link)", "self._accept(hand, found, early=False)"),
    ),
    "acknowledged_before_commit": _bug(
        "the hub may forget a batch before it is on the disk",
        (
            _RECEIVER,
            "        known = await self._store.write(work)\n        await puller.acknowledge(batch)\n",
            "        await puller.acknowledge(batch)\n        known = await self._store.write(work)\n",
        ),
    ),
    "receipt_before_store": _bug(
        "what only waits for a missing link is attested as stored",
        (
            _SETTLING,
            "            self._keeper.hold(found)\n\n",
            "            self._keeper.hold(found)\n            hand.stored.append(envelope)\n\n",
        ),
    ),
    "epoch_forgotten": _bug(
        "a restored county goes on in the old epoch",
        ("services.posting", "if chain is not None and chain.ended is None and ", "if chain is not None and "),
    ),
    "prev_ignored": _bug(
        "a link with the next number is taken, whatever it follows",
        (
            "services.domain.chain",
            "return ChainVerdict.CONTINUES if link.prev == head.envelope_id else ChainVerdict.FORKED",
            "return ChainVerdict.CONTINUES",
        ),
    ),
    "published_before_confirmed": _bug(
        "what was sent counts as held by the hub, without its answer",
        (
            _RELAY,
            "            del self._cursor[lane]\n            raise\n",
            "            self._cursor[lane] = waiting[-1].sequence\n            raise\n",
        ),
    ),
    "chunk_resent": _bug(
        "after a doubt everything is sent again, the hub is not asked",
        (_RELAY, "            del self._cursor[lane]\n            raise\n", "            raise\n"),
        (
            "adapters.memory.bus",
            "rest = [publication for publication in waiting if publication.sequence > known]",
            "rest = list(waiting)",
        ),
    ),
    "fork_accepted": _bug(
        "another story for a place is passed over without a word",
        (_SETTLING, '        fault = Fault("chain.forked", ', '        return\n        fault = Fault("chain.forked", '),
    ),
    "held_links_lost": _bug(
        "what comes before its turn is dropped, since it will surely come again",
        (_SETTLING, "            self._keeper.hold(found)\n\n", "            pass\n\n"),
    ),
    "cursor_past_failed_batch": _bug(
        "a batch that could not be written is acknowledged all the same",
        (
            _RECEIVER,
            '                log.warning("receiver.deferred", stream=batch.stream, code=exc.code)\n',
            "                return await puller.acknowledge(batch)\n",
        ),
    ),
    "lanes_not_doubted": _bug(
        "a restored county uses its publication numbers again",
        ("services.bootstrap.restoring", "    tx.outbox.doubt()\n", ""),
    ),
    "not_rewound": _bug(
        "a restored county does not ask again for what came after the backup",
        ("services.bootstrap.restoring", "    tx.memory.forget_positions()\n", ""),
    ),
    "key_forgotten": _bug(
        "a request that is repeated is a second event",
        (
            "services.gateway.submit",
            "        if ticket is not None:\n            tx.memory.remember(",
            "        if False:\n            tx.memory.remember(",
        ),
    ),
    "hub_not_asked_again": _bug(
        "a hub that lost everything is believed to hold what it held",
        (
            _RELAY,
            "if lane not in self._cursor or self._asked_over[lane] != contacts or not fresh:",
            "if lane not in self._cursor:",
        ),
    ),
}


def edited(edit: Edit, source: str) -> str:
    """Return a source text with a bug in it.

    Raises:
        LineGoneError: The line is not there, or not just once.
    """
    count = source.count(edit.old)
    if count != 1:
        raise LineGoneError(f"{edit.module} holds this {count} times instead of once: {edit.old!r}")
    return source.replace(edit.old, edit.new)


def source_of(module: str) -> str:
    """Return the source text of a module, without running it.

    Raises:
        LineGoneError: There is no such module.
    """
    spec = find_spec(module)
    if spec is None or spec.origin is None:
        raise LineGoneError(f"there is no module {module}")
    return Path(spec.origin).read_text(encoding="utf-8")


class _Loader(importlib.machinery.SourceFileLoader):
    """Compiles a module with its edits; nothing is read from or written to a cache."""

    edits: Sequence[Edit] = ()

    def get_code(self, fullname: str) -> CodeType:
        """Return the code of the changed text."""
        source = source_of(fullname)
        for edit in self.edits:
            source = edited(edit, source)
        return compile(source, f"{self.path} with a planted bug", "exec", dont_inherit=True)


class _Finder(importlib.abc.MetaPathFinder):
    def __init__(self, bug: Bug) -> None:
        self._bug = bug

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        edits = [edit for edit in self._bug.edits if edit.module == fullname]
        spec = importlib.machinery.PathFinder.find_spec(fullname, path, target) if edits else None
        if spec is None or spec.origin is None:
            return None
        spec.loader = _Loader(fullname, spec.origin)
        spec.loader.edits = edits
        return spec


def plant(name: str | None) -> None:
    """Plant a bug into this process, before anything of the product is imported.

    Raises:
        LineGoneError: It is too late, or the line is gone.
    """
    if name is None:
        return
    bug = BUGS[name]
    loaded = [edit.module for edit in bug.edits if edit.module in sys.modules]
    if loaded:
        raise LineGoneError(f"{', '.join(loaded)}: imported already, without the bug")
    sys.meta_path.insert(0, _Finder(bug))
