"""Every case event, in the order in which a case would need them."""

from typing import Final

from schemas.governance import mediation as first
from schemas.governance import mediation_outcomes as second
from schemas.governance.mediation import CaseEvent

CASE_TYPES: Final[tuple[type[CaseEvent], ...]] = (
    first.CaseRegistered,
    first.CaseConsentGiven,
    first.CaseConsentRefused,
    first.CaseAccepted,
    first.CaseRefused,
    first.CasePanelSet,
    first.CaseMediatorChallenged,
    first.CaseLeadOffered,
    first.CaseLeadHanded,
    first.CaseNoticeGiven,
    first.CaseEvidenceAdded,
    first.CaseVisitMade,
    first.CaseSessionSet,
    first.CaseSessionHeld,
    first.CaseProposalMade,
    first.CaseExtended,
    first.CaseSuspended,
    first.CaseResumed,
    first.CaseWithdrawn,
    first.CaseEntryWithdrawn,
    first.CaseRiskFlagged,
    first.CaseFailed,
    second.CaseAgreementDrafted,
    second.CaseAgreementSigned,
    second.CaseStamped,
    second.CaseInForce,
    second.CaseConfirmationFiled,
    second.CaseConfirmationResult,
    second.CasePerformanceDue,
    second.CasePerformanceReported,
    second.CaseFollowedUp,
    second.CaseUrged,
    second.CaseBreached,
    second.CaseCourtAdvised,
    second.CaseReopened,
    second.CaseClosed,
    second.CaseArchived,
)
