"""8. A yes said on the telephone: whom to turn to in an emergency."""

from __future__ import annotations

from google.protobuf.timestamp_pb2 import Timestamp
from sas.common.v1 import purpose_pb2
from sas.consent.v1 import consents_pb2, consents_pb2_grpc

from clients.gateway import understood_errors
from common.errors import RefusedByPolicy
from deploy.demo import naming
from deploy.demo.setting import Setting


def tell(setting: Setting) -> None:
    """Note what the student says; see that it is provisional; let her confirm it herself."""
    story = setting.story
    story.chapter(8, "A yes said on the telephone, and confirmed", "R7", "R8", "R33")
    story.say(
        "Would she like us to turn to her mother, if ever there were a serious and imminent risk? "
        "She says yes, to the adviser, on the telephone."
    )
    at_the_desk = setting.adviser.at(consents_pb2_grpc.ConsentsServiceStub)
    contact = naming.names(setting, setting.mother, purpose_pb2.DISCLOSURE_PURPOSE_TRUSTED_CONTACT)
    shown = naming.previews(setting.adviser, contact)
    now = Timestamp()
    now.GetCurrentTime()
    with understood_errors():
        asked = at_the_desk.GetConsent(consents_pb2.GetConsentRequest(name=contact.consent))
        noted = at_the_desk.RecordVerbalConsent(
            consents_pb2.RecordVerbalConsentRequest(
                name=asked.name,
                text_sha256=asked.text_sha256,
                payload_digest=shown.payload_digest,
                manner=consents_pb2.SPOKEN_MANNER_BY_TELEPHONE,
                place=consents_pb2.SPOKEN_PLACE_ROOM_OF_THE_SERVICE,
                spoken_at=now,
            )
        )
    days = noted.confirm_by.ToDatetime() - now.ToDatetime()
    story.check(
        f"noted, it counts for {days.days} days and no longer",
        (noted.state, days.days) == (consents_pb2.CONSENT_STATE_PROVISIONAL, 7),
    )
    with (
        story.refused(
            "the adviser who noted it can't be its witness, too",
            RefusedByPolicy,
            "witness_of_oneself",
        ),
        understood_errors(),
    ):
        at_the_desk.WitnessConsent(
            consents_pb2.WitnessConsentRequest(
                name=asked.name,
                text_sha256=asked.text_sha256,
                payload_digest=shown.payload_digest,
            )
        )
    at_home = setting.student.at(consents_pb2_grpc.ConsentsServiceStub)
    confirm = consents_pb2.ConfirmConsentRequest(
        name=asked.name, text_sha256=asked.text_sha256, payload_digest=shown.payload_digest
    )
    with (
        story.refused(
            "nor does she confirm what she has not seen herself", RefusedByPolicy, "not_previewed"
        ),
        understood_errors(),
    ):
        at_home.ConfirmConsent(confirm)
    naming.previews(setting.student, contact)
    with understood_errors():
        confirmed = at_home.ConfirmConsent(confirm)
    story.check(
        "she looks at it, confirms it in a session of her own, and gets a receipt",
        confirmed.consent.state == consents_pb2.CONSENT_STATE_GIVEN
        and confirmed.receipt.startswith("c2sp.org/tlog-proof@v1"),
    )
    setting.trust = asked.name
