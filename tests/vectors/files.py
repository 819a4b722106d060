"""Files that events carry: how one is encrypted, cut, and proved chunk by chunk; to good ends and to bad ones."""

import hashlib
from typing import Any, Final

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tests.vectors.encrypted import CONTENT_ID, CONTENT_KEY, NONCE, prefixed
from tests.vectors.envelopes import WORK_CONTENT, header
from tests.vectors.papers import LIBO
from tests.vectors.spelling import Json, base64url, compact, sha256

KEY_LABEL: Final = b"sihu-file-key-v1\0"
FILE_LABEL: Final = b"sihu-file-v1\0"
CHUNK_SIZE: Final = 16_384
EVENT_ID: Final = sha256(b"sihu test vectors: the event of a file")
FILE: Final = b"".join(hashlib.sha256(b"sihu test vectors: file %d" % number).digest() for number in range(2_100))
"""67,200 bytes: four chunks and a fifth that is shorter."""


def leaf(data: bytes) -> bytes:
    """The hash of a leaf: a leaf is the digest of a chunk."""
    return hashlib.sha256(b"\0" + hashlib.sha256(data).digest()).digest()


def tree(leaves: list[bytes]) -> bytes:
    """The root, by the recursive definition of RFC 6962."""
    if len(leaves) == 1:
        return leaves[0]
    split = 1 << ((len(leaves) - 1).bit_length() - 1)
    return hashlib.sha256(b"\1" + tree(leaves[:split]) + tree(leaves[split:])).digest()


def path(leaves: list[bytes], index: int) -> list[bytes]:
    """The audit path, by the same definition."""
    if len(leaves) == 1:
        return []
    split = 1 << ((len(leaves) - 1).bit_length() - 1)
    if index < split:
        return [*path(leaves[:split], index), tree(leaves[split:])]
    return [*path(leaves[split:], index - split), tree(leaves[:split])]


def cut(data: bytes) -> list[bytes]:
    """The chunks of a file."""
    return [data[at : at + CHUNK_SIZE] for at in range(0, len(data), CHUNK_SIZE)]


def binding(data: bytes) -> Json:
    """What a header says of a file as carried."""
    root = tree([leaf(one) for one in cut(data)]).hex()
    return {"size": len(data), "digest": sha256(data), "chunk_size": CHUNK_SIZE, "root": root}


def encrypted(data: bytes) -> bytes:
    """The file as carried."""
    key = hashlib.sha256(KEY_LABEL + CONTENT_KEY).digest()
    return AESGCM(key).encrypt(NONCE, data, FILE_LABEL + prefixed(LIBO, CONTENT_ID))


def message(index: int, chunks: list[bytes], **given: Any) -> bytes:  # noqa: ANN401 - any part, spoilt
    """A chunk's message; ``given`` may be id, at, path, data."""
    nodes = given.get("path", path([leaf(one) for one in chunks], index))
    line = {"id": given.get("id", EVENT_ID), "index": given.get("at", index), "path": [base64url(one) for one in nodes]}
    data: bytes = given.get("data", chunks[index])
    return compact(line) + b"\n" + data


def _case(name: str, says: str, code: str | None, data: bytes, about: Json) -> Json:
    return {"name": name, "says": says, "code": code, "chunks": about, "message_base64url": base64url(data)}


