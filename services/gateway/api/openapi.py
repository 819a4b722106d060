"""``openapi.json``: the route table and the models, told as OpenAPI 3.1."""

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from schemas.access import Scope
from schemas.base import Model
from schemas.drafts import EventDraft
from services.gateway.answers import ProblemBody
from services.gateway.api.asked import NoQuery
from services.gateway.api.calls import JSON
from services.gateway.api.route import (
    ATOM,
    BYTES,
    CALENDAR,
    CAP,
    PDF,
    SWITCHING_PROTOCOLS,
    TEXT,
    UNCHANGED,
    XLSX,
    Door,
    Route,
)
from services.gateway.api.schemas_of import PREFIX, JsonObject, components, ref, sendable_types, title_of
from services.gateway.problems import MEDIA_TYPE, status_of

_ABOUT: Final = (
    "What officers and county systems ask of their own county's node. Errors are problem details (RFC 9457) with "
    "stable codes; docs/api.md lists them. Times are RFC 3339 with an offset, ids and digests lowercase hex."
)
_REASONS: Final = {
    101: "The connection speaks WebSocket from now on.",
    200: "Done.",
    202: "Durable in this node and on its way.",
    201: "Made, and durable in this node.",
    206: "A part, as the header `Range` asked.",
    304: "It is still what `If-None-Match` names.",
    400: "The body is no strict JSON, or the address or a header is malformed.",
    401: "No valid token.",
    403: "The token lacks the scope, no officer stands behind it, or no agreement permits it.",
    404: "It is not here.",
    409: "It contradicts what was done before.",
    410: "It was erased, or refused.",
    412: "The roster has changed since the version that the request names.",
    413: "The body is too large.",
    415: "The body is not `application/json` in UTF-8.",
    416: "The file has no such part.",
    422: "The body does not fit; the faults name each field and what to do.",
    429: "What the agreement carries within an hour is used up; nothing was stored.",
    426: "This address speaks WebSocket only.",
    428: "The request does not name the version of the roster that it is meant for.",
    500: "The node has a fault of its own and restarts.",
    503: "The node cannot do it now; nothing was stored.",
}
_OF_TOKEN: Final = ("access.missing", "access.unknown", "access.revoked", "access.expired")
_OF_BODY: Final = ("json.malformed", "json.too_large", "http.media_type", "http.content_encoding", "request.wrong_type")
_OF_VERSION: Final = ("roster.changed", "roster.no_version")
_OF_BYTES: Final = ("http.media_type", "http.content_encoding", "http.bad_request")
_OF_TEXT: Final = ("http.media_type", "http.content_encoding", "http.bad_request")
_BINARY: Final = {"type": "string", "format": "binary"}
_PLAIN_TEXT: Final = frozenset({TEXT, CALENDAR})
_ANYWHERE: Final = ("query.unknown_field", "sihu.invariant")
_HEADERS: Final = {
    401: {"WWW-Authenticate": {"description": "How to be let in.", "schema": {"type": "string"}}},
    403: {"WWW-Authenticate": {"description": "With `access.scope`.", "schema": {"type": "string"}}},
    429: {"Retry-After": {"description": "Seconds until the next hour begins.", "schema": {"type": "integer"}}},
    503: {"Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer"}}},
}
_KEY_PARAMETER: Final = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "The same key with the same body gets the same answer; keys of different tokens never meet.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[\\x21-\\x7e]+$"},
}

_VERSION_PARAMETER: Final = {
    "name": "If-Match",
    "in": "header",
    "required": True,
    "description": "The `ETag` that the roster had when it was read; one that has changed since is left as it is.",
    "schema": {"type": "string", "pattern": '^(W/)?"[0-9a-f]{32}"$'},
}
_ETAG: Final = {"ETag": {"description": "Version of the roster.", "required": True, "schema": {"type": "string"}}}


def openapi_document(routes: Sequence[Route], version: str) -> bytes:
    """Return the document as JSON.

    Args:
        routes: The route table.
        version: Of the node.
    """
    asked = [route.body for route in routes if route.body] + list(sendable_types())
    answered = [route.answer for route in routes if route.answer]
    schemas, names = components(asked, [*answered, ProblemBody])
    schemas |= _drafts(schemas, names)
    document = {
        "openapi": "3.1.0",
        "info": {"title": "Sihu node", "version": version, "description": _ABOUT},
        "servers": [{"url": "/"}],
        "paths": _paths(routes, names, schemas),
        "components": {
            "schemas": schemas,
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer", "description": "An access token."}},
        },
    }
    return json.dumps(document, ensure_ascii=False).encode()


def _paths(routes: Iterable[Route], names: dict[str, str], schemas: JsonObject) -> JsonObject:
    paths: JsonObject = {}
    for route in routes:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, names, schemas)
    return paths


