"""Documents."""

from __future__ import annotations

import attrs
import grpc
from sas.cases.v1 import documents_pb2 as pb
from sas.cases.v1 import documents_pb2_grpc

from common.caller import current_caller
from services.cases.actions import documents
from services.cases.actions.tools import Tools
from services.cases.api.translate import timestamp
from services.cases.domain.documents import Document
from services.cases.domain.names import name_of


@attrs.frozen
class DocumentsServicer(documents_pb2_grpc.DocumentsServiceServicer):
    """See `sas/cases/v1/documents.proto`."""

    tools: Tools

    def AttachDocument(
        self, request: pb.AttachDocumentRequest, context: grpc.ServicerContext
    ) -> pb.DocumentSummary:
        document = documents.attach_document(
            self.tools,
            current_caller(),
            request.parent,
            title=request.title,
            media_type=request.media_type,
            content=request.content,
            request_id=request.request_id,
        )
        return _to_summary(document)

    def GetDocument(
        self, request: pb.GetDocumentRequest, context: grpc.ServicerContext
    ) -> pb.Document:
        opened = documents.read_document(self.tools, request.name, request.purpose)
        document = opened.document
        return pb.Document(
            name=document.name,
            case=name_of("cases", document.case_id),
            title=opened.title,
            media_type=document.media_type,
            content=opened.content,
            author=document.author,
            create_time=timestamp(document.created_at),
        )

    def ListDocuments(
        self, request: pb.ListDocumentsRequest, context: grpc.ServicerContext
    ) -> pb.ListDocumentsResponse:
        found, next_token = documents.list_documents(
            self.tools, request.parent, asked=request.page_size, page_token=request.page_token
        )
        return pb.ListDocumentsResponse(
            documents=[_to_summary(document) for document in found], next_page_token=next_token
        )


def _to_summary(document: Document) -> pb.DocumentSummary:
    return pb.DocumentSummary(
        name=document.name,
        case=name_of("cases", document.case_id),
        media_type=document.media_type,
        size_bytes=document.size_bytes,
        author=document.author,
        create_time=timestamp(document.created_at),
    )
