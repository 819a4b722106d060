"""The published answers: another reading of RFC 6962 would make roots that no other program computes."""

import hashlib

import pytest

from services.domain.merkle import levels, path, path_in, path_length, root, root_from_path

LEAVES = [
    bytes.fromhex(text)
    for text in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
"""The inputs of the reference tests of Certificate Transparency, with the roots of the first n of them below."""
ROOTS = {
    1: "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    2: "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    3: "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    4: "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    5: "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    6: "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    7: "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    8: "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
}
PATHS = [
    (0, 1, []),
    (
        0,
        8,
        [
            "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
        ],
    ),
    (
        5,
        8,
        [
            "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
            "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        ],
    ),
    (2, 3, ["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"]),
    (
        1,
        5,
        [
            "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        ],
    ),
]


@pytest.mark.parametrize(("size", "digest"), ROOTS.items())
def test_the_published_roots(size: int, digest: str) -> None:
    """Odd numbers of leaves are where two readings differ."""
    assert root(LEAVES[:size]).hex() == digest


def test_a_tree_of_nothing_has_the_digest_of_nothing() -> None:
    """So the RFC says; a tree to be proved has a leaf."""
    assert root([]) == hashlib.sha256(b"").digest()
    with pytest.raises(ValueError, match="at least one leaf"):
        levels([])


@pytest.mark.parametrize(("index", "size", "hashes"), PATHS)
def test_the_published_paths(index: int, size: int, hashes: list[str]) -> None:
    """A path that only we can follow proves nothing to others."""
    assert [one.hex() for one in path(LEAVES[:size], index)] == hashes
    proved = root_from_path(LEAVES[index], index, size, [bytes.fromhex(one) for one in hashes])
    assert proved == bytes.fromhex(ROOTS[size])


@pytest.mark.parametrize("index", [-1, 8])
def test_no_path_of_a_leaf_that_is_not_there(index: int) -> None:
    """A negative index would quietly be counted from the end."""
    with pytest.raises(IndexError):
        path_in(levels(LEAVES), index)


@pytest.mark.parametrize(("index", "size"), [(-1, 8), (8, 8), (0, 0), (0, -1), (9, 8)])
def test_no_root_for_a_place_outside_the_tree(index: int, size: int) -> None:
    """An index out of bounds could otherwise walk to a root it has no part in."""
    assert root_from_path(LEAVES[0], index, size, path(LEAVES, 0)) is None


def test_a_path_of_another_length_is_refused() -> None:
    """Hashes too many or too few would let an inner node stand for a leaf, or hide bytes in a proof."""
    good = path(LEAVES, 5)
    for wrong in (good[:-1], (*good, b"\x00" * 32), (), (*good[:-1], good[-1][:-1]), (*good[:-1], good[-1] + b"\x00")):
        assert root_from_path(LEAVES[5], 5, 8, wrong) is None


def test_an_inner_node_is_no_leaf() -> None:
    """The second preimage that the two prefixes are there to prevent: the node's two halves offered as a leaf."""
    left, right = levels(LEAVES[:2])[0]
    offered = root_from_path(left + right, 0, 1, ())
    assert offered is not None
    assert offered != root(LEAVES[:2])


def test_the_longest_path_grows_with_the_number_of_bits() -> None:
    """The bound of a message rests on it."""
    assert path_length(0, 1) == 0
    assert path_length(4095, 4096) == path_length(0, 4096) == 12
    assert path_length(4096, 4097) == 1
    assert path_length(2**53 - 2, 2**53 - 1) < 54
