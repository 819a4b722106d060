"""Trees of any shape against the recursive definition of RFC 6962, spelt as it stands there."""

import hashlib

from hypothesis import given
from hypothesis import strategies as st

from services.domain.merkle import levels, path, path_in, path_length, root, root_from_path

LEAVES = st.lists(st.binary(max_size=40), min_size=1, max_size=70)


def recursive_root(leaves: list[bytes]) -> bytes:
    """MTH of section 2.1."""
    if len(leaves) == 1:
        return hashlib.sha256(b"\x00" + leaves[0]).digest()
    split = split_of(len(leaves))
    return hashlib.sha256(b"\x01" + recursive_root(leaves[:split]) + recursive_root(leaves[split:])).digest()


def recursive_path(index: int, leaves: list[bytes]) -> list[bytes]:
    """PATH of section 2.1.1."""
    if len(leaves) == 1:
        return []
    split = split_of(len(leaves))
    if index < split:
        return [*recursive_path(index, leaves[:split]), recursive_root(leaves[split:])]
    return [*recursive_path(index - split, leaves[split:]), recursive_root(leaves[:split])]


def split_of(size: int) -> int:
    """The greatest power of two below ``size``."""
    split = 1
    while 2 * split < size:
        split *= 2
    return split


@given(LEAVES, st.data())
def test_the_same_tree_as_the_recursive_definition(leaves: list[bytes], data: st.DataObject) -> None:
    """Hashing level by level must not depend on the number of leaves being even anywhere."""
    index = data.draw(st.integers(0, len(leaves) - 1))
    assert root(leaves) == recursive_root(leaves)
    assert list(path(leaves, index)) == recursive_path(index, leaves)
    assert path_in(levels(leaves), index) == path(leaves, index)
    assert path_length(index, len(leaves)) == len(path(leaves, index))


@given(LEAVES, st.data())
def test_every_leaf_is_proved_and_nothing_else(leaves: list[bytes], data: st.DataObject) -> None:
    """Another leaf, a flipped bit in the path or another place must lead to another root or to none."""
    index = data.draw(st.integers(0, len(leaves) - 1))
    leaf, siblings, true_root = leaves[index], path(leaves, index), root(leaves)
    assert root_from_path(leaf, index, len(leaves), siblings) == true_root
    assert root_from_path(leaf + b"\x00", index, len(leaves), siblings) != true_root
    if siblings:
        at, bit = data.draw(st.integers(0, len(siblings) - 1)), data.draw(st.integers(0, 255))
        flipped = (int.from_bytes(siblings[at]) ^ (1 << bit)).to_bytes(32)
        changed = (*siblings[:at], flipped, *siblings[at + 1 :])
        assert root_from_path(leaf, index, len(leaves), changed) != true_root
    other = data.draw(st.integers(-2, len(leaves) + 2))
    if not 0 <= other < len(leaves) or leaves[other] != leaf:
        assert root_from_path(leaf, other, len(leaves), siblings) != true_root


@given(LEAVES, st.data())
def test_a_path_has_one_length(leaves: list[bytes], data: st.DataObject) -> None:
    """Whatever is appended to a path or left off it makes it none."""
    index = data.draw(st.integers(0, len(leaves) - 1))
    siblings = path(leaves, index)
    length = data.draw(st.integers(0, len(siblings) + 3).filter(lambda one: one != len(siblings)))
    changed = (*siblings, b"\x00" * 32, b"\x00" * 32, b"\x00" * 32)[:length]
    assert root_from_path(leaves[index], index, len(leaves), changed) is None
