"""Files for tests: made from a seed, uploaded in parts, sent, read back; and how much memory processes took for it."""

import hashlib
import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from adapters.api_client.client import ApiClient
from schemas.information.attachments import AttachmentShared
from services.demo.cast import AGREEMENT_ID

PART_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Sent:
    """What went out."""

    envelope_id: str
    size: int
    sha256: str


def file_parts(size: int, seed: int = 1) -> Iterator[bytes]:
    """Yield a file of random bytes, always the same for one seed."""
    rng = random.Random(seed)
    for offset in range(0, size, PART_BYTES):
        yield rng.randbytes(min(PART_BYTES, size - offset))


def sha256_of(parts: Iterator[bytes]) -> str:
    """Digest a file without holding it."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part)
    return digest.hexdigest()


async def upload(client: ApiClient, size: int, seed: int = 1) -> str:
    """Hand a file over; return the upload's number."""
    announced = {"size": size, "sha256": sha256_of(file_parts(size, seed))}
    state = json.loads(await client.post("/uploads", json.dumps(announced).encode()))
    for part in file_parts(size, seed):
        state = json.loads(await client.patch(f"/uploads/{state['id']}", part, {"offset": str(state["offset"])}))
    assert state["complete"], state
    return str(state["id"])


async def send_file(
    client: ApiClient, size: int, *, to: Sequence[str] | None = None, seed: int = 1, **more: object
) -> Sent:
    """Upload a file and send it."""
    number, sha256 = await upload(client, size, seed), sha256_of(file_parts(size, seed))
    content = {"name": "现场照片.jpg", "media_type": "image/jpeg", "size": size, "sha256": sha256}
    draft = {
        "type": AttachmentShared.wire_type,
        "agreement": AGREEMENT_ID,
        "content": content,
        "upload": number,
        **more,
    }
    draft |= {"to": sorted(to)} if to else {}
    answer = json.loads(await client.post("/events", json.dumps(draft, ensure_ascii=False).encode()))
    return Sent(answer["envelope_id"], size, sha256)


async def read_back(client: ApiClient, envelope_id: str) -> str:
    """Read the file of an event; return its digest."""
    digest = hashlib.sha256()
    async with client.download(f"/events/{envelope_id}/content") as pieces:
        async for piece in pieces:
            digest.update(piece)
    return digest.hexdigest()


class Memory:
    """Resident memory of some processes: what they had at the beginning, and the most since then."""

    def __init__(self, pids: dict[str, int]) -> None:
        """Begin to count: the kernel forgets the peaks of before."""
        self._pids = pids
        for pid in pids.values():
            Path(f"/proc/{pid}/clear_refs").write_text("5", encoding="ascii")
        self._before = {name: _status(pid, "VmRSS") for name, pid in pids.items()}

    def grown(self) -> dict[str, int]:
        """Return by how many bytes each process was larger at its peak."""
        return {name: _status(pid, "VmHWM") - self._before[name] for name, pid in self._pids.items()}


def _status(pid: int, name: str) -> int:
    lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{name}:"))
