"""The protos say of every RPC who may call it and what leaves; of every event, who reads it."""

from __future__ import annotations

import importlib
import io
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import attrs
import pytest
from buf.validate import validate_pb2
from google.protobuf.descriptor import Descriptor, FieldDescriptor, MethodDescriptor
from google.protobuf.descriptor_pb2 import FileDescriptorSet
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass
from sas.common.v1 import access_pb2, errors_pb2, event_pb2

CHECKOUT = Path(__file__).resolve().parent.parent.parent
PROTOS = CHECKOUT / "protos"
IMAGE = PROTOS / "gen/sas.binpb"
SERVICES = {"identity", "cases", "consent", "reports"}
TEXT = (FieldDescriptor.TYPE_STRING, FieldDescriptor.TYPE_BYTES)


@attrs.frozen
class Rpc:
    """One of our RPCs."""

    method: MethodDescriptor
    access: access_pb2.Access

    @property
    def name(self) -> str:
        """The name as on a page: `cases.GetCase`."""
        return f"{self.method.full_name.split('.')[1]}.{self.method.name}"


def files() -> Iterator[str]:
    """Give the modules of our generated messages."""
    for file in sorted((PROTOS / "sas").rglob("*.proto")):
        yield ".".join(file.relative_to(PROTOS).with_suffix("").parts) + "_pb2"


MODULES = [importlib.import_module(name) for name in files()]
RPCS = [
    Rpc(method, method.GetOptions().Extensions[access_pb2.access])
    for module in MODULES
    for service in module.DESCRIPTOR.services_by_name.values()
    for method in service.methods
]
MESSAGES: list[Descriptor] = [
    message
    for module in MODULES
    if not module.DESCRIPTOR.package.startswith("sas.common.")
    for message in module.DESCRIPTOR.message_types_by_name.values()
]
EVENTS = [each for each in MESSAGES if each.GetOptions().HasExtension(event_pb2.event)]

each_rpc = pytest.mark.parametrize("rpc", RPCS, ids=lambda rpc: rpc.name)
each_event = pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.name)


def test_there_is_something_to_look_at() -> None:
    assert len(RPCS) > 40
    assert {rpc.name.split(".")[0] for rpc in RPCS} == SERVICES
    assert EVENTS


def test_what_was_generated_is_not_older_than_the_protos() -> None:
    """When this fails: `python protos/generate.py`."""
    generated = FileDescriptorSet.FromString(IMAGE.read_bytes())
    ours = {file.name for file in generated.file if file.name.startswith("sas")}
    assert ours == {str(each.relative_to(PROTOS)) for each in PROTOS.glob("sas*/**/*.proto")}
    newest = max(each.stat().st_mtime for each in PROTOS.glob("sas*/**/*.proto"))
    assert IMAGE.stat().st_mtime >= newest


# Access


@each_rpc
def test_every_rpc_states_all_its_terms(rpc: Rpc) -> None:
    assert rpc.method.GetOptions().HasExtension(access_pb2.access)
    assert re.fullmatch(r"[a-z_]+:[a-z_]+", rpc.access.permission)
    assert rpc.access.door != access_pb2.DOOR_UNSPECIFIED
    assert rpc.access.callers
    assert set(rpc.access.callers) <= SERVICES | {"gateway"}
    assert rpc.access.decided_by != access_pb2.DECIDED_BY_UNSPECIFIED
    assert re.fullmatch(r"none|[a-z_]+:[a-z_]+", rpc.access.audit)
    assert rpc.access.data_class != access_pb2.DATA_CLASS_UNSPECIFIED


@each_rpc
def test_the_door_fits_those_who_may_come(rpc: Rpc) -> None:
    """The gateway is for people, `DOOR_SERVICE` for services; nobody calls both ways."""
    if rpc.access.door == access_pb2.DOOR_SERVICE:
        assert "gateway" not in rpc.access.callers
    else:
        assert list(rpc.access.callers) == ["gateway"]


