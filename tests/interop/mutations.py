"""Evidence files that were truly signed and wrongly spelt: changed at random, then signed again."""

import base64
import copy
import json
from collections.abc import Callable, Iterator
from random import Random
from typing import Any, Final

from tests.vectors import papers
from tests.vectors.envelopes import receipt
from tests.vectors.evidence import (
    ACKNOWLEDGED,
    ANCHOR,
    EVENT,
    WHOLE,
    answered,
    carried,
    ordered,
    registry,
    stored,
)
from tests.vectors.evidence_changed import EVERYTHING, NEXT_RECEIPTS
from tests.vectors.evidence_released import COUNTERSIGNED, SECOND, TWO, own
from tests.vectors.evidence_released import WHOLE as RELEASED
from tests.vectors.key_changes import BRANCH_TYPE, CHANGE_TYPE, FIRST, FRESH, NEXT, RECOVERY
from tests.vectors.papers import HUANJIANG, KEYS, LIBO
from tests.vectors.spelling import RECEIPT, Json, Key, base64url, compact, document, document_digest, seal, sha256

STRANGE: Final[tuple[Any, ...]] = (
    *(None, "", "x", 0, 1, -1, 5, 10_000, 262_144, 262_145, 2**53 - 1, True, False, [], {}, [1]),
    *("451226", ["451221", "451226"], ["451226", "451221"], "0" * 64, "A" * 43, "A" * 86, "control", "public", "hpke"),
    *("2026-03-04T08:00:00Z", "2026-02-30T08:00:00.000+08:00", "2026-03-04T24:00:00+08:00", "1969-12-31T23:59:59Z"),
    *("9998-12-31T23:59:59+08:00", "2026-03-04T08:00:00.123456789-23:59", "é" * 80, "é" * 81, "\u2028x", "\x7f"),
)
TOKENS: Final = (*(b'"', b"\\", b"\\u0000", b"\\ud800", b"1.0", b"1e3", b"NaN"), *(bytes([one]) for one in b"{}[],: -"))
KEPT: Final = 0.8
_GOVERNANCE: Final = papers.governance(*papers.COUNTIES)


