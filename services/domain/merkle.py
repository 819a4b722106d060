"""Merkle trees as RFC 6962 hashes them: one digest for a run of things, and a short path that proves one of them.

Leaves and nodes are hashed behind different bytes, so no node can pass for a leaf. A last node without a sibling moves
up as it is, which gives the same tree as the recursive definition of the RFC, level by level.

Source: RFC 6962, section 2.1 (the same in RFC 9162, section 2.1); docs/protocol.md, section "Batch signatures".
"""

import hashlib
from collections.abc import Sequence
from typing import Final, TypeVar

HASH_BYTES: Final = 32
_LEAF: Final = b"\x00"
_NODE: Final = b"\x01"

T = TypeVar("T")

Levels = tuple[tuple[T, ...], ...]
"""All hashes of a tree, in whatever spelling: those of the leaves first, the root alone in the last."""


def leaf_hash(leaf: bytes) -> bytes:
    """Return the hash of one leaf, 32 bytes."""
    return hashlib.sha256(_LEAF + leaf).digest()


def _node_hash(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(_NODE + left + right).digest()


def levels(leaves: Sequence[bytes]) -> Levels[bytes]:
    """Hash the whole tree once: whoever wants the path of every leaf needs no hash twice.

    Args:
        leaves: Of any lengths, in their order; at least one.

    Raises:
        ValueError: There is no leaf.
    """
    if not leaves:
        raise ValueError("a tree has at least one leaf")
    level = tuple(leaf_hash(leaf) for leaf in leaves)
    tree = [level]
    while len(level) > 1:
        paired = [_node_hash(level[at], level[at + 1]) for at in range(0, len(level) - 1, 2)]
        level = (*paired, *level[2 * len(paired) :])
        tree.append(level)
    return tuple(tree)


def path_in(tree: Levels[T], index: int) -> tuple[T, ...]:
    """Return the siblings on the way from leaf ``index`` to the root, the lowest first.

    Raises:
        IndexError: The tree has no such leaf.
    """
    if not 0 <= index < len(tree[0]):
        raise IndexError(f"no leaf {index} in a tree of {len(tree[0])}")
    places = ((level, (index >> height) ^ 1) for height, level in enumerate(tree[:-1]))
    return tuple(level[sibling] for level, sibling in places if sibling < len(level))


def root(leaves: Sequence[bytes]) -> bytes:
    """Return the root, 32 bytes; of no leaf at all it is the digest of nothing, as the RFC defines it."""
    return levels(leaves)[-1][0] if leaves else hashlib.sha256().digest()


def path(leaves: Sequence[bytes], index: int) -> tuple[bytes, ...]:
    """Return what proves leaf ``index``: at most one hash for each bit of the number of leaves, the lowest first.

    Raises:
        ValueError: There is no leaf.
        IndexError: There is no such leaf.
    """
    return path_in(levels(leaves), index)


def path_length(index: int, size: int) -> int:
    """Return how many hashes the path of leaf ``index`` among ``size`` has; 0 ≤ ``index`` < ``size``."""
    length, last = 0, size - 1
    while last:
        length += (index ^ 1) <= last
        index, last = index >> 1, last >> 1
    return length


def root_from_path(leaf: bytes, index: int, size: int, siblings: Sequence[bytes]) -> bytes | None:
    """Return the root that a tree of ``size`` leaves has if ``leaf`` is its leaf ``index`` and the path is true.

    The caller compares it with the root it trusts. ``size`` must be known for sure, as from something signed: a path
    alone does not prove how many leaves there are.

    Args:
        leaf: Bytes of the leaf, not hashed yet.
        index: From 0.
        size: Number of leaves, from 1.
        siblings: The path, the lowest first.

    Returns:
        32 bytes; None if there is no such leaf or the path has not the one length it can have, or a hash in it has not.
    """
    if not 0 <= index < size or len(siblings) != path_length(index, size):
        return None
    if any(len(sibling) != HASH_BYTES for sibling in siblings):
        return None
    node, last, rest = leaf_hash(leaf), size - 1, iter(siblings)
    while last:
        if index & 1:
            node = _node_hash(next(rest), node)
        elif index < last:
            node = _node_hash(node, next(rest))
        index, last = index >> 1, last >> 1
    return node
