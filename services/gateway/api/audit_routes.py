"""The route of the audit log."""

from typing import Final

from schemas.access import Scope
from services.gateway.api.asked import OpeningQuery
from services.gateway.api.audit import get_audit
from services.gateway.api.route import BASE, Route
from services.gateway.audit_answers import AuditList

AUDIT: Final = (
    Route(
        "GET",
        f"{BASE}/audit",
        "list_audit",
        "List the audit log: what people did in the console, and whether the log is whole.",
        get_audit,
        Scope.OPENINGS_READ,
        AuditList,
        query=OpeningQuery,
    ),
)