def _chunks() -> list[Json]:
    chunks, about = cut(FILE), binding(FILE)
    right, small = path([leaf(one) for one in chunks], 1), FILE[:100]
    invalid, malformed = "chunk.invalid", "chunk.malformed"
    first = message(0, chunks)
    swapped = message(1, chunks)
    line, _, rest = first.partition(b"\n")
    return [
        *(_case(f"chunk-{index}", "proved by its path", None, message(index, chunks), about) for index in range(5)),
        _case("only-chunk", "the path is empty", None, message(0, [small]), binding(small)),
        _case("flipped-bit", "one bit of its bytes", invalid, first[:-1] + bytes([first[-1] ^ 1]), about),
        _case("other-place", "chunk 1 as if it were 2", invalid, message(1, chunks, at=2), about),
        _case("other-bytes", "the path of 0 and the bytes of 1", invalid, message(0, chunks, data=chunks[1]), about),
        _case("beyond-the-end", "the file has five chunks", invalid, message(4, chunks, at=5), about),
        _case("too-short", "the last byte is missing", invalid, first[:-1], about),
        _case("too-long", "one byte more", invalid, first + b"\0", about),
        _case("path-too-short", "a hash is missing", invalid, message(1, chunks, path=right[:-1]), about),
        _case("path-too-long", "a hash too many", invalid, message(1, chunks, path=[*right, right[0]]), about),
        _case("path-turned", "from the root downwards", invalid, message(1, chunks, path=right[::-1]), about),
        _case("node-as-leaf", "an inner node for a chunk", invalid, message(0, chunks, path=right[1:]), about),
        _case("other-file", "a chunk of another file", invalid, swapped, binding(FILE[:-1] + b"\0")),
        _case("no-line", "bytes alone", malformed, chunks[0][:3000].replace(b"\n", b" "), about),
        _case("blank-in-the-line", "a second spelling", malformed, line.replace(b":", b": ", 1) + b"\n" + rest, about),
        _case("other-order", "index before id", malformed, _turned(line) + b"\n" + rest, about),
        _case("not-canonical", "stray bits in a hash", malformed, _stray(line) + b"\n" + rest, about),
        _case("negative-index", "no place", malformed, line.replace(b'"index":0', b'"index":-1') + b"\n" + rest, about),
        _case("duplicate-key", "index twice", malformed, line.replace(b",", b',"index":0,', 1) + b"\n" + rest, about),
    ]


def _turned(line: bytes) -> bytes:
    return line.replace(f'"id":"{EVENT_ID}","index":0'.encode(), f'"index":0,"id":"{EVENT_ID}"'.encode())


def _stray(line: bytes) -> bytes:
    # 43 characters carry 258 bits for 256: the last one has two to spare.
    end = line.rindex(b'"]')
    return line[: end - 1] + bytes([line[end - 1] + 1]) + line[end:]


def _headers() -> list[Json]:
    about = binding(FILE)
    content = compact(WORK_CONTENT)

    def case(name: str, code: str | None, **changes: Any) -> Json:  # noqa: ANN401 - any field, spoilt
        chunks = {field: value for field, value in (about | changes).items() if value != "left out"}
        bound = {
            "media_type": "application/json",
            "encoding": "none",
            "digest": sha256(content),
            "size": len(content),
            "content_id": CONTENT_ID,
            "chunks": chunks,
        }
        return {"name": name, "code": code, "header": compact(header(content, content=bound)).decode()}

    return [
        case("as-it-should-be", None),
        case("largest-chunks", None, chunk_size=524_288),
        case("largest-file", None, size=67_108_880),
        case("no-bytes", "header.out_of_range", size=0),
        case("larger-file", "header.out_of_range", size=67_108_881),
        case("smaller-chunks", "header.out_of_range", chunk_size=8_192),
        case("larger-chunks", "header.out_of_range", chunk_size=1_048_576),
        case("no-power-of-two", "header.rule", chunk_size=100_000),
        case("root-in-capitals", "header.wrong_form", root=about["root"].upper()),
        case("digest-left-out", "header.missing_field", digest="left out"),
        case("null", "header.wrong_type", root=None),
        case("unknown-field", "header.unknown_field", count=5),
    ]


def files() -> Json:
    """Everything about files."""
    carried = encrypted(FILE)
    return {
        "encryption": {
            "source": LIBO,
            "content_id": CONTENT_ID,
            "content_key_hex": CONTENT_KEY.hex(),
            "file_key_hex": hashlib.sha256(KEY_LABEL + CONTENT_KEY).hexdigest(),
            "aad_hex": (FILE_LABEL + prefixed(LIBO, CONTENT_ID)).hex(),
            "plaintext_sha256": sha256(FILE),
            "plaintext_made_of": "SHA-256 of `sihu test vectors: file N`, N from 0 to 2099, one after the other",
            "carried": binding(carried),
            "tag_hex": carried[-16:].hex(),
        },
        "chunks": _chunks(),
        "headers": _headers(),
    }
