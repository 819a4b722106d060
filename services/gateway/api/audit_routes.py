"""The routes of the audit log."""

from typing import Final

from schemas.access import Scope
from services.gateway.api.asked import AuditQuery
from services.gateway.api.audit import export_audit, get_audit
from services.gateway.api.route import BASE, LINES, Route
from services.gateway.audit_answers import AuditList

AUDIT: Final = (
    Route(
        "GET",
        f"{BASE}/audit",
        "list_audit",
        "List the audit log: what people did in the console, and whether the log is whole.",
        get_audit,
        Scope.AUDIT_READ,
        AuditList,
        query=AuditQuery,
    ),
    Route(
        "GET",
        f"{BASE}/audit/export",
        "export_audit",
        "Send the whole audit log, one line of JSON for each of its lines.",
        export_audit,
        Scope.AUDIT_READ,
        None,
        media_type=LINES,
    ),
)