def _operation(route: Route, names: dict[str, str], schemas: JsonObject) -> JsonObject:
    operation: JsonObject = {
        "operationId": route.name,
        "summary": route.summary,
        "parameters": list(_parameters(route, schemas)),
        "responses": _responses(route, names),
        "security": _security(route),
    }
    if route.body is not None:
        content = {JSON: {"schema": ref(names[route.body.__name__])}}
        operation["requestBody"] = {"required": route.body_required, "content": content}
    if route.body_types:
        operation["requestBody"] = {
            "required": True,
            "content": {name: {"schema": _BINARY} for name in route.body_types},
        }
    if route.takes_bytes:
        schema = {"type": "string"} if route.takes_type in _PLAIN_TEXT else _BINARY
        operation["requestBody"] = {"required": False, "content": {route.takes_type: {"schema": schema}}}
    return operation


def _security(route: Route) -> list[JsonObject]:
    if route.scope in {Door.OPEN, Door.IN_ADDRESS}:
        return []  # what stands in the address is described with it
    return [{"bearer": [str(route.scope)] if isinstance(route.scope, Scope) else []}]


def _parameters(route: Route, schemas: JsonObject) -> Iterator[JsonObject]:
    yield from _parameters_in("path", route.path_model, schemas)
    yield from _parameters_in("query", route.query, schemas)
    if route.idempotent_by_key:
        yield _KEY_PARAMETER
    if _needs_version(route):
        yield _VERSION_PARAMETER


def _needs_version(route: Route) -> bool:
    return route.versioned and route.method == "POST"


def _parameters_in(place: str, model: type[Model], schemas: JsonObject) -> Iterator[JsonObject]:
    schema = model.model_json_schema(ref_template=PREFIX + "{model}")
    schemas.update(schema.get("$defs", {}))
    required = schema.get("required", [])
    for name, value in schema.get("properties", {}).items():
        described = _without_null(value)
        text = described.pop("description", "")
        yield {
            "name": name,
            "in": place,
            "required": name in required,
            "description": text,
            "schema": described,
        }


def _without_null(schema: JsonObject) -> JsonObject:
    # In an address a parameter is there or not; there is no null.
    kept = {key: value for key, value in schema.items() if key not in {"anyOf", "title"}}
    if "anyOf" not in schema:
        return kept
    if kept.get("default", ...) is None:
        del kept["default"]
    chosen = next(one for one in schema["anyOf"] if one != {"type": "null"})
    return {**chosen, **kept}


def codes_of(route: Route) -> tuple[str, ...]:
    """Return the codes that decide which refusals an address documents; others share their status."""
    codes = [*_ANYWHERE, *route.codes, *_codes_of_door(route.scope)]
    if route.path_model is not NoQuery:
        codes.append("path.wrong_form")
    if route.body is not None:
        codes += _OF_BODY
    if route.takes_bytes:
        codes += _OF_BYTES
    if _needs_version(route):
        codes += _OF_VERSION
    if route.body_types:
        codes += _OF_TEXT
    return tuple(codes)


def _codes_of_door(door: Scope | Door) -> Sequence[str]:
    if door is Door.OPEN:
        return ()
    if door is Door.IN_ADDRESS:
        return ("dependency.unavailable",)
    of_scope = ("access.scope",) if isinstance(door, Scope) else ()
    return (*_OF_TOKEN, "dependency.unavailable", *of_scope)


def _responses(route: Route, names: dict[str, str]) -> JsonObject:
    statuses = sorted({status_of(code) for code in codes_of(route)})
    problem = {MEDIA_TYPE: {"schema": ref(names[ProblemBody.__name__])}}
    refusals = {
        str(status): {"description": _REASONS[status], "content": problem, "headers": _HEADERS.get(status, {})}
        for status in statuses
    }
    good = {str(status): _good(route, names, status) for status in (route.status, *route.also)}
    return good | refusals


def _good(route: Route, names: dict[str, str], status: int) -> JsonObject:
    described: JsonObject = {"description": _REASONS[status]}
    if status in {SWITCHING_PROTOCOLS, UNCHANGED}:
        return described  # it has no body
    if route.versioned:
        described["headers"] = _ETAG
    schema: JsonObject = {"type": "string"} if route.media_type in _PLAIN_TEXT else {"type": "object"}
    if route.media_type in {BYTES, CAP, ATOM, PDF, XLSX}:
        schema = dict(_BINARY)
    if route.answer is not None:
        schema = ref(names[route.answer.__name__])
    return {**described, "content": {route.media_type: {"schema": schema}}}


def _drafts(schemas: JsonObject, names: dict[str, str]) -> JsonObject:
    """Say for each type what its content is: ``EventDraft`` becomes one of these."""
    general = schemas[names[EventDraft.__name__]]
    drafts: JsonObject = {}
    for model in sendable_types():
        properties = {
            **general["properties"],
            "type": {"const": model.wire_type, "description": title_of(model.wire_type)},
            "content": ref(names[model.__name__]),
        }
        drafts[f"{model.__name__}Draft"] = {**general, "title": f"{model.__name__}Draft", "properties": properties}
    mapping = {model.wire_type: PREFIX + f"{model.__name__}Draft" for model in sendable_types()}
    drafts[names[EventDraft.__name__]] = {
        "description": general.get("description", ""),
        "oneOf": [ref(name) for name in drafts],
        "discriminator": {"propertyName": "type", "mapping": mapping},
    }
    return drafts
