"""The vectors of files are answered by the product as they say."""

import json
from typing import Any

import pytest

from schemas.envelope import ChunkBinding
from schemas.errors import Fault
from services.domain.chunks import judge_chunk, parse_chunk
from services.domain.encoding import require_base64url
from services.domain.files import Digester, Sealer, file_aad, file_key, pieces
from services.domain.signing import parse_header
from tests.vectors.files import CHUNK_SIZE, FILE
from tests.vectors.make import FOLDER

VECTORS: dict[str, Any] = json.loads((FOLDER / "files.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("case", VECTORS["chunks"], ids=lambda case: case["name"])
def test_a_chunk_is_judged_otherwise(case: dict[str, Any]) -> None:
    """Two nodes that disagree about one chunk never agree about the file."""
    chunk = parse_chunk(require_base64url(case["message_base64url"]))
    found = chunk if isinstance(chunk, Fault) else judge_chunk(chunk, ChunkBinding.model_validate(case["chunks"]))
    assert (found.code if found else None) == case["code"]


@pytest.mark.parametrize("case", VECTORS["headers"], ids=lambda case: case["name"])
def test_a_header_is_judged_otherwise(case: dict[str, Any]) -> None:
    """A header that one reader takes and another refuses forks a chain."""
    found = parse_header(case["header"].encode())
    assert (found.code if isinstance(found, Fault) else None) == case["code"]


@pytest.mark.parametrize("piece", [1_000, CHUNK_SIZE, 65_537])
def test_a_file_is_encrypted_otherwise(piece: int) -> None:
    """In whatever pieces it is read."""
    about = VECTORS["encryption"]
    key = bytes.fromhex(about["content_key_hex"])
    sealer, carried = Sealer(key, source=about["source"], content_id=about["content_id"]), Digester(CHUNK_SIZE)
    for offset, length in pieces(len(FILE), piece):
        carried.add(sealer.add(FILE[offset : offset + length]))
    tag = sealer.tag()
    carried.add(tag)
    assert tag.hex() == about["tag_hex"]
    assert carried.binding() == ChunkBinding.model_validate(about["carried"])
    assert file_key(key).hex() == about["file_key_hex"]
    assert file_aad(about["source"], about["content_id"]).hex() == about["aad_hex"]
