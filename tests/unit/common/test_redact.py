"""A message that may be looked at holds nobody's words."""

from __future__ import annotations

import pytest
from google.protobuf import descriptor_pool, message_factory
from google.protobuf.any_pb2 import Any
from google.protobuf.descriptor_pb2 import FieldDescriptorProto, FileDescriptorProto
from google.protobuf.message import Message
from google.rpc.status_pb2 import Status
from sas.cases.v1.case_notes_pb2 import CaseNote
from sas.consent.v1.records_pb2 import DataKey, OpenRecordRequest, OpenRecordResponse, SealedItem

from common.redact import redacted

WORDS = "Jane Doe has not slept"


def test_python_itself_would_print_the_words() -> None:
    """The reason for this module; when it fails one day, the module may go."""
    assert WORDS in str(CaseNote(situation=WORDS))


def test_words_are_left_out_and_names_stay() -> None:
    text = redacted(CaseNote(name="notes/1", situation=WORDS, advice_offered=WORDS))
    assert "Jane" not in text
    assert "notes/1" in text
    assert text.count("left out") == 2


def test_keys_are_left_out_in_every_item() -> None:
    text = redacted(
        OpenRecordResponse(ledger_index=7, keys=[DataKey(item="notes/1", key=b"k" * 32)] * 2)
    )
    assert text.count("notes/1") == 2
    assert "kkk" not in text
    request = OpenRecordRequest(items=[SealedItem(item="notes/1", wrapped_key="vault:v1:abc")])
    assert "vault:v1" not in redacted(request)


def test_what_is_packed_and_what_a_map_holds_is_left_out(with_a_map: type[Message]) -> None:
    """None of ours has either today; whoever adds one has not to think of this."""
    packed = Any()
    packed.Pack(CaseNote(situation=WORDS))
    error = Status(message="codes-only", details=[packed])
    assert "codes-only" in redacted(error)
    assert "Jane" not in redacted(error)
    notes = with_a_map()
    notes.by_name["notes/1"].situation = WORDS  # type: ignore[attr-defined]  # made up below
    assert "notes/1" in redacted(notes)
    assert "Jane" not in redacted(notes)


@pytest.fixture
def with_a_map() -> type[Message]:
    """Make up a message with a map of case notes."""
    file = FileDescriptorProto(
        name="tests/with_a_map.proto",
        package="tests",
        syntax="proto3",
        dependency=[CaseNote.DESCRIPTOR.file.name],
    )
    made = file.message_type.add(name="Notes")
    entry = made.nested_type.add(name="ByNameEntry")
    entry.options.map_entry = True
    field = FieldDescriptorProto
    one, many = field.LABEL_OPTIONAL, field.LABEL_REPEATED
    entry.field.add(name="key", number=1, label=one, type=field.TYPE_STRING)
    note, pair = f".{CaseNote.DESCRIPTOR.full_name}", ".tests.Notes.ByNameEntry"
    entry.field.add(name="value", number=2, label=one, type=field.TYPE_MESSAGE, type_name=note)
    made.field.add(name="by_name", number=1, label=many, type=field.TYPE_MESSAGE, type_name=pair)
    pool = descriptor_pool.Default()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("tests.Notes"))


def test_the_message_itself_is_not_changed() -> None:
    note = CaseNote(situation=WORDS)
    redacted(note)
    assert note.situation == WORDS