def _paths(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:  # noqa: ANN401 - any JSON value
    steps = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, inner in steps:
        yield (*path, step)
        yield from _paths(inner, (*path, step))


def changed(value: Json, random: Random) -> Json:
    """Change one place of a JSON object, sometimes two."""
    made = copy.deepcopy(value)
    for _ in range(random.choice((1, 1, 2))):
        *way, last = random.choice(list(_paths(made)) or [("v",)])
        room: Any = made
        for step in way:
            room = room[step]
        random.choice((_replace, _replace, _drop, _add, _respell))(room, last, random)
    return made


def _replace(room: Any, last: Any, random: Random) -> None:  # noqa: ANN401
    room[last] = copy.deepcopy(random.choice(STRANGE))


def _drop(room: Any, last: Any, random: Random) -> None:  # noqa: ANN401, ARG001 - one shape for all
    del room[last]


def _add(room: Any, last: Any, random: Random) -> None:  # noqa: ANN401
    if isinstance(room, list):
        room.insert(last, copy.deepcopy(room[last]))
    else:
        room[random.choice(("zz", "v", "é", "constructor", "__proto__"))] = copy.deepcopy(random.choice(STRANGE))


def _respell(room: Any, last: Any, random: Random) -> None:  # noqa: ANN401
    if isinstance(room[last], str) and room[last]:
        place = random.randrange(len(room[last]))
        room[last] = room[last][:place] + random.choice("0aZ-_ é9:+") + room[last][place + 1 :]
    else:
        _replace(room, last, random)


def _file(random: Random) -> Json:
    return changed(WHOLE, random)


def _header(random: Random) -> Json:
    event = carried(seal(changed(EVENT.header, random), EVENT.content, [KEYS[f"{LIBO} event"]]))
    return WHOLE | {"event": event} | random.choice(({}, {"before": [], "after": [], "receipts": []}))


def _receipt(random: Random) -> Json:
    return WHOLE | {"receipts": [carried(receipt(changed(random.choice((answered(), stored())), random)))]}


def _receipt_header(random: Random) -> Json:
    made = seal(changed(ACKNOWLEDGED.header, random), ACKNOWLEDGED.content, [KEYS[f"{HUANJIANG} receipt"]], RECEIPT)
    return WHOLE | {"receipts": [carried(made)]}


def _registry(random: Random) -> Json:
    made = document(papers.REGISTRY_TYPE, changed(papers.registry_payload(), random), _GOVERNANCE)
    return WHOLE | {"registries": [ordered(made)]}


def _second_registry(random: Random) -> Json:
    payload = changed(papers.registry_payload(version=2, previous=ANCHOR), random)
    return WHOLE | {"registries": [registry(), ordered(document(papers.REGISTRY_TYPE, payload, _GOVERNANCE))]}


def _agreement(random: Random) -> Json:
    made = document(papers.AGREEMENT_TYPE, changed(papers.agreement_payload(), random), _GOVERNANCE)
    return WHOLE | {"agreement": ordered(made)}


def _credential(random: Random) -> Json:
    made = document(papers.OFFICER_TYPE, changed(papers.officer_payload(), random), [KEYS[f"{HUANJIANG} event"]])
    proof: Json = {"credential": made, "credential_digest": document_digest(made)}
    return WHOLE | {"receipts": [carried(receipt(answered(**proof)))]}


def _changed_file(random: Random) -> Json:
    return changed(EVERYTHING, random)


def _with_document(kind: str, payload: Json, keys: list[Key], random: Random) -> Json:
    """Put a changed document beside the others, all of them in order again."""
    made = ordered(document(kind, changed(payload, random), keys))
    others = [one for one in EVERYTHING["changes"] if random.random() < KEPT]
    return dict(EVERYTHING | {"changes": sorted([*others, made], key=document_digest)})


def _payload_of(index: int) -> Json:
    payload: Json = json.loads(base64.urlsafe_b64decode(EVERYTHING["changes"][index]["payload"] + "=="))
    return payload


def _key_change(random: Random) -> Json:
    found = [one for one in range(5) if EVERYTHING["changes"][one]["payload_type"] == CHANGE_TYPE]
    payload = _payload_of(random.choice(found))
    keys = [FIRST, NEXT, FRESH, NEXT_RECEIPTS, KEYS[f"{HUANJIANG} recovery"], RECOVERY]
    return _with_document(CHANGE_TYPE, payload, random.sample(keys, random.randrange(1, 7)), random)


def _statement(random: Random) -> Json:
    found = [one for one in range(5) if EVERYTHING["changes"][one]["payload_type"] != CHANGE_TYPE]
    index = random.choice(found)
    kind = EVERYTHING["changes"][index]["payload_type"]
    signer = RECOVERY if kind == BRANCH_TYPE else random.choice(_GOVERNANCE)
    return _with_document(kind, _payload_of(index), [signer], random)


def _earlier(random: Random) -> Json:
    payload = papers.agreement_payload(parties=[HUANJIANG, LIBO])
    made = document(papers.AGREEMENT_TYPE, changed(payload, random), papers.governance(HUANJIANG, LIBO))
    return dict(EVERYTHING | {"earlier": [ordered(made)]})


def _accession(random: Random) -> Json:
    made = document(papers.AGREEMENT_TYPE, changed(papers.agreement_payload(version=2), random), _GOVERNANCE[:2])
    return dict(EVERYTHING | {"agreement": ordered(made)})


def _ancestor(random: Random) -> Json:
    left = [one for one in EVERYTHING["ancestors"] if random.random() < KEPT]
    if left and random.random() < KEPT:
        place = random.randrange(len(left))
        header = json.loads(base64.urlsafe_b64decode(left[place] + "=="))
        left[place] = base64url(compact(changed(header, random)))
    return dict(EVERYTHING | {"ancestors": left})


def _released_file(random: Random) -> Json:
    return changed(RELEASED, random)


def _release(random: Random) -> Json:
    """Change what a record says, and sign it again as its county: a forger who has the event key, and no officer's."""
    content = changed(json.loads(random.choice((TWO, COUNTERSIGNED)).content), random)
    again = seal(_bound(TWO.header, compact(content)), compact(content), [KEYS[f"{LIBO} event"]])
    return RELEASED | {"releases": [carried(again)]}


def _release_header(random: Random) -> Json:
    made = seal(changed(TWO.header, random), TWO.content, [KEYS[f"{LIBO} event"]])
    return RELEASED | {"releases": [carried(made)]}


def _own(random: Random) -> Json:
    """Change what an officer says, and sign it again with that officer's key."""
    content = json.loads(TWO.content)
    said = changed(content["officers"][1]["own"]["statement"], random)
    content["officers"][1]["own"] = own(said, SECOND)
    again = seal(_bound(TWO.header, compact(content)), compact(content), [KEYS[f"{LIBO} event"]])
    return RELEASED | {"releases": [carried(again)]}


def _released_event(random: Random) -> Json:
    """Change the event under a record that names the changed one, and that officers signed about the first."""
    event = seal(changed(EVENT.header, random), EVENT.content, [KEYS[f"{LIBO} event"]])
    content = compact(json.loads(TWO.content) | {"id": event.envelope_id})
    again = seal(_bound(TWO.header, content), content, [KEYS[f"{LIBO} event"]])
    return RELEASED | {"event": carried(event), "releases": [carried(again)]}


def _bound(header: Json, content: bytes) -> Json:
    return header | {"content": header["content"] | {"digest": sha256(content), "size": len(content)}}


MAKERS: Final[tuple[Callable[[Random], Json], ...]] = (
    _file,
    _header,
    _receipt,
    _receipt_header,
    _registry,
    _second_registry,
    _agreement,
    _credential,
    _changed_file,
    _key_change,
    _key_change,
    _statement,
    _earlier,
    _accession,
    _ancestor,
    _released_file,
    _release,
    _release_header,
    _own,
    _released_event,
)


def mutation(random: Random) -> bytes:
    """Return one file that was changed somewhere."""
    maker = random.choice((*MAKERS, None))
    if maker is not None:
        return compact(maker(random))
    data = compact(random.choice((WHOLE, EVERYTHING, RELEASED)))
    start = random.randrange(len(data))
    return data[:start] + random.choice(TOKENS) + data[start + random.randrange(3) :]
