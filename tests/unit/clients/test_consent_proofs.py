"""A student's signature is proved from files alone, or it is not (R7)."""

from __future__ import annotations

import json
from pathlib import Path

import attrs
import pytest
from typer.testing import CliRunner

from clients.staff.main import app
from services.consent.domain.agreement import challenge_of
from services.consent.domain.consent import Consent
from services.consent.domain.exports import dpv_27560
from tests.kit.authenticator import Device
from tests.unit.consent.test_exports import GIVEN, UNION, asked

PAGE = "https://advice.example"
DEVICE = Device(page=PAGE, domain="advice.example")


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    """The record and the signature, as they were exported."""
    signed = DEVICE.signs(challenge_of(asked()))
    line = attrs.evolve(GIVEN, signature_sha256=signed.sha256)
    record, signature = tmp_path / "record.json", tmp_path / "signature.json"
    record.write_bytes(dpv_27560.record(Consent.after(asked(), [line]), UNION))
    signature.write_bytes(signed.to_json())
    return record, signature


def verify(files: tuple[Path, Path], *options: str, page: str = PAGE) -> tuple[int, str]:
    arguments = ["consent", "verify", *map(str, files), "--page", page, *options]
    done = CliRunner().invoke(app, arguments)
    return done.exit_code, done.output


def test_what_was_signed_is_proved_offline(files: tuple[Path, Path]) -> None:
    code, said = verify(files)
    assert code == 0, said
    assert DEVICE.passkey.thumbprint in said


@pytest.mark.parametrize("field", ["dpv:hasIdentifier", "dpv:hasNotice", "sas:payloadSha256"])
def test_for_another_consent_text_or_payload_it_proves_nothing(
    files: tuple[Path, Path], field: str
) -> None:
    record = json.loads(files[0].read_bytes())
    match field:
        case "dpv:hasNotice":
            record[field]["sas:sha256"] = "0" * 64
        case "sas:payloadSha256":
            record["dpv:hasProcess"][field] = "0" * 64
        case _:
            record[field] = "consents/00000000-0000-4000-8000-000000000099"
    files[0].write_text(json.dumps(record))
    code, said = verify(files)
    assert code == 1
    assert "not signed for this record" in said


def test_another_signature_page_or_file_proves_nothing(files: tuple[Path, Path]) -> None:
    record, signature = files
    assert verify(files, page="https://evil.example")[0] == 1
    assert verify(files, "--domain", "evil.example")[0] == 1
    assert verify((signature, record))[0] == 1
    other = Device(page=PAGE, domain="advice.example")
    signature.write_bytes(other.signs(challenge_of(asked())).to_json())
    assert "does not speak of this signature" in verify(files)[1]


def test_half_of_a_proof_from_the_ledger_is_none(files: tuple[Path, Path]) -> None:
    code, said = verify(files, "--receipt", str(files[0]))
    assert code == 1
    assert "needed together" in said
