"""Use cases of documents."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml
from chungsuc import changes, pagination
from chungsuc.changes import Change
from chungsuc.pagination import Page, PageRequest
from chungsuc.text import Text, clean_name, search_key, sort_key
from sqlalchemy.ext.asyncio import AsyncSession

from criteria.registers import ids, listing
from criteria.registers.documents import repository
from criteria.registers.documents.errors import DocumentExists, DocumentNotFound, DocumentUnknown
from criteria.registers.documents.schemas import DocumentIn, DocumentOut

CATALOGUE_FILE = "documents.yaml"


async def add_document(session: AsyncSession, body: DocumentIn) -> DocumentOut:
    """Register a document; the same issuer, number and date twice is a conflict."""
    same = await repository.find_same(
        session, issuer=body.issuer, number=body.number, issued_on=body.issued_on
    )
    if same is not None:
        raise DocumentExists(Text(f"mã {same}", f"its id is {same}"))
    if body.replaces_id is not None:
        await require_document(session, body.replaces_id, pointer="/replaces_id")
    document = DocumentOut(id=ids.new_id("d"), **body.model_dump())
    await _store(session, [document], action="documents.add_document")
    if not await repository.existing_ids(session, [document.id]):
        raise DocumentExists(Text("vừa được đăng ký", "it was registered just now"))
    return document


async def get_document(session: AsyncSession, document_id: str) -> DocumentOut:
    """Return one document or raise 404."""
    row = await repository.find(session, document_id)
    if row is None:
        raise DocumentNotFound
    return DocumentOut.model_validate(dict(row._mapping))


async def require_document(session: AsyncSession, document_id: str, *, pointer: str) -> DocumentOut:
    """Return the document that a request refers to, or say in which field it is unknown."""
    row = await repository.find(session, document_id)
    if row is None:
        raise DocumentUnknown(errors=[listing.unknown(pointer, "document-unknown")])
    return DocumentOut.model_validate(dict(row._mapping))


async def list_documents(
    session: AsyncSession,
    *,
    search: str | None,
    kind: str | None,
    number: str | None,
    known_at: int | None,
    page: PageRequest,
) -> Page[DocumentOut]:
    """Return a page of documents in Vietnamese order."""
    rows = await repository.list_page(
        session,
        search=listing.search_pattern(search),
        kind=kind,
        number=number,
        known_at=known_at,
        after=listing.text_key(page.cursor),
        limit=page.limit + 1,
    )
    items, following = pagination.page_of(
        rows, limit=page.limit, key=lambda row: (row.sort_key, row.id)
    )
    return Page(
        items=[DocumentOut.model_validate(dict(row._mapping)) for row in items], next=following
    )


async def load_catalogue(session: AsyncSession, *, folder: Path) -> int:
    """Register the catalogue's documents that are not there yet and say how many these were."""
    entries = yaml.safe_load((folder / CATALOGUE_FILE).read_text(encoding="utf-8"))["documents"]
    wanted = [_catalogue_document(entry) for entry in entries]
    known = await repository.existing_ids(session, [document.id for document in wanted])
    missing = [document for document in wanted if document.id not in known]
    await _store(session, missing, action="documents.load_catalogue")
    return len(missing)


def feed_body(document: DocumentOut) -> dict[str, Any]:
    """Return the document as readers of the feed get it."""
    names = {"id", "number", "kind", "issuer", "title", "issued_on", "is_demonstration"}
    return document.model_dump(mode="json", include=names)


def _catalogue_document(entry: dict[str, Any]) -> DocumentOut:
    number, issuer = clean_name(entry["number"]), clean_name(entry["issuer"])
    return DocumentOut(
        id=ids.catalogue_document_id(number, issuer=issuer),
        number=number,
        kind=entry["kind"],
        issuer=issuer,
        title=clean_name(entry["title"]),
        issued_on=entry["issued_on"],
        programme=None,
        file_hash=None,
        replaces_id=None,
        certainty=entry["certainty"],
        is_demonstration=False,
    )


async def _store(session: AsyncSession, documents: Sequence[DocumentOut], *, action: str) -> None:
    if not documents:
        return
    change_ids = await changes.append(
        session, [Change("document", d.id, 1, feed_body(d)) for d in documents], action=action
    )
    rows = [
        document.model_dump()
        | {
            "search_key": search_key(f"{document.number} {document.title}"),
            "sort_key": sort_key(document.title),
            "recorded_by": change_id,
        }
        for document, change_id in zip(documents, change_ids, strict=True)
    ]
    await repository.add(session, rows)