@each_rpc
def test_what_is_somebodys_is_decided_not_merely_let_through(rpc: Rpc) -> None:
    """Words, keys and who somebody is never leave because a door is open."""
    if rpc.access.data_class in (access_pb2.DATA_CLASS_WORDS, access_pb2.DATA_CLASS_KEYS):
        assert rpc.access.decided_by == access_pb2.DECIDED_BY_POLICY
    if rpc.access.data_class == access_pb2.DATA_CLASS_PERSON:
        assert rpc.access.decided_by != access_pb2.DECIDED_BY_DOOR


@each_rpc
def test_what_the_policy_decides_leaves_a_line_in_the_ledger(rpc: Rpc) -> None:
    """Nobody opens a record without leaving a line that the student can later see."""
    if rpc.access.decided_by == access_pb2.DECIDED_BY_POLICY:
        assert rpc.access.audit != "none"


@each_rpc
def test_keys_stay_between_services(rpc: Rpc) -> None:
    if rpc.access.data_class == access_pb2.DATA_CLASS_KEYS:
        assert rpc.access.door == access_pb2.DOOR_SERVICE


@each_rpc
def test_roles_and_ownership_are_somebodys(rpc: Rpc) -> None:
    if rpc.access.decided_by in (access_pb2.DECIDED_BY_ROLE, access_pb2.DECIDED_BY_OWNERSHIP):
        assert rpc.access.door != access_pb2.DOOR_ANYONE


@each_rpc
def test_every_call_is_one_question_and_one_answer(rpc: Rpc) -> None:
    """The steps around a call (common/rpc/interceptors.py) are made for these only."""
    proto = FileDescriptorSet().file.add()
    rpc.method.containing_service.file.CopyToProto(proto)
    (found,) = [
        each
        for service in proto.service
        for each in service.method
        if f"{proto.package}.{service.name}.{each.name}" == rpc.method.full_name
    ]
    assert not found.client_streaming
    assert not found.server_streaming


# Words


def inside(message: Descriptor, seen: Sequence[Descriptor] = ()) -> Iterator[FieldDescriptor]:
    """Give the fields of *message* and, at any depth, of what is in it."""
    for field in message.fields:
        yield field
        below = field.message_type
        if below is not None and below not in seen and below.full_name.startswith("sas."):
            yield from inside(below, [*seen, message])


GIVES_MARKED_FIELDS = {
    "consent.AuthorisePublication": "the gate's pass, to the service that holds the report",
    "consent.AuthorisePrint": "the gate's pass, to the service that holds the file",
    "identity.CompleteSignIn": "a new session's secret, to the one whose session it is",
    "identity.CreateThirdParty": "the message has the fields, the answer leaves them empty",
}
"""RPCs of a lower data class whose answer has fields marked `debug_redact`, and why."""


@each_rpc
def test_an_rpc_that_can_let_out_somebodys_words_says_so(rpc: Rpc) -> None:
    marked = [each.name for each in inside(rpc.method.output_type) if redacted(each)]
    grave = rpc.access.data_class in (
        access_pb2.DATA_CLASS_PERSON,
        access_pb2.DATA_CLASS_WORDS,
        access_pb2.DATA_CLASS_KEYS,
    )
    if marked and rpc.name not in GIVES_MARKED_FIELDS:
        assert grave, marked
    if rpc.name in GIVES_MARKED_FIELDS:
        assert marked, "no longer needs its exception"
        assert not grave, "no longer needs its exception"


def redacted(field: FieldDescriptor) -> bool:
    """Whether *field* is marked as somebody's words or a secret."""
    return field.GetOptions().debug_redact


def constrained(field: FieldDescriptor) -> bool:
    """Whether the rules of the field allow only names and codes."""
    rules = field.GetOptions().Extensions[validate_pb2.field]
    text = rules.repeated.items.string if rules.HasField("repeated") else rules.string
    return bool(text.pattern or text.uuid or getattr(text, "in"))


