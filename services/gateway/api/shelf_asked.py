"""What the addresses of material, plans, bulletins, reports and files are asked."""

from typing import Annotated

from pydantic import Field

from schemas.base import Model
from schemas.ids import ContentId, CountyId, Digest
from schemas.outreach.materials import Licence, MaterialKind
from services.gateway.api.asked import PAGE_DEFAULT, Flag, Limit, Place
from services.gateway.shelf_answers import BulletinShelf


class ShelfQuery(Model):
    """From where on."""

    since: Annotated[Place, Field(description="Only events before this position; 0 begins at the newest.")] = 0
    limit: Annotated[Limit, Field(description="How many events to look at, at most.")] = PAGE_DEFAULT


class MaterialQuery(ShelfQuery):
    """Which material."""

    kind: Annotated[MaterialKind | None, Field(description="Only of this kind.")] = None
    licence: Annotated[Licence | None, Field(description="Only under this licence.")] = None
    usable: Annotated[Flag, Field(description="Only what has not expired.")] = False


class PlanPath(Model):
    """Which plan."""

    id: Annotated[ContentId, Field(description="Its `plan_id`, 32 lower-case hexadecimal digits.")]


class BulletinQuery(ShelfQuery):
    """Which bulletins."""

    kind: Annotated[BulletinShelf | None, Field(description="Only of this kind.")] = None


class FlowQuery(ShelfQuery):
    """Which reports."""

    source: Annotated[CountyId | None, Field(description="Only of this county.")] = None
    origin: Annotated[CountyId | None, Field(description="Only of people from this county.")] = None
    destination: Annotated[CountyId | None, Field(description="Only of people in this county.")] = None
    latest: Annotated[Flag, Field(description="Only the newest of each source about the same people.")] = False


class FileQuery(ShelfQuery):
    """Which files."""

    sha256: Annotated[Digest | None, Field(description="Only files of this digest.")] = None
