"""R7, explicit: the student's own act, signed by their passkey, for exactly what was shown."""

from __future__ import annotations

import base64
import json
from typing import Any

import attrs
import pytest
from fhir.resources.consent import Consent as FhirConsent
from sas.consent.v1 import consents_pb2

from common.errors import NotAvailable, RefusedByPolicy, WrongState
from common.passkeys import PasskeySignature, RelyingParty, verified
from services.consent.domain.agreement import challenge
from services.consent.domain.ledger.entry import parse
from tests.kit.authenticator import PRESENT, Device, as_message
from tests.service.consent.deeds import Case, Letter
from tests.service.consent.house import House, reasons, student
from tests.service.consent.test_exports import exported
from tests.unit.consent.test_exports import complaints

SIGNATURE = consents_pb2.EXPORT_FORM_PASSKEY_SIGNATURE


def to_sign(consent: consents_pb2.Consent) -> bytes:
    """Give what a page would have the passkey sign, from what it was told."""
    return base64.urlsafe_b64decode(consent.passkey_challenge + "=")


def page_of(sas: House) -> str:
    """Give the page at which passkeys may be used here."""
    return f"https://localhost:{sas.state.port('gateway')}"


@pytest.fixture
def telephone(sas: House) -> Device:
    """A device with a passkey, at our page."""
    return Device(page=page_of(sas))


@pytest.fixture
def signing(sas: House, telephone: Device) -> Letter:
    """A letter, and a student with a passkey who has seen it."""
    return letter_of(sas, telephone)


def letter_of(sas: House, *devices: Device) -> Letter:
    """Give a letter of a student with these passkeys."""
    zoe = attrs.evolve(student(), passkeys=frozenset(each.passkey.thumbprint for each in devices))
    return Letter.about(Case.open(sas, zoe))


def agreed(letter: Letter, device: Device, **otherwise: Any) -> consents_pb2.GiveConsentResponse:
    """Ask, preview, and say yes with a device; or otherwise."""
    consent = letter.asked()
    letter.previewed()
    return letter.given(consent, signature=as_message(device.signs(to_sign(consent), **otherwise)))


def test_what_the_passkey_signs_is_what_was_asked(signing: Letter) -> None:
    """Name, version and bytes of the text, payload: so it can be made again from the record."""
    consent = signing.asked()
    assert to_sign(consent) == challenge(
        consent.name, consent.text_version, consent.text_sha256, consent.payload_digest
    )


def test_a_yes_signed_by_the_students_passkey_stands_and_can_be_proved(
    sas: House, signing: Letter, telephone: Device
) -> None:
    """The ledger, the record, the receipt and the signature itself say the same, years later."""
    given = agreed(signing, telephone)
    assert given.consent.signed_with_passkey
    kept = exported(sas, signing.case.student, given.consent.name, SIGNATURE)
    details = parse(given.entry.encode())["details"]
    assert details["signed_with"] == "passkey"
    assert details["signature_sha256"] == kept.file_sha256
    record = json.loads(given.record)
    event = record["dpv:hasProcess"]["dpv:hasConsentStatus"][1]
    assert event["sas:passkeySignatureSha256"] == kept.file_sha256
    assert event["dpv:hasIndicationMethod"] == "ticked_and_sent, signed_with_passkey"
    assert complaints(given.record.encode()) == ""

    signed = PasskeySignature.from_json(kept.content.encode())
    assert signed.sha256 == kept.file_sha256
    said = challenge(
        record["dpv:hasIdentifier"],
        record["dpv:hasNotice"]["dpv:hasIdentifier"],
        record["dpv:hasNotice"]["sas:sha256"],
        record["dpv:hasProcess"]["sas:payloadSha256"],
    )
    verified(signed, said, RelyingParty("localhost", (page_of(sas),)))

    form = consents_pb2.EXPORT_FORM_FHIR_R5
    resource = exported(sas, signing.adviser, given.consent.name, form).content
    FhirConsent.model_validate_json(resource)
    (verification,) = json.loads(resource)["verification"]
    assert verification["verificationType"]["coding"][0]["code"] == "passkey"
    assert verification["extension"][0]["valueString"] == kept.file_sha256
    signing.sent()


