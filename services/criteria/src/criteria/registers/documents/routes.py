"""Documents over HTTP."""

from typing import Annotated

from chungsuc import access
from chungsuc.access import Caller
from chungsuc.database import ReadSession, WriteSession
from chungsuc.idempotency import Once
from chungsuc.pagination import Page, PageParameters
from chungsuc.problems import BadRequest, Conflict, Forbidden, Invalid, Unauthorised, responses
from chungsuc.text import Code, ShortText
from fastapi import APIRouter, Path, Query, Response

from criteria.dependencies import MomentAsked
from criteria.registers.documents import service
from criteria.registers.documents.errors import DocumentNotFound
from criteria.registers.documents.schemas import DocumentIn, DocumentOut, RegisterId

REGISTRARS = ("administrator", "province_office")
router = APIRouter(prefix="/v1/documents", tags=["registers"], responses=responses(Unauthorised))


@router.post(
    "",
    status_code=201,
    response_model=DocumentOut,
    responses=responses(BadRequest, Forbidden, Conflict, Invalid),
)
async def add_document(
    body: DocumentIn, caller: Caller, session: WriteSession, once: Once
) -> Response:
    """Register a document (administrator or province office)."""
    access.require_role(caller, REGISTRARS)
    return await once(lambda: service.add_document(session, body))


@router.get("", responses=responses(Invalid))
async def list_documents(
    _caller: Caller,
    session: ReadSession,
    moment: MomentAsked,
    page: PageParameters,
    q: Annotated[ShortText | None, Query(description="Words of number or title")] = None,
    kind: Annotated[Code | None, Query(description="Kind of document")] = None,
    number: Annotated[ShortText | None, Query(description="Exact number")] = None,
) -> Page[DocumentOut]:
    """List documents in Vietnamese order of their titles."""
    return await service.list_documents(
        session, search=q, kind=kind, number=number, known_at=moment.known_at, page=page
    )


@router.get("/{document_id}", responses=responses(DocumentNotFound, Invalid))
async def get_document(
    _caller: Caller,
    session: ReadSession,
    document_id: Annotated[RegisterId, Path(description="Document id")],
) -> DocumentOut:
    """Return one document."""
    return await service.get_document(session, document_id)
