"""Who is looking: an officer who is logged in, and the port that tells who that is."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Protocol

from schemas.access import Access
from schemas.officers import Role


@dataclass(frozen=True, slots=True)
class Visitor:
    """A logged-in officer.

    Attributes:
        officer: Id, e.g. duty-a.
        display_name: The role at a desk, e.g. 值班员甲.
        roles: What the officer may do.
        access: What the API lets the officer do; ends with the session.
        csrf: Stands in every form of this session; nobody else's page can know it.
    """

    officer: str
    display_name: str
    roles: frozenset[Role]
    access: Access
    csrf: str

    def is_any(self, roles: Collection[Role]) -> bool:
        """Tell whether the officer has one of these roles."""
        return not self.roles.isdisjoint(roles)


class Entrance(Protocol):
    """Knows sessions."""

    async def visitor_of(self, secret: str, *, at_work: bool = True) -> Visitor | None:
        """Return whose session a cookie's secret opens, or None: ended, revoked, unknown, or only half-way in.

        Args:
            secret: Of the cookie.
            at_work: A person asks, which puts the end off; False for what an open page asks by itself.
        """

    async def signed(self, secret: str, message: bytes) -> bytes | None:
        """Return the officer's own signature (64 bytes, Ed25519), or None if the session opens no key."""