NO_WORDS = {
    "names": "about access_request adviser asked_by author breach case collected_copies colleague"
    " consent contact copies corrects decided_by decider decision disclosure document involved"
    " declared_by destroyed_by item items items_left line name open_prints person printed_by"
    " recipient recipients record records redactions staff_member student students superseded_by",
    "codes": "action cells code column_codes effect ground how kind language media_type missing"
    " period purpose recipient_kinds role roles table term text_version unit version"
    " warnings what outcome whose_safety kept_in",
    "days": "contact_date day dispose_from_date due_on ends_on last_involvement_date received_on"
    " valid_from valid_until",
    "opaque": "entry etag leaf_hash next_page_token page_token payload_digest proof pseudonym"
    " public_key receipt sealed_address sealed_facts text_sha256 file_sha256"
    " attestation_object client_data_json creation_options credential_id once passkey_challenge",
    "addresses of servers": "authorization_url issuer redirect_uri relying_party_id",
    "published": "policy_words statute",
}
"""Fields that hold no words although their rules do not say so (most are in answers)."""

NO_WORDS_HERE = {
    "sas.cases.v1.AskAboutStudentResponse.answer": "a constant",
    "sas.cases.v1.ConfirmedUse.statement": "a constant",
    "sas.cases.v1.ContactPreview.statement": "a constant",
    "sas.cases.v1.ReplyScript.text": "the words that everybody gets, in one version",
    "sas.cases.v1.ReplyScript.guidance": "how to say them",
    "sas.consent.v1.GroundInWords.words": "what every ground means, the same for all",
    "sas.consent.v1.GroundInWords.source": "published law",
    "sas.consent.v1.RequestedName.remedies": "a constant",
    "sas.consent.v1.Checkpoint.note": "a signed note (C2SP)",
    "sas.consent.v1.Checkpoint.witnessed": "a signed note (C2SP)",
    "sas.consent.v1.Availability.statement": "a constant",
    "sas.consent.v1.LedgerTrouble.goes_on": "a constant",
    "sas.consent.v1.LedgerTrouble.lack": "a code",
    "sas.consent.v1.LedgerTrouble.stops": "a constant",
    "sas.consent.v1.LedgerTrouble.todo": "a constant, and what a witness calls itself",
    "sas.consent.v1.Because.clause": "a number of docs/policy.md",
    "sas.consent.v1.Because.sentence": "the policy's words, one for each code",
    "sas.consent.v1.Explanation.clauses": "numbers of docs/policy.md",
    "sas.consent.v1.Explanation.obligations": "codes",
    "sas.consent.v1.Explanation.policy": "a SHA-256",
    "sas.consent.v1.Witness.heard": "a code",
    "sas.reports.v1.PublishedReport.content": "codes and counts, after the rules of publication",
    "sas.consent.v1.Witness.key_name": "a setting: what a witness calls itself",
    "sas.consent.v1.ExportConsentRecordResponse.content": "ids, codes and digests",
    "sas.consent.v1.Consent.text": "the text of a version, which names nobody",
    "sas.identity.v1.Notice.text": "published",
    "sas.identity.v1.StartSignInResponse.state": "random, and worth nothing without its code",
}


def test_every_text_is_of_a_narrow_form_or_marked_or_known_to_hold_no_words() -> None:
    """Who adds a text field decides here, or in the proto, whether it can hold words."""
    known = {name for names in NO_WORDS.values() for name in names.split()}
    unmarked = {
        f"{message.full_name}.{field.name}"
        for message in MESSAGES
        for field in message.fields
        if field.type in TEXT and not redacted(field) and not constrained(field)
    }
    assert {each for each in unmarked if each.rpartition(".")[2] not in known} == set(NO_WORDS_HERE)
    assert known == known & {each.rpartition(".")[2] for each in unmarked}


@pytest.mark.parametrize("message", MESSAGES, ids=lambda message: message.name)
def test_what_a_person_types_has_a_longest_length(message: Descriptor) -> None:
    if not message.name.endswith("Request"):
        return
    for field in message.fields:
        if field.type in TEXT and not constrained(field):
            rules = field.GetOptions().Extensions[validate_pb2.field]
            text = rules.repeated.items.string if rules.HasField("repeated") else rules.string
            assert text.max_len or rules.bytes.max_len or text.email, field.name


# Events


@each_event
def test_every_event_has_readers(event: Descriptor) -> None:
    readers = list(event.GetOptions().Extensions[event_pb2.event].readers)
    assert readers
    assert set(readers) <= SERVICES
    assert len(readers) == len(set(readers))


@each_event
def test_an_event_holds_names_and_codes_only(event: Descriptor) -> None:
    assert not [each.name for each in inside(event) if redacted(each)]


