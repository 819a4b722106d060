"""From an HTTP request to a call of its route: let in, address read, body read; whatever fails is a problem."""

from collections.abc import Awaitable, Callable
from typing import Final

from aiohttp import web
from pydantic import ValidationError

from schemas.access import Access, Scope
from schemas.base import Model
from schemas.cap import DOCUMENT_MAX_BYTES
from schemas.errors import Fault, NotFoundError, RequestError
from schemas.faults import faults_of
from services.gateway.admission import admit, admit_by_address, token_of_header, token_of_protocols
from services.gateway.api.calls import JSON, Call
from services.gateway.api.route import SWITCHING_PROTOCOLS, Door, Route
from services.gateway.bodies import without_prefix
from services.gateway.desk import Desk

IDEMPOTENCY_KEY: Final = "Idempotency-Key"
CALLER: Final = web.RequestKey("caller", str)
"""Name of the caller's token, for the log; absent until somebody was let in."""


def endpoint(route: Route, desk: Desk) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """Return what the HTTP library calls for a route."""

    async def handle(request: web.Request) -> web.StreamResponse:
        token = _token_of(route, request)
        access = _admitted(route, desk, token, request.match_info.get("secret", ""))
        if access is not None:
            request[CALLER] = access.name
        path = _read(route.path_model, request.match_info, "path")
        query = _read_query(route.query, request)
        body = await _read_body(route, request)
        headers = request.headers
        key, if_match = headers.get(IDEMPOTENCY_KEY), headers.get("If-Match")
        return await route.handler(desk, Call(request, access, token or "", path, query, body, key, if_match))

    return handle


def _token_of(route: Route, request: web.Request) -> str | None:
    token = token_of_header(request.headers.get("Authorization"))
    if token is None and route.status == SWITCHING_PROTOCOLS:
        return token_of_protocols(request.headers.get("Sec-WebSocket-Protocol"))
    return token


def _admitted(route: Route, desk: Desk, token: str | None, secret: str) -> Access | None:
    if route.scope is Door.OPEN:
        return None
    if route.scope is Door.IN_ADDRESS:
        return _admitted_by_address(desk, secret)
    scope = route.scope if isinstance(route.scope, Scope) else None
    access = admit(token, directory=desk.gateway.directory, scope=scope, now=desk.gateway.clock.now())
    if isinstance(access, Fault):
        raise RequestError(access)
    return access


def _admitted_by_address(desk: Desk, secret: str) -> Access:
    access = admit_by_address(secret, directory=desk.gateway.directory, now=desk.gateway.clock.now())
    if access is None:
        mend = "this address is not in force; ask the node's administrator for a new one"
        raise NotFoundError(Fault("request.not_found", "secret", mend))
    return access


def _read(model: type[Model], values: object, prefix: str) -> Model:
    try:
        return model.model_validate_strings(values)
    except ValidationError as error:
        raise RequestError(*without_prefix(faults_of(error, prefix), prefix)) from None


def _read_query(model: type[Model], request: web.Request) -> Model:
    values = request.query
    known = [field.alias or name for name, field in model.model_fields.items()]
    for name in values:
        if name not in known:
            mend = f"leave it out; this address knows: {', '.join(known) or 'none'}"
            raise RequestError(Fault("query.unknown_field", name[:48], mend))
        if len(values.getall(name)) > 1:
            raise RequestError(Fault("query.repeated", name, "give it once"))
    return _read(model, dict(values), "query")


async def _read_body(route: Route, request: web.Request) -> bytes:
    if route.takes_bytes:
        _refuse_encoded(request)
        if request.content_type != route.takes_type or not _is_utf8(request):
            raise RequestError(Fault("http.media_type", "Content-Type", f"send `Content-Type: {route.takes_type}`"))
        return b""
    if route.body_types:
        return await _read_text(route, request)
    if route.body is None or (not route.body_required and not request.can_read_body):
        return b""
    _refuse_encoded(request)
    if request.content_type != JSON or not _is_utf8(request):
        raise RequestError(Fault("http.media_type", "Content-Type", "send `Content-Type: application/json` in UTF-8"))
    return await _read_whole(request)


async def _read_text(route: Route, request: web.Request) -> bytes:
    _refuse_encoded(request)
    if request.content_type not in route.body_types:
        mend = f"send `Content-Type: {route.body_types[0]}`"
        raise RequestError(Fault("http.media_type", "Content-Type", mend))
    try:
        return await _read_whole(request)
    except web.HTTPRequestEntityTooLarge:
        mend = f"a document has at most {DOCUMENT_MAX_BYTES} bytes"
        raise RequestError(Fault("cap.too_large", "document", mend)) from None


async def _read_whole(request: web.Request) -> bytes:
    try:
        return await request.read()
    except web.RequestPayloadError:
        raise RequestError(Fault("http.bad_request", "body", "the body did not arrive whole; send it again")) from None


def _is_utf8(request: web.Request) -> bool:
    return (request.charset or "utf-8").lower() in {"utf-8", "utf8"}


def _refuse_encoded(request: web.Request) -> None:
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise RequestError(Fault("http.content_encoding", "Content-Encoding", "send the body as it is, not compressed"))
