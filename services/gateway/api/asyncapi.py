"""``asyncapi.json``: what travels on the bus and what ``live`` speaks, told as AsyncAPI 3.0.

The envelope is binary: three lines and the content. Here its signed header is described as the
message's headers and its content as the payload; docs/protocol.md gives the bytes.
"""

import json
from collections.abc import Sequence
from typing import Final

from schemas.base import Event
from schemas.catalogue import TYPES
from schemas.envelope import Header
from schemas.ids import CountyCode
from schemas.subjects import Lane, SignalSubject, Subject
from services.domain.signals import SIGNAL_TYPES
from services.gateway.admission import LIVE_PROTOCOL
from services.gateway.answers import LiveMessage
from services.gateway.api.route import Route
from services.gateway.api.schemas_of import JsonObject, components, ref

_LANES: Final = {
    Lane.URGENT: "Alerts and whatever else has priority 0 or 1: overtakes any backlog.",
    Lane.NORMAL: "Everything else, in order.",
    Lane.REPAIR: "Recorded bytes published once more, unchanged.",
}
_PARAMETERS: Final = {
    "source": "Six digits GB/T 2260: the county that sends.",
    "destination": "Six digits: the county addressed; or `_` and the agreement's id for all of its parties.",
    "mutual": "information, outreach, development, governance or control.",
    "noun_verbed": "What happened, e.g. alert_issued.",
    "version": "v1 to v99.",
}
_ENVELOPE: Final = (
    "On the wire: header, signatures and keys as lines ended by a line feed, then the content. `headers` below is the "
    "signed header, `payload` the content once its bytes are verified."
)
_LIVE: Final = "live"
_SIGNAL: Final = "signal"
_CHAINED: Final = tuple(model for model in TYPES if model.wire_type not in SIGNAL_TYPES)
_SIGNALS: Final = tuple(model for model in TYPES if model.wire_type in SIGNAL_TYPES)


def asyncapi_document(routes: Sequence[Route], version: str) -> bytes:
    """Return the document as JSON.

    Args:
        routes: The route table; ``live`` is the one that switches protocols.
        version: Of the node.
    """
    schemas, names = components([Header, *TYPES], [LiveMessage])
    live_path = next(route.path for route in routes if route.answer is LiveMessage)
    document = {
        "asyncapi": "3.0.0",
        "info": {"title": "Sihu bus", "version": version, "description": _ENVELOPE},
        "defaultContentType": "application/json",
        "servers": {
            "hub": {
                "host": "hub.invalid:4222",
                "protocol": "nats",
                "description": "The hub, or the county's own leaf.",
            },
            "node": {"host": "127.0.0.1:8640", "protocol": "ws", "description": "The county's own node."},
        },
        "channels": {**{str(lane): _lane(lane) for lane in Lane}, _SIGNAL: _signal(), _LIVE: _live(live_path)},
        "operations": _operations(),
        "components": {
            "schemas": schemas,
            "messages": {**{model.__name__: _message(model, names) for model in TYPES}, _LIVE: _news(names)},
        },
    }
    return json.dumps(document, ensure_ascii=False).encode()


def _lane(lane: Lane) -> JsonObject:
    pattern = Subject(CountyCode("{source}"), lane, "{destination}", "cn.sihu.{mutual}.{noun_verbed}.{version}")
    return _at_hub(str(pattern), _LANES[lane], _CHAINED)


def _signal() -> JsonObject:
    county = CountyCode("{destination}")
    pattern = SignalSubject(CountyCode("{source}"), county, "cn.sihu.{mutual}.{noun_verbed}.{version}")
    words = "Beacons, requests and proofs between two counties: in no chain, and the hub keeps the newest of each."
    return _at_hub(str(pattern), words, _SIGNALS)


def _at_hub(address: str, words: str, models: Sequence[type[Event]]) -> JsonObject:
    return {
        "address": address,
        "description": words,
        "servers": [{"$ref": "#/servers/hub"}],
        "parameters": {name: {"description": about} for name, about in _PARAMETERS.items()},
        "messages": {model.__name__: _to_message(model.__name__) for model in models},
    }


def _live(path: str) -> JsonObject:
    words = (
        f"`?after=N` goes on behind sequence N. The token travels in Authorization, or from a browser as "
        f"`Sec-WebSocket-Protocol: {LIVE_PROTOCOL}, bearer.<token>`; never in the address."
    )
    return {
        "address": path,
        "description": words,
        "servers": [{"$ref": "#/servers/node"}],
        "messages": {_LIVE: _to_message(_LIVE)},
        "bindings": {"ws": {"method": "GET", "query": _after()}},
    }


def _after() -> JsonObject:
    return {"type": "object", "properties": {"after": {"type": "integer", "minimum": 0}}}


def _to_message(name: str) -> JsonObject:
    return {"$ref": f"#/components/messages/{name}"}


def _operations() -> JsonObject:
    operations: JsonObject = {}
    for lane in (*Lane, _SIGNAL):
        for action, verb in (("send", "publish"), ("receive", "take")):
            operations[f"{verb}_{lane}"] = {"action": action, "channel": {"$ref": f"#/channels/{lane}"}}
    operations["tell_live"] = {"action": "send", "channel": {"$ref": f"#/channels/{_LIVE}"}}
    return operations


def _message(model: type[Event], names: dict[str, str]) -> JsonObject:
    return {
        "name": model.wire_type,
        "title": model.title_zh,
        "contentType": "application/json",
        "headers": ref(names[Header.__name__]),
        "payload": ref(names[model.__name__]),
    }


def _news(names: dict[str, str]) -> JsonObject:
    return {
        "name": "sihu.live.v1",
        "title": "One change",
        "contentType": "application/json",
        "payload": ref(names[LiveMessage.__name__]),
    }
