"""The console is a client of the API in the same process: it asks by the route table, with its visitor's access.

So a page can do what a token of the same scopes can do, and no rule needs to be kept twice.

Source: docs/decisions/0039-make-the-console-a-client-of-the-api.md
"""

from collections.abc import Mapping
from typing import Final, TypeVar

from aiohttp import web
from pydantic import ValidationError

from schemas.access import Access, Scope
from schemas.base import Model
from schemas.errors import ConflictError, Fault, InvariantError, NotFoundError, RequestError, SharingDeniedError
from schemas.faults import faults_of
from services.domain.encoding import compact_json
from services.gateway.answers import ProblemBody
from services.gateway.api.calls import Call
from services.gateway.api.route import Route
from services.gateway.api.routes import ROUTES
from services.gateway.bodies import without_prefix
from services.gateway.desk import Desk

M = TypeVar("M", bound=Model)
Asked = Mapping[str, object]

_BY_NAME: Final[Mapping[str, Route]] = {route.name: route for route in ROUTES}
_NOTHING: Final[Asked] = {}
_REFUSED: Final = 400
_FAMILIES: Final[Mapping[int, type[RequestError]]] = {
    403: SharingDeniedError,
    404: NotFoundError,
    409: ConflictError,
}


def may_ask(access: Access, name: str) -> bool:
    """Tell whether a route of the API lets somebody in; pages leave out what would be refused."""
    scope = _BY_NAME[name].scope
    return not isinstance(scope, Scope) or scope in access.scopes


class Asking:
    """One visitor's calls of the API within one request."""

    def __init__(self, desk: Desk, request: web.Request, access: Access) -> None:
        """Ask nothing yet."""
        self._desk, self._request, self._access = desk, request, access

    async def ask(
        self,
        name: str,
        model: type[M],
        *,
        path: Asked = _NOTHING,
        query: Asked = _NOTHING,
        body: Model | Asked | bytes | None = None,
        key: str | None = None,
        if_match: str | None = None,
    ) -> M:
        """Call a route and return its answer.

        Args:
            name: Of the route.
            model: That the route answers with.
            path: Path parameters, as text or what spells itself so.
            query: Query parameters; None is left out.
            body: Of the request.
            key: Idempotency-Key.
            if_match: The version that was seen, where the route asks for it.

        Raises:
            RequestError: As the API would refuse it.
            UnavailableError: As the API would answer 503.
        """
        reply = await self.fetch(name, path=path, query=query, body=body, key=key, if_match=if_match)
        if not isinstance(reply, web.Response) or not isinstance(reply.body, bytes):
            raise InvariantError(f"{name} answers with no body")
        if reply.status >= _REFUSED:
            raise _refusal(reply.body, reply.status)
        if _BY_NAME[name].answer is not model:
            raise InvariantError(f"{name} does not answer with {model.__name__}")
        return model.model_validate_json(reply.body)

    async def fetch(
        self,
        name: str,
        *,
        path: Asked = _NOTHING,
        query: Asked = _NOTHING,
        body: Model | Asked | bytes | None = None,
        key: str | None = None,
        if_match: str | None = None,
    ) -> web.StreamResponse:
        """Call a route and return what it answers as it is: a file, a stream, its headers.

        Raises:
            RequestError: As the API would refuse it.
        """
        route = _BY_NAME[name]
        if not may_ask(self._access, name):
            mend = f"this needs the scope {route.scope}, which your roles do not bring"
            raise RequestError(Fault("access.scope", "Authorization", mend))
        call = Call(
            self._request,
            self._access,
            "",
            _read(route.path_model, path, "path"),
            _read(route.query, query, "query"),
            _spelt(body),
            key=key,
            if_match=if_match,
        )
        return await route.handler(self._desk, call)


def _refusal(body: bytes, status: int) -> RequestError:
    """Return what some handlers answer as a problem, as if they had raised it."""
    faults = ProblemBody.model_validate_json(body).faults
    family = _FAMILIES.get(status, RequestError)
    return family(*(Fault(one.code, one.field, one.mend) for one in faults))


def _read(model: type[Model], values: Asked, prefix: str) -> Model:
    texts = {name: _text(value) for name, value in values.items() if value is not None}
    try:
        return model.model_validate_strings(texts)
    except ValidationError as error:
        raise RequestError(*without_prefix(faults_of(error, prefix), prefix)) from None


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _spelt(body: Model | Asked | bytes | None) -> bytes:
    if body is None or isinstance(body, bytes):
        return body or b""
    if isinstance(body, Model):
        return body.model_dump_json(by_alias=True, exclude_none=True).encode()
    return compact_json(dict(body))
