"""A student's own passkeys: nobody who has only a session changes them unseen (R7, R9, R20)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import attrs
import pytest
from sas.identity.v1 import passkeys_pb2, passkeys_pb2_grpc

from common.caller import Caller, calling
from common.errors import InvalidFields, NotAvailable, PasskeyNeeded, WrongState
from common.passkeys import NEUTRAL, PasskeySignature
from services.identity.domain.passkeys import MOST, to_add, to_remove
from tests.kit.authenticator import PRESENT, Device, as_message
from tests.service.identity.house import House


@attrs.frozen
class Student:
    """A student with a session, and what they do with their passkeys."""

    house: House
    token: str

    @property
    def caller(self) -> Caller:
        """Who they are to the services inside, as of this very moment."""
        return self.house.caller(self.token)

    def device(self, **having: Any) -> Device:
        """Take a new device into the hand, at our page."""
        (page,) = self.house.parts.relying_party.origins
        return Device(page=page, **having)

    def asks(self, method: str, request: Any) -> Any:
        """Call a method of the service."""
        stub = self.house.at(passkeys_pb2_grpc.PasskeysServiceStub)
        with calling(self.caller):
            return getattr(stub, method)(request)

    def lists(self) -> list[passkeys_pb2.Passkey]:
        """List one's passkeys."""
        return list(self.asks("ListPasskeys", passkeys_pb2.ListPasskeysRequest()).passkeys)

    def begins(self) -> passkeys_pb2.BeginPasskeyResponse:
        """Begin a change."""
        begun: passkeys_pb2.BeginPasskeyResponse = self.asks(
            "BeginPasskey", passkeys_pb2.BeginPasskeyRequest()
        )
        return begun

    def adds(
        self, device: Device, by: Device | None = None, **otherwise: Any
    ) -> passkeys_pb2.Passkey:
        """Add a device's passkey; where there is one, signed *by* that device."""
        once = self.begins().once
        client_data, attestation = device.makes(once, **otherwise)
        signed = by.signs(to_add(once, attestation)) if by else None
        added: passkeys_pb2.Passkey = self.asks(
            "AddPasskey", to_send(once, client_data, attestation, signed)
        )
        return added

    def removes(self, device: Device, by: Device | None = None) -> Any:
        """Remove a device's passkey, signed *by* a device or by none."""
        once = self.begins().once
        signed = by.signs(to_remove(once, device.credential_id)) if by else None
        request = passkeys_pb2.RemovePasskeyRequest(
            credential_id=device.credential_id,
            once=once,
            signature=as_message(signed) if signed else None,
        )
        return self.asks("RemovePasskey", request).remove_time.ToDatetime()


def to_send(
    once: bytes, client_data: bytes, attestation: bytes, signed: PasskeySignature | None = None
) -> passkeys_pb2.AddPasskeyRequest:
    return passkeys_pb2.AddPasskeyRequest(
        once=once,
        client_data_json=client_data,
        attestation_object=attestation,
        signature=as_message(signed) if signed else None,
    )


@pytest.fixture
def zoe(house: House, students_token: str) -> Iterator[Student]:
    """A student without a passkey."""
    yield Student(house, students_token)
    house.sql("delete from passkeys")


@pytest.fixture
def telephone(zoe: Student) -> Device:
    """The device with her first passkey."""
    device = zoe.device()
    zoe.adds(device)
    return device


def test_the_services_inside_learn_of_it_at_once(zoe: Student) -> None:
    """In the next caller token, however young the last one is; and of its removal, too."""
    assert zoe.caller.passkeys == frozenset()
    device = zoe.device()
    added = zoe.adds(device)
    assert (added.credential_id, added.public_key) == attrs.astuple(device.passkey)
    assert zoe.caller.passkeys == {device.passkey.thumbprint}
    assert zoe.lists() == [added]
    zoe.removes(device, by=device)
    assert zoe.caller.passkeys == frozenset()
    assert zoe.lists() == []


