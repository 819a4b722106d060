"""``sihu key card``: introduce this county anew, with the keys in force now, for the next version of the registry."""

from typing import Annotated

import typer
from pydantic import ValidationError

from schemas.envelope import PayloadType
from schemas.errors import RequestError
from schemas.faults import faults_of
from schemas.registry import KeyUse, Member, MemberCard
from services.cli import output
from services.cli.desk import CARD_FILE, Desk, document_bytes
from services.cli.options import HERE, AsJson, Dir, PassphraseFile
from services.domain.documents import document_digest, draft
from services.domain.key_ends import keys_in_force
from services.domain.trust_files import PINS_FILE


def card(
    *,
    office: Annotated[str | None, typer.Option("--office", help="Another name of the liaison office.")] = None,
    duty_phone: Annotated[str | None, typer.Option("--duty-phone", help="Another duty telephone.")] = None,
    directory: Dir = HERE,
    passphrase_file: PassphraseFile = None,
    as_json: AsJson = False,
) -> None:
    """Renew card.json: another telephone, or keys that have changed. The governance key signs."""
    desk = Desk(directory, passphrase_file)
    old, trust = desk.card, desk.loaded_trust().trust if desk.files.exists(PINS_FILE) else None
    given = {"office": office, "duty_phone": duty_phone}
    changes = {name: value for name, value in given.items() if value is not None}
    held = {name: getattr(old.member, name) for name in Member.model_fields}
    facts = held | {"keys": keys_in_force(old.member, trust)} | changes
    try:
        renewed = MemberCard(member=Member(**facts), certificate_request=old.certificate_request)
    except ValidationError as exc:
        raise RequestError(*faults_of(exc, "card")) from exc
    document = desk.signed(draft(PayloadType.MEMBER_CARD, renewed), KeyUse.GOVERNANCE)
    desk.files.write(CARD_FILE, document_bytes(document))
    digest, member = document_digest(document), renewed.member
    if as_json:
        output.print_json({"county": member.county, "card": str(desk.directory / CARD_FILE), "digest": digest})
        return
    output.show(
        f"成员卡 member card  {output.plain(str(desk.directory / CARD_FILE))}",
        *output.spoken_digest(digest),
        "Next 下一步: `sihu registry propose` takes it into the next version of the registry.",
    )
