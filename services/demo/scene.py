"""What a story is played with: the desks of its counties, and a line for people now and then."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from schemas.counties import name_of
from schemas.errors import RequestError
from services.demo.ceremony import Say
from services.demo.desks import Desk
from services.demo.sampling import Sample

Sent = dict[str, Any]

NANDAN: Final = "451221"
TIANE: Final = "451222"
HUANJIANG: Final = "451226"
LIBO: Final = "522722"
LUODIAN: Final = "522728"


@dataclass(slots=True)
class Scene:
    """One story while it is played.

    Attributes:
        title: Before every line of it.
        begin: When the morning began; names that must differ from those of an earlier morning follow from it.
        sent: Every event of it, as its sender's log has it.
    """

    title: str
    desks: Mapping[str, Desk]
    say: Say
    begin: datetime
    sent: list[Sent] = field(default_factory=list)

    @property
    def mark(self) -> str:
        """What tells this morning from others in a name."""
        return f"{self.begin:%m%d%H%M%S}"

    def tell(self, text: str) -> None:
        """Say a line."""
        self.say(f"【{self.title}】{text}")

    async def send(
        self,
        county: str,
        wire_type: str,
        content: Mapping[str, Any],
        to: Sequence[str],
        **fields: Any,  # noqa: ANN401
    ) -> Sent:
        """Send an event of the border's agreement to some counties, or as ``fields`` say."""
        made = Sample(f"cn.sihu.{wire_type}.v1", county, dict(content))
        return self._kept(await self.desks[county].send(made, to=list(to), **fields))

    async def post(self, county: str, path: str, draft: Mapping[str, Any]) -> Sent:
        """Ask a county's node for an event by another address than that of all events."""
        return self._kept(await self.desks[county].post(path, draft))

    async def arrived(self, county: str, sent: Sent) -> None:
        """Wait until a county holds an event."""
        await self.desks[county].until(f"/events/{sent['envelope_id']}", bool)

    async def stored(self, sent: Sent) -> None:
        """Wait until the sender knows that every recipient holds an event."""
        await self.desks[sent["source"]].until(
            f"/events/{sent['envelope_id']}", lambda found: all(one["stored_at"] for one in found["deliveries"])
        )

    def _kept(self, sent: Sent) -> Sent:
        self.sent.append(sent)
        return sent


@dataclass(frozen=True, slots=True)
class Story:
    """A short story between two or three counties.

    Attributes:
        name: In the figures.
        title: For people.
        end: What its counties say of it once it is over; anything else is a failure.
        play: Plays it, and returns what they say.
    """

    name: str
    title: str
    end: str
    play: Callable[[Scene], Awaitable[str]]


async def played(story: Story, scene: Scene) -> str:
    """Play a story; return how it ended, as its counties tell, or what went wrong."""
    try:
        return await story.play(scene)
    except RequestError as refused:
        said = f"refused {refused.fault.code} {refused.fault.field}"
    except TimeoutError:
        said = "waits"
    scene.tell(f"未完 not finished：{said}")
    return said


def names(*counties: str) -> str:
    """Name counties for people."""
    return "、".join(map(name_of, counties))


def office(county: str, name: str) -> dict[str, str]:
    """An office of a county."""
    return {"adcode": county, "name": name}