@pytest.mark.parametrize("service", sorted(SERVICES))
def test_a_service_handles_the_events_it_reads_and_no_others(service: str) -> None:
    """In a process of its own: a worker's modules are made for one."""
    worker = CHECKOUT / f"services/{service}/worker.py"
    program = (
        "import importlib, json\n"
        f"worker = importlib.import_module('services.{service}.worker')\n"
        "print(json.dumps([each.event.DESCRIPTOR.full_name for each in worker.HANDLERS]))\n"
    )
    assert worker.exists()
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=CHECKOUT, capture_output=True, text=True, check=True
    )
    reads = {
        event.full_name
        for event in EVENTS
        if service in event.GetOptions().Extensions[event_pb2.event].readers
    }
    assert sorted(json.loads(done.stdout)) == sorted(reads)


# Errors


def test_every_reason_has_a_number_for_good() -> None:
    """They go over the wire by name and are read by programs: never renumbered or re-used."""
    reasons = errors_pb2.ErrorReason.items()
    assert [number for _, number in reasons] == list(range(len(reasons)))
    assert all(name.startswith("ERROR_REASON_") for name, _ in reasons)


# buf


def buf(*arguments: str) -> str:
    """Run buf in the folder of the protos and give what it complains about."""
    done = subprocess.run(
        [str(Path(sys.executable).with_name("buf")), *arguments],
        cwd=PROTOS,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout + done.stderr


def test_the_protos_keep_bufs_rules() -> None:
    assert buf("lint", "gen/sas.binpb", "--path", "sas", "--config", "buf.yaml") == ""


def generate(protos: Path) -> subprocess.CompletedProcess[str]:
    """Make the stubs of another copy of the protos, with none of our tools on the PATH."""
    return subprocess.run(
        [sys.executable, str(protos / "generate.py")],
        env={**os.environ, "PATH": os.defpath},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_proto_that_is_wrong_leaves_the_stubs_that_were_there(tmp_path: Path) -> None:
    """Else nothing starts any more until somebody has found the mistake."""
    copy = tmp_path / "protos"
    shutil.copytree(PROTOS, copy)
    (copy / "sas/cases/v1/cases.proto").write_text("not a proto")
    before = (copy / "gen/sas.binpb").read_bytes()
    assert generate(copy).returncode != 0
    assert (copy / "gen/sas.binpb").read_bytes() == before
    assert (copy / "gen/sas/cases/v1/cases_pb2.py").exists()
    assert not list(copy.glob(".gen-*"))


def test_no_change_breaks_those_who_speak_the_earlier_protos(tmp_path: Path) -> None:
    """Against the last commit, so that a break is seen before it is made."""
    archive = subprocess.run(
        ["git", "archive", "HEAD", "protos"], cwd=CHECKOUT, capture_output=True, check=False
    )
    if archive.returncode != 0:
        pytest.skip("there is no earlier commit here to compare with")
    with tarfile.open(fileobj=io.BytesIO(archive.stdout)) as tar:
        tar.extractall(tmp_path, filter="data")
    assert generate(tmp_path / "protos").returncode == 0
    before = str(tmp_path / "protos/gen/sas.binpb")
    compare = ("--path", "sas", "--config", "buf.yaml")
    assert buf("breaking", "gen/sas.binpb", "--against", before, *compare) == ""


def test_a_break_would_be_seen(tmp_path: Path) -> None:
    """The comparison above is worth something: a renamed field is found."""
    image = FileDescriptorSet.FromString(IMAGE.read_bytes())
    pool = DescriptorPool()
    for file in image.file:
        if file.name == "sas/cases/v1/case_notes.proto":
            field = next(m for m in file.message_type if m.name == "CaseNote").field[2]
            assert field.name == "situation"
            field.name, field.json_name = "description", "description"
        pool.Add(file)  # still a whole image
    assert GetMessageClass(pool.FindMessageTypeByName("sas.cases.v1.CaseNote"))
    changed = tmp_path / "changed.binpb"
    changed.write_bytes(image.SerializeToString())
    complaint = buf(
        "breaking", str(changed), "--against", str(IMAGE), "--path", "sas", "--config", "buf.yaml"
    )
    assert "description" in complaint
