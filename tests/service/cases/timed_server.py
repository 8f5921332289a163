"""
The server of cases, with as many empty envelopes as a measurement needs, and a fault on request.

    python -m tests.service.cases.timed_server CONFIG ENVELOPES KNOWN MICROSECONDS

Its envelopes are made here and not with Vault: what is measured begins when one is at hand. A
question about somebody named in the file KNOWN takes MICROSECONDS longer: none, or a little, which
the measurement must find, or it is blind.
"""

from __future__ import annotations

import secrets
import sys
from pathlib import Path

import attrs
import grpc
from sas.cases.v1 import enquiries_pb2

from common.config import Config
from common.process import run
from common.vault import DataKey, Vault
from services.cases import __main__ as cases
from services.cases.actions.envelopes import Envelopes, NewEnquiry
from services.cases.api.enquiries import EnquiriesServicer
from services.cases.config import Settings
from services.cases.domain.names import name_of, record_of
from services.cases.storage.sealing import Envelope
from tests.kit.timing import spin


@attrs.frozen
class Leaky(EnquiriesServicer):
    """Takes a little longer when the question is about somebody who is known."""

    known: frozenset[str]
    microseconds: int

    def AskAboutStudent(
        self, request: enquiries_pb2.AskAboutStudentRequest, context: grpc.ServicerContext
    ) -> enquiries_pb2.AskAboutStudentResponse:
        """Answer as always, but later."""
        if request.about in self.known:
            spin(self.microseconds)
        return super().AskAboutStudent(request, context)


def made_here(enquiry_id: str) -> NewEnquiry:
    """Make an envelope without asking anybody."""
    key = DataKey(plaintext=secrets.token_bytes(32), wrapped="vault:v1:nobody's")
    item = name_of("enquiries", enquiry_id)
    return NewEnquiry(enquiry_id, Envelope(record_of(enquiry_id), item, key))


def main(config: str, envelopes: str, known: str, microseconds: str) -> None:
    """Serve until told to leave."""
    names = frozenset(Path(known).read_text().split())

    def serve(config: Config[Settings], vault: Vault) -> None:
        from common.db import Database
        from common.rpc.server import serve as serve_until_told

        database = Database(config.database, vault)
        enough = Envelopes(made_here, kept=2 * int(envelopes))
        enough.fill()
        tools = attrs.evolve(cases.tools(config, vault, database), envelopes=enough)
        servicers = [
            (
                add,
                Leaky(tools, names, int(microseconds)) if type(each) is EnquiriesServicer else each,
            )
            for add, each in cases.servicers(tools)
        ]
        serve_until_told(config, vault, servicers, ready=database.answers)

    run("services.cases", Settings, {"serve": serve}, ["serve", "--config", config])


if __name__ == "__main__":
    main(*sys.argv[1:])