def test_a_device_is_told_neither_the_service_nor_whose_it_is(zoe: Student) -> None:
    """R9: whoever looks at her telephone sees an account, and not what for."""
    begun = zoe.begins()
    options = json.loads(begun.creation_options)
    assert options["user"]["name"] == options["user"]["displayName"] == NEUTRAL
    assert options["rp"]["name"] == options["rp"]["id"] == "localhost"
    assert zoe.caller.person.partition("/")[2] not in begun.creation_options
    assert json.loads(zoe.begins().creation_options)["user"]["id"] == options["user"]["id"]


def test_a_stolen_session_adds_no_second_passkey(zoe: Student, telephone: Device) -> None:
    """Without her passkey's word for exactly this one, now."""
    thief = zoe.device()
    with pytest.raises(PasskeyNeeded):
        zoe.adds(thief)
    with pytest.raises(PasskeyNeeded):
        zoe.adds(thief, by=thief)
    for challenge in (
        lambda once, _: to_add(once, zoe.device().makes(once)[1]),
        lambda _, attestation: to_add(b"x" * 32, attestation),
        lambda once, _: to_remove(once, thief.credential_id),
    ):
        once = zoe.begins().once
        client_data, attestation = thief.makes(once)
        signed = telephone.signs(challenge(once, attestation))
        with pytest.raises(PasskeyNeeded):
            zoe.asks("AddPasskey", to_send(once, client_data, attestation, signed))
    assert zoe.caller.passkeys == {telephone.passkey.thumbprint}


def test_her_own_passkey_adds_another(zoe: Student, telephone: Device) -> None:
    laptop = zoe.device()
    zoe.adds(laptop, by=telephone)
    assert zoe.caller.passkeys == {telephone.passkey.thumbprint, laptop.passkey.thumbprint}
    zoe.removes(telephone, by=laptop)
    assert zoe.caller.passkeys == {laptop.passkey.thumbprint}


def test_who_has_lost_theirs_waits_a_week_in_which_it_can_be_seen_and_stopped(
    house: House, zoe: Student, telephone: Device
) -> None:
    """A thief with her session can't sign either: the week, and her list, tell them apart."""
    gone_at = zoe.removes(telephone)
    assert zoe.caller.passkeys == {telephone.passkey.thumbprint}
    assert zoe.lists()[0].remove_time.ToDatetime() == gone_at
    assert zoe.removes(telephone) == gone_at

    kept = zoe.asks(
        "KeepPasskey", passkeys_pb2.KeepPasskeyRequest(credential_id=telephone.credential_id)
    )
    assert not kept.HasField("remove_time")
    assert not zoe.lists()[0].HasField("remove_time")
    zoe.removes(telephone)
    house.sql("update passkeys set remove_time = now() - interval '1 second'")
    assert zoe.caller.passkeys == frozenset()
    assert zoe.lists() == []
    zoe.adds(telephone)
    assert zoe.caller.passkeys == {telephone.passkey.thumbprint}


def test_a_beginning_is_good_once_for_one_student_and_five_minutes(
    house: House, zoe: Student
) -> None:
    once = zoe.begins().once
    with pytest.raises(InvalidFields):
        Student(house, house.sign_in("student-two")).asks(
            "AddPasskey", to_send(once, *zoe.device().makes(once))
        )
    with pytest.raises(InvalidFields):  # it was taken away by whoever tried
        zoe.asks("AddPasskey", to_send(once, *zoe.device().makes(once)))
    once = zoe.begins().once
    with house.clock.later(minutes=5, seconds=1), pytest.raises(InvalidFields):
        zoe.asks("AddPasskey", to_send(once, *zoe.device().makes(once)))
    with pytest.raises(InvalidFields):
        zoe.asks("AddPasskey", to_send(b"x" * 32, *zoe.device().makes(b"x" * 32)))
    assert zoe.lists() == []


