"""荔波's two officers in the play: 值班员甲 drafts the morning's alert, 审核员甲 reads it, approves it and sends it."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from services.bootstrap.client import open_client
from services.demo.cast import AGREEMENT_ID
from services.demo.ceremony import OFFICER, Command, Stage
from services.demo.sampling import Sample

RELEASED_AT: Final = "522722"
"""荔波: its alert of the morning is released by two officers."""
SECOND: Final = "reviewer-a"
_SCOPES: Final = ("--scope", "events:read", "--scope", "events:write")


@dataclass(frozen=True, slots=True)
class Pair:
    """The tokens of who drafts and who approves."""

    author: str = field(repr=False)
    second: str = field(repr=False)


def certify_pair(stage: Stage, command: Command) -> None:
    """Certify the second officer and give both a token to write with, if they have none."""
    home = stage.county(RELEASED_AT)
    for officer in (OFFICER, SECOND):
        if _token_file(home, officer).exists():
            continue
        if officer == SECOND:
            command("officer", "add", SECOND, "--name", "审核员甲", "--role", "reviewer", "--dir", str(home))
        words = ("token", "issue", f"{officer}-draft", *_SCOPES, "--officer", officer, "--json", "--dir", str(home))
        _token_file(home, officer).write_text(json.loads(command(*words))["token"] + "\n", encoding="utf-8")


def pair_at(stage: Stage) -> Pair:
    """Return the tokens that were issued."""
    home = stage.county(RELEASED_AT)
    author, second = (_token_file(home, one).read_text(encoding="utf-8").strip() for one in (OFFICER, SECOND))
    return Pair(author, second)


async def release(address: str, pair: Pair, sample: Sample) -> str:
    """Draft, hand in, approve and send; return the envelope id.

    Raises:
        RequestError: The node refuses a step.
        UnavailableError: The node is not there.
    """
    draft = {"type": sample.wire_type, "agreement": AGREEMENT_ID, "content": sample.content}
    async with open_client(address, pair.author) as author:
        begun = json.loads(await author.post("/drafts", json.dumps(draft, ensure_ascii=False).encode()))
        path = f"/drafts/{begun['draft']['id']}"
        shown = json.loads(await author.post(f"{path}/submission", b""))
    review = {"verdict": "approve", "digest": shown["digest"], "send": True}
    async with open_client(address, pair.second) as second:
        done: dict[str, Any] = json.loads(await second.post(f"{path}/review", json.dumps(review).encode()))
    return str(done["draft"]["event_id"])


def _token_file(home: Path, officer: str) -> Path:
    return home / "officers" / f"{officer}-draft.token"
