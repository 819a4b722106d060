"""One ciphertext of AES-256-GCM that two keys open, to two texts: why a ciphertext must name its key.

GHASH is linear, so one free block makes the tags of both keys equal (Grubbs, Lu and Ristenpart 2017, "Message Franking
via Committing Authenticated Encryption"; Dodis and others 2018).
"""

from typing import Final

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_BLOCK: Final = 16
_REDUCTION: Final = 0xE1 << 120
_NONCE: Final = bytes(12)


def colliding(one: bytes, other: bytes, aad: bytes, plain: bytes) -> bytes:
    """Return ciphertext and tag that both keys open; under ``one`` the text begins with ``plain``.

    Args:
        one: 32 bytes.
        other: 32 bytes.
        aad: Additional data, the same for both.
        plain: Whole blocks of 16 bytes.
    """
    closed = AESGCM(one).encrypt(_NONCE, plain, aad)[: len(plain)]
    lengths = (len(aad) * 8).to_bytes(8, "big") + ((len(closed) + _BLOCK) * 8).to_bytes(8, "big")
    blocks = [*_blocks(aad), *_blocks(closed), 0, int.from_bytes(lengths, "big")]
    keys = [_block_of(key, bytes(_BLOCK)) for key in (one, other)]
    masks = [_block_of(key, _NONCE + b"\0\0\0\1") for key in (one, other)]
    without = [_ghash(key, blocks) ^ mask for key, mask in zip(keys, masks, strict=True)]
    weight = _times(keys[0], keys[0]) ^ _times(keys[1], keys[1])
    free = _times(without[0] ^ without[1], _inverse(weight))
    blocks[-2] = free
    tag = _ghash(keys[0], blocks) ^ masks[0]
    return closed + free.to_bytes(_BLOCK, "big") + tag.to_bytes(_BLOCK, "big")


def _blocks(data: bytes) -> list[int]:
    padded = data + bytes(-len(data) % _BLOCK)
    return [int.from_bytes(padded[at : at + _BLOCK], "big") for at in range(0, len(padded), _BLOCK)]


def _block_of(key: bytes, block: bytes) -> int:
    one = Cipher(algorithms.AES(key), modes.ECB()).encryptor()  # noqa: S305 - GCM is made of single blocks
    return int.from_bytes(one.update(block), "big")


def _ghash(key: int, blocks: list[int]) -> int:
    total = 0
    for block in blocks:
        total = _times(total ^ block, key)
    return total


def _times(one: int, other: int) -> int:
    """Multiply in GF(2^128) as GCM spells it: the highest bit is the constant term."""
    product = 0
    for bit in range(127, -1, -1):
        if other >> bit & 1:
            product ^= one
        one = one >> 1 ^ (_REDUCTION if one & 1 else 0)
    return product


def _inverse(value: int) -> int:
    """Return value^(2^128 - 2)."""
    result = 1 << 127
    for _ in range(127):
        value = _times(value, value)
        result = _times(result, value)
    return result