def test_who_has_a_passkey_says_no_yes_by_a_session_alone(signing: Letter) -> None:
    """Whoever only stole the session agrees to nothing; and is told what is missing."""
    consent = signing.asked()
    signing.previewed()
    with pytest.raises(RefusedByPolicy) as refused:
        signing.given(consent)
    assert reasons(refused) == ("passkey_missing",)
    assert "agree with it" in refused.value.in_words[0]
    entry = signing.case.sas.last_entry(action="consent:give", disclosure=signing.disclosure)
    assert entry["effect"] == "deny"
    with pytest.raises(RefusedByPolicy):
        signing.sent()


def test_who_has_none_agrees_as_before_and_it_is_recorded_as_that(
    sas: House, letter: Letter
) -> None:
    consent = letter.asked()
    letter.previewed()
    given = letter.given(consent)
    assert not given.consent.signed_with_passkey
    details = parse(given.entry.encode())["details"]
    assert details["signed_with"] == "session"
    assert "signature_sha256" not in details
    with pytest.raises(WrongState):
        exported(sas, letter.case.student, given.consent.name, SIGNATURE)


@pytest.mark.parametrize(
    "otherwise",
    [
        {"page": "https://localhost.evil.example"},
        {"page": "https://localhost:1"},
        {"domain": "evil.example"},
        {"flags": PRESENT},
        {"kind": "webauthn.create"},
        {"framed": True},
    ],
    ids=str,
)
def test_signed_elsewhere_or_by_nobody_known_it_is_no_yes(
    signing: Letter, telephone: Device, otherwise: dict[str, Any]
) -> None:
    with pytest.raises(RefusedByPolicy) as refused:
        agreed(signing, telephone, **otherwise)
    assert reasons(refused) == ("passkey_not_fitting",)
    assert not stored(signing)


@pytest.mark.parametrize("changed", ["name", "text_version", "text_sha256", "payload_digest"])
def test_signed_for_anything_else_it_is_no_yes(
    signing: Letter, telephone: Device, changed: str
) -> None:
    """Another consent, another version or wording of the text, another payload."""
    consent = signing.asked()
    signing.previewed()
    said = {
        name: getattr(consent, name)
        for name in ("name", "text_version", "text_sha256", "payload_digest")
    } | {changed: "0" * 64}
    signed = telephone.signs(challenge(*said.values()))
    with pytest.raises(RefusedByPolicy) as refused:
        signing.given(consent, signature=as_message(signed))
    assert reasons(refused) == ("passkey_not_fitting",)


def test_a_signature_does_not_make_up_for_what_is_wrong_otherwise(
    signing: Letter, telephone: Device
) -> None:
    """What was signed and what is said to have been shown have to be the same, too."""
    consent = signing.asked()
    signing.previewed()
    signed = as_message(telephone.signs(to_sign(consent)))
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"text_sha256": "0" * 64}, "not_informed"),
        ({"payload_digest": "0" * 64}, "consent_for_other_items"),
    ]
    for changes, because in wrong:
        with pytest.raises(RefusedByPolicy) as refused:
            signing.given(consent, signature=signed, **changes)
        assert reasons(refused) == (because,)
    assert not stored(signing)


def test_another_passkey_is_none_whatever_it_is_called(
    sas: House, signing: Letter, telephone: Device
) -> None:
    """One that the token does not name; and one under the id, or with the key, of one it does."""
    consent = signing.asked()
    signing.previewed()
    stranger = Device(page=page_of(sas))
    under_her_id = Device(page=page_of(sas), credential_id=telephone.credential_id)
    hers = telephone.signs(to_sign(consent))
    forged = stranger.signs(to_sign(consent))
    for signed in (
        forged,
        under_her_id.signs(to_sign(consent)),
        attrs.evolve(forged, passkey=telephone.passkey),
        attrs.evolve(hers, passkey=attrs.evolve(hers.passkey, credential_id=b"x")),
    ):
        with pytest.raises(RefusedByPolicy) as refused:
            signing.given(consent, signature=as_message(signed))
        assert reasons(refused) == ("passkey_not_fitting",)
    assert signing.given(consent, signature=as_message(hers)).consent.signed_with_passkey


