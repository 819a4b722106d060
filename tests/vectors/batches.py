"""Batch signatures: trees, envelopes signed together, and what must be refused, spelt without this project's code."""

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

from tests.vectors import papers
from tests.vectors.envelopes import ALERT, ALERT_CONTENT, POLICY_CONTENT, Case, receipt, receipt_content, sealed
from tests.vectors.evidence import CHAIN, EvidenceCase, bundle, carried, link
from tests.vectors.papers import HUANJIANG, KEYS, LIBO
from tests.vectors.spelling import EVENT, Json, Key, Sealed, base64url, compact, pae

BATCH_ROOT: Final = "application/vnd.sihu.batch-root.v1+json"
EVENT_KEY: Final = KEYS[f"{LIBO} event"]


def tree_root(leaves: Sequence[bytes]) -> bytes:
    """MTH of RFC 6962."""
    if len(leaves) == 1:
        return hashlib.sha256(b"\x00" + leaves[0]).digest()
    half = _split(len(leaves))
    return hashlib.sha256(b"\x01" + tree_root(leaves[:half]) + tree_root(leaves[half:])).digest()


def tree_path(index: int, leaves: Sequence[bytes]) -> list[bytes]:
    """PATH of RFC 6962."""
    if len(leaves) == 1:
        return []
    half = _split(len(leaves))
    if index < half:
        return [*tree_path(index, leaves[:half]), tree_root(leaves[half:])]
    return [*tree_path(index - half, leaves[half:]), tree_root(leaves[:half])]


def _split(size: int) -> int:
    return 1 << (size - 1).bit_length() - 1


def entry(leaves: Sequence[bytes], index: int, key: Key = EVENT_KEY, **root: object) -> Json:
    """What the envelope at a place carries; ``root`` changes the record before it is signed."""
    record: Json = {"v": 1, "source": LIBO, "count": len(leaves), "root": tree_root(leaves).hex()} | root
    path = [base64url(one) for one in tree_path(index, leaves)]
    sig = key.sign(pae(BATCH_ROOT, compact(record)))
    return {"kid": key.kid, "sig": sig, "root": record, "index": index, "path": path}


def entries(run: Sequence[Sealed], key: Key = EVENT_KEY, **root: object) -> list[Json]:
    """What each of a run carries."""
    named = {"source": run[0].header["source"]} | root
    return [entry([leaf_of(one) for one in run], index, key, **named) for index in range(len(run))]


def leaf_of(made: Sealed) -> bytes:
    """The 32 bytes of the envelope id."""
    return bytes.fromhex(made.envelope_id)


def signed(made: Sealed, *signatures: Json) -> Sealed:
    """The envelope with these signatures."""
    return replace(made, signatures=compact(list(signatures)))


def run_of(count: int, **changes: Any) -> list[Sealed]:  # noqa: ANN401 - fields of the header
    """Bulletins of one channel, not chained: each is judged alone."""
    return [sealed(POLICY_CONTENT, seq=seq, **changes) for seq in range(1, count + 1)]


SEVEN: Final = run_of(7)
ENTRIES: Final = entries(SEVEN)
THIRD: Final = SEVEN[3]
ENTRY: Final = ENTRIES[3]


def good() -> list[Case]:
    """Envelopes that 环江, or 荔波 for receipts, accepts."""

    def case(name: str, says: str, made: Sealed, *, receiver: str = HUANJIANG) -> Case:
        return Case(name, says, made, "acceptable", receiver=receiver)

    pair, last = run_of(2), sealed(POLICY_CONTENT)
    wide = [*(hashlib.sha256(b"%d" % number).digest() for number in range(4095)), leaf_of(last)]
    receipts = [receipt(receipt_content(first_seq=seq, seq=seq)) for seq in (1, 2, 3)]
    of_receipts = entries(receipts, KEYS[f"{HUANJIANG} receipt"])
    second = papers.SECOND_KEY
    double = run_of(3, signers=[EVENT_KEY.kid, second.kid])
    ours = entries(double)[1]
    plain = {"kid": second.kid, "sig": second.sign(pae(EVENT, double[1].header_bytes))}
    mixed = [sealed(POLICY_CONTENT, seq=9), sealed(ALERT_CONTENT, **ALERT), sealed(POLICY_CONTENT, to=[HUANJIANG])]
    of_mixed = entries(mixed)
    return [
        *(case(f"one-of-seven-{at}", f"leaf {at}", signed(SEVEN[at], ENTRIES[at])) for at in (0, 3, 6)),
        case("one-of-two", "the smallest batch", signed(pair[1], entries(pair)[1])),
        case("one-of-4096", "the largest batch: a path of twelve", signed(last, entry(wide, 4095))),
        case("alert-in-a-batch", "with other channels and types beside it", signed(mixed[1], of_mixed[1])),
        case("other-channel-in-a-batch", "one audience less", signed(mixed[2], of_mixed[2])),
        case("receipt-in-a-batch", "by the receipt key", signed(receipts[2], of_receipts[2]), receiver=LIBO),
        case(
            "both-in-batches",
            "two signers, two roots",
            signed(double[1], entries(double)[1], entries(double, second)[1]),
        ),
        case("batch-and-plain", "two signers, one of them plainly", signed(double[1], ours, plain)),
    ]


def evidence() -> list[EvidenceCase]:
    """Evidence files whose links and receipts were signed in batches."""
    chain = [signed(made, entry) for made, entry in zip(CHAIN[1:], entries(CHAIN[1:]), strict=True)]
    stored = receipt(receipt_content(first_seq=1, seq=3, head=CHAIN[3].envelope_id))
    pair = [stored, receipt(receipt_content(first_seq=4, seq=4, head=CHAIN[4].envelope_id))]
    of_pair = entries(pair, KEYS[f"{HUANJIANG} receipt"])[0]
    back = signed(stored, of_pair)
    whole = bundle(chain[1], before=[link(chain[0])], after=[link(chain[2])], receipts=[carried(back)])
    wrong = carried(replace(chain[1], signatures=chain[2].signatures))
    mute = carried(
        replace(back, signatures=compact([entries(pair, KEYS[f"{HUANJIANG} receipt"])[0] | {"sig": "A" * 86}]))
    )
    return [
        EvidenceCase("batch-whole", "event, links and receipt, each from a batch", compact(whole), "holds"),
        EvidenceCase("batch-alone", "one event of a batch, without the others", compact(bundle(chain[1])), "holds"),
        EvidenceCase(
            "batch-other-leaf",
            "the place of another event",
            compact(whole | {"event": wrong}),
            "refused",
            4,
            "batch.other_root",
        ),
        EvidenceCase(
            "batch-link-unsigned",
            "a link whose root nobody signed",
            compact(whole | {"before": [link(signed(chain[0], entries(CHAIN[1:])[0] | {"sig": "A" * 86}))]}),
            "refused",
            8,
            "batch.unsigned",
        ),
        EvidenceCase(
            "batch-receipt-unsigned",
            "a receipt whose root nobody signed",
            compact(whole | {"receipts": [mute]}),
            "refused",
            9,
            "batch.unsigned",
            place=0,
        ),
    ]


def trees() -> list[Json]:
    """Roots and paths of small trees over the digests of their numbers."""
    made: list[Json] = []
    for size in range(1, 10):
        leaves = [hashlib.sha256(bytes([number])).digest() for number in range(size)]
        made.append(
            {
                "leaves_hex": [one.hex() for one in leaves],
                "root": tree_root(leaves).hex(),
                "paths_base64url": [[base64url(one) for one in tree_path(index, leaves)] for index in range(size)],
            }
        )
    return made