@pytest.mark.parametrize(
    "otherwise",
    [
        {"page": "https://evil.example"},
        {"domain": "evil.example"},
        {"flags": PRESENT | 0x40},
        {"attested": True},
    ],
    ids=str,
)
def test_what_was_made_elsewhere_or_by_nobody_known_is_not_added(
    zoe: Student, otherwise: dict[str, Any]
) -> None:
    with pytest.raises(InvalidFields):
        zoe.adds(zoe.device(), **otherwise)
    assert zoe.lists() == []


def test_a_copy_of_a_passkey_changes_nothing(zoe: Student) -> None:
    device = zoe.device(counts=True)
    zoe.adds(device)
    zoe.adds(other := zoe.device(), by=device)
    device.count = 0
    with pytest.raises(PasskeyNeeded):
        zoe.removes(other, by=device)


def test_there_are_five_at_the_most_and_each_once(zoe: Student, telephone: Device) -> None:
    with pytest.raises(WrongState):
        zoe.adds(telephone, by=telephone)
    for _ in range(MOST - 1):
        zoe.adds(zoe.device(), by=telephone)
    with pytest.raises(WrongState):
        zoe.adds(zoe.device(), by=telephone)


def test_nobody_sees_or_changes_anothers(
    house: House, zoe: Student, telephone: Device, advisers_token: str
) -> None:
    """R9: another student, and the staff, get what they would get of a key that never was."""
    other = Student(house, house.sign_in("student-two"))
    assert other.lists() == []
    for who in (other, Student(house, advisers_token)):
        for key in (telephone.credential_id, uuid4().bytes):
            for method in ("RemovePasskey", "KeepPasskey"):
                request = getattr(passkeys_pb2, f"{method}Request")(credential_id=key)
                with pytest.raises(NotAvailable):
                    who.asks(method, request)
    adviser = Student(house, advisers_token)
    for method in ("ListPasskeys", "BeginPasskey"):
        with pytest.raises(NotAvailable):
            adviser.asks(method, getattr(passkeys_pb2, f"{method}Request")())
    assert adviser.caller.passkeys == frozenset()
    assert zoe.caller.passkeys == {telephone.passkey.thumbprint}


def test_a_key_that_another_student_has_is_not_given_away(house: House, zoe: Student) -> None:
    """R9: a device that two share gives each the same answer as a device of their own."""
    shared = zoe.device()
    zoe.adds(shared)
    other = Student(house, house.sign_in("student-two"))
    other.adds(shared)
    assert other.caller.passkeys == zoe.caller.passkeys


def test_what_is_over_is_forgotten(house: House, zoe: Student, telephone: Device) -> None:
    zoe.begins()
    house.sql("update passkey_beginnings set expires_at = now() - interval '1 second'")
    house.sql("update passkeys set remove_time = now() - interval '1 second'")
    with house.parts.new_work() as work:
        work.passkeys.purge(house.clock())
        work.commit()
    assert house.sql("select count(*) from passkeys")[0][0] == 0
    assert house.sql("select count(*) from passkey_beginnings")[0][0] == 0


@pytest.mark.parametrize(
    "statement",
    [
        "update passkeys set public_key = 'x'",
        "update passkeys set thumbprint = 'x'",
        "update passkeys set student_id = gen_random_uuid()",
        "update passkey_beginnings set expires_at = now() + interval '1 day'",
    ],
)
def test_a_key_is_never_changed_into_another(house: House, statement: str) -> None:
    with pytest.raises(Exception, match="permission denied"):
        house.sql_as("identity_serve", statement)


def test_the_worker_forgets_and_sees_no_key(house: House) -> None:
    house.sql_as("identity_work", "delete from passkeys where remove_time <= now()")
    house.sql_as("identity_work", "delete from passkey_beginnings where expires_at <= now()")
    with pytest.raises(Exception, match="permission denied"):
        house.sql_as("identity_work", "select public_key from passkeys")
