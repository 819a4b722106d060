"""What counts towards quotas."""

import pytest

from schemas.errors import Fault, RequestError
from schemas.records import QuotaUse
from services.ports import Store, Transaction

HOUR = 492_000


def _use(tx: Transaction, size: int = 10, hour: int = HOUR, source: str = "522722", agreement: str = "border") -> None:
    tx.quota_book.use(source, agreement, hour, size)


def _used(tx: Transaction) -> QuotaUse:
    return tx.quota_book.used("522722", "border", HOUR)


async def test_uses_add_up_within_a_work_and_over_works(store: Store) -> None:
    """A count that begins anew with each commit limits nothing."""

    def two(tx: Transaction) -> QuotaUse:
        _use(tx)
        _use(tx, 5)
        return _used(tx)

    assert await store.write(_used) == QuotaUse(0, 0)
    assert await store.write(two) == QuotaUse(2, 15)
    assert await store.write(two) == QuotaUse(4, 30)


async def test_hours_sources_and_agreements_are_counted_apart(store: Store) -> None:
    """One county's flood would stop another, or its own bulletins under another agreement."""

    def others(tx: Transaction) -> None:
        _use(tx, hour=HOUR + 1)
        _use(tx, source="451221")
        _use(tx, agreement="work-only")

    await store.write(others)
    assert await store.write(_used) == QuotaUse(0, 0)


async def test_a_failed_work_counts_nothing(store: Store) -> None:
    """What was refused for another reason uses up the share of what comes after it."""

    def failing(tx: Transaction) -> None:
        _use(tx)
        raise RequestError(Fault("request.invalid", "content", "mend it"))

    await store.write(_use)
    with pytest.raises(RequestError):
        await store.write(failing)
    assert await store.write(_used) == QuotaUse(1, 10)
