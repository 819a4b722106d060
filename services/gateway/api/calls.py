"""A call as handlers see it: admitted, its address and body read; and the replies that they give."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from aiohttp import web

from schemas.access import Access
from schemas.base import Model
from schemas.errors import InvariantError
from services.gateway.desk import Desk

M = TypeVar("M", bound=Model)
JSON: str = "application/json"


@dataclass(frozen=True, slots=True)
class Call:
    """One request that got as far as its handler.

    Attributes:
        request: The HTTP request; only ``live`` needs it.
        access: The caller; None at open addresses.
        token: The token as sent; empty at open addresses.
        path: Path parameters, in the route's own model.
        query: Query parameters, in the route's own model.
        body: Bytes as sent; empty where the route takes none.
        key: Idempotency-Key as sent, or None.
        if_match: ``If-Match`` as sent, or None.
    """

    request: web.Request
    access: Access | None
    token: str
    path: Model
    query: Model
    body: bytes
    key: str | None = None
    if_match: str | None = None

    @property
    def caller(self) -> Access:
        """The caller of an address that is not open.

        Raises:
            InvariantError: The address is open after all.
        """
        if self.access is None:
            raise InvariantError("an open address has no caller")
        return self.access

    def query_as(self, model: type[M]) -> M:
        """Return the query parameters in the model that the route table names."""
        return _as(self.query, model)

    def path_as(self, model: type[M]) -> M:
        """Return the path parameters in the model that the route table names."""
        return _as(self.path, model)


def _as(value: Model, model: type[M]) -> M:
    if not isinstance(value, model):
        raise InvariantError(f"the route table names another model than {model.__name__}")
    return value


Handler = Callable[[Desk, Call], Awaitable[web.StreamResponse]]


def reply(model: Model, status: int = 200) -> web.Response:
    """Answer with a model."""
    return reply_bytes(model.model_dump_json(by_alias=True).encode(), JSON, status)


def reply_bytes(body: bytes, content_type: str, status: int = 200) -> web.Response:
    """Answer with bytes as they are."""
    return web.Response(body=body, status=status, content_type=content_type)
