"""A file may travel for every purpose for which an event names one."""

import json

import pytest

from schemas.base import Event
from schemas.catalogue import TYPES
from schemas.control import CONTROL_PURPOSE
from schemas.information.attachments import AttachmentShared
from schemas.information.referrals import ReferralOffered

STAYS: set[type[Event]] = {ReferralOffered}
"""The signed sheet of a consent stays at the county that took it; its digest alone travels."""
NAMES_A_FILE = [
    one
    for one in TYPES
    if CONTROL_PURPOSE not in one.purposes and one not in STAYS and "sha256" in json.dumps(one.model_json_schema())
]


def test_no_type_names_a_file() -> None:
    """The list below is not empty: policies, materials, papers of requests, evidence of cases, alerts."""
    names = {one.wire_type.split(".")[3] for one in NAMES_A_FILE}

    assert {"policy_bulletin_published", "material_shared", "service_requested", "case_evidence_added"} <= names
    assert {"work_bulletin_published", "alert_issued", "campaign_announced"} <= names


@pytest.mark.parametrize("model", NAMES_A_FILE, ids=lambda model: model.wire_type)
def test_an_agreement_on_one_purpose_carries_no_file(model: type[Event]) -> None:
    """Whoever has agreed on mediation alone can hand over evidence, too."""
    assert set(model.purposes) & set(AttachmentShared.purposes)
