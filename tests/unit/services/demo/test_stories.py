"""The stories of the demonstration: what goes wrong in one is told, and spoils the figures, not the others."""

from datetime import UTC, datetime

from schemas.errors import Fault, RequestError
from services.demo.scene import Scene, Story, played
from services.demo.stories import STORIES, Told

BEGIN = datetime(2026, 6, 11, 7, 5, 9, tzinfo=UTC)


async def _refused(_: Scene) -> str:
    raise RequestError(Fault("case.late", "last_seen", "look again"))


async def _never(_: Scene) -> str:
    raise TimeoutError


async def test_a_story_that_fails_ends_the_others() -> None:
    """Its line says why, and so does the figure."""
    for play, said in ((_refused, "refused case.late last_seen"), (_never, "waits")):
        lines: list[str] = []
        scene = Scene("联合调解", {}, lines.append, BEGIN)
        assert await played(Story("mediation", "联合调解", "in_force", play), scene) == said
        assert lines == [f"【联合调解】未完 not finished：{said}"]
        assert scene.mark == "0611070509"


def test_a_story_that_is_missing_or_ends_otherwise_passes() -> None:
    """The exit code goes by it."""
    ends = {one.name: one.end for one in STORIES}
    assert Told(ends).holds
    assert not Told(ends | {"offer": "declined"}).holds
    assert not Told({name: end for name, end in ends.items() if name != "drill"}).holds