def test_another_students_passkey_agrees_to_nothing_of_hers(
    sas: House, signing: Letter, telephone: Device
) -> None:
    laptop = Device(page=page_of(sas))
    other = attrs.evolve(student(), passkeys=frozenset({laptop.passkey.thumbprint}))
    consent = signing.asked()
    signing.previewed()
    for device in (laptop, telephone):
        with pytest.raises(NotAvailable):
            signing.given(consent, other, signature=as_message(device.signs(to_sign(consent))))
    with pytest.raises(RefusedByPolicy) as refused:
        signing.given(consent, signature=as_message(laptop.signs(to_sign(consent))))
    assert reasons(refused) == ("passkey_not_fitting",)


def test_a_strangers_signature_is_no_yes_of_somebody_without_a_passkey(
    letter: Letter, telephone: Device
) -> None:
    with pytest.raises(RefusedByPolicy) as refused:
        agreed(letter, telephone)
    assert reasons(refused) == ("passkey_not_fitting",)


def test_a_copy_of_the_passkey_is_found_out_by_its_counter(sas: House) -> None:
    device = Device(page=page_of(sas), counts=True)
    first = letter_of(sas, device)
    agreed(first, device)
    second = Letter.about(first.case)
    consent = second.asked()
    second.previewed()
    for count in (0, 1):
        signed = device.signs(to_sign(consent), count=count)
        with pytest.raises(RefusedByPolicy) as refused:
            second.given(consent, signature=as_message(signed))
        assert reasons(refused) == ("passkey_not_fitting",)
    signed = device.signs(to_sign(consent))
    assert second.given(consent, signature=as_message(signed)).consent.signed_with_passkey


def test_taking_back_needs_no_passkey_and_no_replay_brings_it_back(
    signing: Letter, telephone: Device
) -> None:
    """R6: as easy as giving. And what was signed once is good for no second yes."""
    consent = signing.asked()
    signing.previewed()
    signed = as_message(telephone.signs(to_sign(consent)))
    signing.given(consent, signature=signed)
    withdrawn = signing.withdrawn(consent)
    assert withdrawn.state == consents_pb2.CONSENT_STATE_WITHDRAWN
    with pytest.raises(RefusedByPolicy) as refused:
        signing.given(consent, signature=signed)
    assert reasons(refused) == ("consent_already_answered",)
    asked_again = signing.asked()
    assert asked_again.name != consent.name
    signing.previewed()
    with pytest.raises(RefusedByPolicy) as refused:
        signing.given(asked_again, signature=signed)
    assert reasons(refused) == ("passkey_not_fitting",)


def test_a_repeated_yes_gives_the_same_receipt(signing: Letter, telephone: Device) -> None:
    consent = signing.asked()
    signing.previewed()
    signed = as_message(telephone.signs(to_sign(consent)))
    first = signing.given(consent, signature=signed)
    assert signing.given(consent, signature=signed).entry == first.entry
    assert stored(signing) == 1


def test_what_was_said_to_an_adviser_is_confirmed_with_the_passkey(
    signing: Letter, telephone: Device
) -> None:
    consent = signing.spoken()
    signing.previewed()
    with pytest.raises(RefusedByPolicy) as refused:
        signing.confirmed(consent)
    assert reasons(refused) == ("passkey_missing",)
    signed = as_message(telephone.signs(to_sign(consent)))
    confirmed = signing.confirmed(consent, signature=signed)
    assert confirmed.consent.signed_with_passkey
    record = json.loads(confirmed.record)
    states = record["dpv:hasProcess"]["dpv:hasConsentStatus"]
    assert "sas:passkeySignatureSha256" not in states[1]
    assert states[2]["dpv:hasIndicationMethod"] == "signed_with_passkey"
    assert complaints(confirmed.record.encode()) == ""


@pytest.mark.parametrize(
    "statement",
    [
        "update passkey_signatures set signature = 'x'",
        "update passkey_signatures set sign_count = 0",
        "delete from passkey_signatures",
        "update consent_events set signature_sha256 = null",
    ],
)
def test_nobody_changes_what_was_signed(sas: House, statement: str) -> None:
    with pytest.raises(Exception, match="permission denied"):
        sas.sql_as("consent_serve", statement)


def stored(letter: Letter) -> int:
    """Say how many signatures are kept about this letter."""
    (count,) = letter.case.sas.sql(
        "select count(*) from passkey_signatures join consent_events on signature_sha256 = sha256"
        " join consents using (consent) where disclosure = %s",
        letter.disclosure,
    )[0]
    return int(count)
