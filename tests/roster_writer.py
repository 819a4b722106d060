"""An officer who changes a roster over HTTP, looking at it before each change; and what of it lies on disk then."""

import json
from pathlib import Path
from typing import Any, Final

from schemas.access import Scope
from tests.caller import Answer, Caller
from tests.rosters import COUNTY, PLAN

WRITER: Final = (Scope.EVENTS_READ, Scope.ROSTER_WRITE)
ILL: Final = {"officer": "duty-c", "replaces": "duty-a", "reason": "病假"} | {
    "starts_at": "2030-06-11T08:30:00+08:00",
    "ends_at": "2030-06-12T08:30:00+08:00",
}
"""丙 stands in for 甲 on 2030-06-11."""


class Writer:
    """One officer with one token."""

    def __init__(self, caller: Caller) -> None:
        """Borrow a caller."""
        self.caller = caller

    async def version(self) -> str:
        """Look at the roster; return its tag."""
        return (await self.caller.get("/roster/on-duty")).headers["ETag"]

    async def post(self, path: str, body: Any = None, *, seen: str | None = None, **how: Any) -> Answer:  # noqa: ANN401
        """Change the roster that was seen, or that is there now."""
        headers = {"If-Match": seen or await self.version(), **how.pop("headers", {})}
        given = how if body is None else how | {"json": body}
        return await self.caller.post(f"/roster/{path}", headers=headers, **given)

    async def primary(self, when: str = "2030-06-11T04:00:00Z") -> str:
        """Return who is said to be on duty."""
        people = (await self.caller.get(f"/roster/on-duty?at={when}")).body["people"]
        return next((one["officer"] for one in people if one["tier"] == "primary"), "")


def kept(home: Path) -> list[dict[str, Any]]:
    """Return the records on disk, as they lie there."""
    paths = sorted((home / "roster.d").glob("*.jsonl"))
    return [json.loads(line) for path in paths for line in path.read_bytes().splitlines()]


def write_county(home: Path) -> None:
    """Write the settings that the commands need, and the plan."""
    office = 'office = "环江县联络办"\nduty_phone = "0778-8820110"'
    (home / "county.toml").write_text(f'county = "{COUNTY}"\n{office}\n', encoding="utf-8")
    (home / "roster.toml").write_text(PLAN, encoding="utf-8")
