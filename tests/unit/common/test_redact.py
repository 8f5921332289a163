"""A message that may be looked at holds nobody's words."""

from __future__ import annotations

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


def test_the_message_itself_is_not_changed() -> None:
    note = CaseNote(situation=WORDS)
    redacted(note)
    assert note.situation == WORDS
