"""The stories after the morning's alerts: eight at once, each between two or three counties."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from services.demo.ceremony import Say
from services.demo.desks import Desk
from services.demo.joint_stories import CAMPAIGN, DRILL, OFFER, PROJECT
from services.demo.mediation_story import MEDIATION
from services.demo.people_stories import FLOW, REFERRAL, SERVICE
from services.demo.scene import Scene, Sent, played

STORIES: Final = (MEDIATION, FLOW, REFERRAL, SERVICE, CAMPAIGN, OFFER, PROJECT, DRILL)


@dataclass(frozen=True, slots=True)
class Told:
    """What has come of the stories.

    Attributes:
        ends: How each ended, by name, as its counties tell it.
        sent: Every event of them.
    """

    ends: dict[str, str] = field(default_factory=dict)
    sent: tuple[Sent, ...] = ()

    @property
    def holds(self) -> bool:
        """Whether each ended as it should."""
        return self.ends == {one.name: one.end for one in STORIES}


async def tell_stories(desks: Mapping[str, Desk], say: Say, begin: datetime) -> Told:
    """Play all of them, and wait until every receipt is back."""
    scenes = [Scene(one.title, desks, say, begin) for one in STORIES]
    ends = await asyncio.gather(*(played(one, scene) for one, scene in zip(STORIES, scenes, strict=True)))
    await asyncio.gather(*(scene.stored(sent) for scene in scenes for sent in scene.sent))
    names = (one.name for one in STORIES)
    return Told(dict(zip(names, ends, strict=True)), tuple(sent for scene in scenes for sent in scene.sent))
