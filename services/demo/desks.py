"""The desks of the play: what each county sends, sees and answers over its own node's API."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any, Final

from schemas.errors import InvariantError, NotFoundError, UnavailableError
from services.bootstrap.client import open_client
from services.demo.board import headline_of
from services.demo.cast import AGREEMENT_ID
from services.demo.ceremony import OFFICER, Stage
from services.demo.pair import Pair, release
from services.demo.sampling import Sample

_UNTIL_SECONDS: Final = 30.0
_LOOK_SECONDS: Final = 0.5
"""Without a change one looks all the same: some things come by time alone."""
Seen = Callable[[str, dict[str, Any]], None]
"""Called with a county's code and a change of its journal."""


class Desk:
    """One county's liaison desk."""

    def __init__(self, stage: Stage, code: str, port: int) -> None:
        """Take the county; its node may come and go."""
        self.code = code
        self._home = stage.county(code)
        self._address = f"http://127.0.0.1:{port}"
        self._token = (self._home / "cli.token").read_text(encoding="utf-8").strip()
        self.address = self._address
        self._change = asyncio.Event()

    async def get(self, path: str, **params: str) -> Any:  # noqa: ANN401 - any JSON value
        """Ask the own node."""
        async with open_client(self._address, self._token) as client:
            return json.loads(await client.get(path, params))

    async def send(self, sample: Sample, **fields: Any) -> dict[str, Any]:  # noqa: ANN401 - any JSON value
        """Send a sample."""
        draft = {"type": sample.wire_type, "agreement": AGREEMENT_ID, "content": sample.content, **fields}
        accepted = await self.post("/events", draft)
        return {**accepted, "headline": headline_of(sample.wire_type, sample.content)}

    async def post(self, path: str, draft: Mapping[str, Any]) -> dict[str, Any]:
        """Ask the own node for an event, and write what it answered into the sender's own log."""
        async with open_client(self._address, self._token) as client:
            answer = json.loads(await client.post(path, json.dumps(draft, ensure_ascii=False).encode()))
        return {**answer, **await self._logged(answer["envelope_id"])}

    async def release(self, sample: Sample, pair: Pair) -> dict[str, Any]:
        """Send a sample by two officers, and write it into the sender's own log."""
        envelope_id = await release(self._address, pair, sample)
        return {**await self._logged(envelope_id), "headline": headline_of(sample.wire_type, sample.content)}

    async def _logged(self, envelope_id: str) -> dict[str, Any]:
        header = (await self.get(f"/events/{envelope_id}"))["header"]
        place = {name: header[name] for name in ("channel", "epoch", "seq", "type", "to")}
        row = {"envelope_id": envelope_id, "source": self.code, **place}
        with (self._home / "accepted.jsonl").open("a", encoding="utf-8") as log:
            log.write(json.dumps(row) + "\n")
        return row

    async def until(self, path: str, true: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
        """Ask the own node until something is true of its answer, which may not be there yet; return the answer."""
        async with asyncio.timeout(_UNTIL_SECONDS):
            while True:
                change = self._change
                with suppress(NotFoundError):
                    found: dict[str, Any] = await self.get(path)
                    if true(found):
                        return found
                with suppress(TimeoutError):
                    await asyncio.wait_for(change.wait(), _LOOK_SECONDS)

    async def acknowledge(self, envelope_id: str, answer: str) -> None:
        """Answer as the officer on duty, by the product's own command and the officer's own key.

        Raises:
            InvariantError: The command failed; what it said is in the text.
        """
        words = ("acknowledge", envelope_id, "--officer", OFFICER, "--answer", answer, "--dir", str(self._home))
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "services.cli", *words),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        said = (await process.communicate())[0].decode(errors="replace")
        if process.returncode != 0:
            raise InvariantError(f"sihu {' '.join(words)} ended with {process.returncode}: {said}")

    @asynccontextmanager
    async def watched(self, seen: Seen) -> AsyncIterator[None]:
        """Follow the county's journal as long as the block runs, over every restart of its node."""
        watching = asyncio.create_task(self._watch(seen), name=f"watch-{self.code}")
        try:
            yield
        finally:
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)

    async def _watch(self, seen: Seen) -> None:
        after = 0
        while True:
            try:
                async with open_client(self._address, self._token) as client, client.live(after) as changes:
                    async for change in changes:
                        entry = json.loads(change)
                        after = entry["sequence"]
                        seen(self.code, entry)
                        self._change.set()
                        self._change = asyncio.Event()
            except UnavailableError:
                await asyncio.sleep(0.2)
