"""Use cases of criteria sets: drafts are checked, published versions judge and never change."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml
from chungsuc import access, changes, jobs
from chungsuc.access import Principal
from chungsuc.changes import Change
from chungsuc.jobs import Job
from chungsuc.problems import FieldError
from chungsuc.text import Text
from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncSession

from criteria.criteria_sets import model, repository, rules
from criteria.criteria_sets.errors import (
    AlreadyPublished,
    CriteriaSetMalformed,
    CriteriaSetNotFound,
    CriteriaSetRefused,
)
from criteria.criteria_sets.model import CriteriaSet, Finding, Malformed
from criteria.criteria_sets.schemas import (
    CheckOut,
    CriteriaSetOut,
    CriteriaSetRow,
    FindingOut,
    PublishedOut,
    describe,
)
from criteria.measures import repository as measures_repository
from criteria.observations import repository as observations_repository

CATALOGUE_ACTOR = "catalogue"
CATALOGUE_FOLDER = "criteria_sets"
EVALUATE = "evaluate_country"
PUBLISHERS = ("administrator",)


async def list_criteria_sets(session: AsyncSession) -> list[CriteriaSetRow]:
    """Return every version of every set."""
    rows = await repository.list_versions(session)
    return [CriteriaSetRow(**_described(row)) for row in rows]


async def get_criteria_set(
    session: AsyncSession, code: str, *, version: str | None
) -> CriteriaSetOut:
    """Return one version whole; without a version the newest published, else the newest draft."""
    row = await _get(session, code, version=version)
    return CriteriaSetOut(**_described(row), body=row.body)


async def add_criteria_set(
    session: AsyncSession, body: Mapping[str, Any], *, principal: Principal
) -> CriteriaSetOut:
    """Store a draft; the same version's draft is replaced.

    Errors: 422 naming every place that cannot be read, 409 when that version is published.
    """
    access.require_role(principal, PUBLISHERS)
    draft = _parse(body)
    await _store_draft(session, draft, action="criteria_sets.add")
    return await get_criteria_set(session, draft.code, version=draft.version)


async def check_criteria_set(session: AsyncSession, code: str, *, version: str | None) -> CheckOut:
    """Say everything that stands against publishing the newest draft (or the named version)."""
    row = await _find_draft(session, code, version=version) or await _get(
        session, code, version=version
    )
    draft = model.parse(row.body)
    _, findings = await _resolve(session, draft)
    return CheckOut(
        code=row.code,
        version=row.version,
        is_publishable=not findings,
        findings=[
            FindingOut(pointer=f.pointer, code=f.code, detail_vi=f.vi, detail_en=f.en)
            for f in findings
        ],
    )


async def publish_criteria_set(
    session: AsyncSession, code: str, *, version: str | None, principal: Principal
) -> PublishedOut:
    """Publish a draft and start judging the country by it.

    Waits for writers of values, so no verdict is made by a set that is just being replaced.
    Errors: 422 with every finding of the check, failed test cases and wrong counts included.
    """
    access.require_role(principal, PUBLISHERS)
    await observations_repository.lock_publishing(session)
    row = await _find_draft(session, code, version=version)
    if row is None:
        await _get(session, code, version=version)
        raise AlreadyPublished
    resolved, findings = await _resolve(session, model.parse(row.body))
    if findings:
        raise CriteriaSetRefused(
            Text(f"{len(findings)} lỗi", f"{len(findings)} findings"),
            errors=[_field_error(finding) for finding in findings],
        )
    await _publish(session, resolved, revision=row.revision + 1)
    job = await _start_judging(session, code, created_by=principal.subject)
    published = await _get(session, code, version=row.version)
    return PublishedOut(criteria_set=CriteriaSetRow(**_described(published)), job=job)


async def load_catalogue(session: AsyncSession, *, folder: Path) -> int:
    """Load the catalogue's sets, publish those that pass their check, and count what was new.

    A version already published is left alone, so loading again changes nothing. A set with findings
    (a tree that disagrees with its declared counts, say) stays a draft.
    """
    await observations_repository.lock_publishing(session)
    new = 0
    for draft in _extended_first(_read_catalogue(folder / CATALOGUE_FOLDER)):
        stored = await repository.find_version(session, draft.code, version=draft.version)
        if stored is not None and stored.state == "published":
            continue
        if stored is None or stored.hash != model.content_hash(draft):
            await _store_draft(session, draft, action="criteria_sets.load_catalogue")
            new += 1
        resolved, findings = await _resolve(session, draft)
        if not findings:
            await _publish(session, resolved, revision=2)
            await _start_judging(session, draft.code, created_by=CATALOGUE_ACTOR)
            new += 1
    return new


def _read_catalogue(folder: Path) -> list[CriteriaSet]:
    files = sorted(folder.glob("*.yaml"))
    return [_parse(yaml.safe_load(file.read_text("utf-8"))) for file in files]


def _extended_first(drafts: Sequence[CriteriaSet]) -> list[CriteriaSet]:
    return sorted(drafts, key=lambda draft: (draft.extends is not None, draft.code))


async def _store_draft(session: AsyncSession, draft: CriteriaSet, *, action: str) -> None:
    stored = await repository.find_version(session, draft.code, version=draft.version)
    if stored is not None and stored.state == "published":
        raise AlreadyPublished
    revision = stored.revision + 1 if stored else 1
    content_hash = model.content_hash(draft)
    body = _change_body(draft, state="draft", content_hash=content_hash)
    change = Change("criteria_set_draft", f"{draft.code}:{draft.version}", revision, body)
    (recorded_by,) = await changes.append(session, [change], action=action)
    await repository.store_draft(session, draft, revision=revision, recorded_by=recorded_by)


async def _publish(session: AsyncSession, resolved: CriteriaSet, *, revision: int) -> None:
    body = _change_body(resolved, state="published", content_hash=model.content_hash(resolved))
    change = Change("criteria_set", resolved.code, revision, body)
    (recorded_by,) = await changes.append(session, [change], action="criteria_sets.publish")
    await repository.publish(session, resolved, revision=revision, recorded_by=recorded_by)


async def _start_judging(session: AsyncSession, code: str, *, created_by: str) -> Job:
    arguments = {"criteria_set": code, "under": access.NATION}
    return await jobs.start(session, kind=EVALUATE, arguments=arguments, created_by=created_by)


async def _resolve(session: AsyncSession, draft: CriteriaSet) -> tuple[CriteriaSet, list[Finding]]:
    """Return the set with what it extends filled in, and everything found in it."""
    resolved, findings = draft, []
    if draft.extends is not None:
        national = await repository.find_version(
            session, draft.extends, version=None, state="published"
        )
        if national is None:
            return draft, [_not_published(draft.extends)]
        try:
            resolved = rules.overlay(model.parse(national.body), draft)
        except Malformed as problem:
            findings = problem.findings
    measures = await measures_repository.list_measures(session)
    return resolved, findings or list(rules.check(resolved, measures))


def _not_published(code: str) -> Finding:
    return Finding(
        "/extends",
        "not-published",
        f"bộ tiêu chí {code} chưa được công bố",
        f"the criteria set {code} is not published",
    )


async def _find_draft(session: AsyncSession, code: str, *, version: str | None) -> Row[Any] | None:
    return await repository.find_version(session, code, version=version, state="draft")


async def _get(session: AsyncSession, code: str, *, version: str | None) -> Row[Any]:
    row = await repository.find_version(session, code, version=version)
    if row is None:
        raise CriteriaSetNotFound
    return row


def _parse(body: Mapping[str, Any]) -> CriteriaSet:
    try:
        return model.parse(body)
    except Malformed as problem:
        errors = [_field_error(finding) for finding in problem.findings]
        raise CriteriaSetMalformed(errors=errors) from problem


def _field_error(finding: Finding) -> FieldError:
    return FieldError(finding.pointer, finding.code, Text(finding.vi, finding.en))


def _described(row: Row[Any]) -> dict[str, Any]:
    return describe(model.parse(row.body), state=row.state, content_hash=row.hash)


def _change_body(criteria_set: CriteriaSet, *, state: str, content_hash: str) -> dict[str, Any]:
    """Return the set as the feed tells it: names and numbers, without rules."""
    whole = model.to_body(criteria_set)
    fields = describe(criteria_set, state=state, content_hash=content_hash)
    del fields["valid_from"], fields["valid_to"]
    return {
        **fields,
        "from": whole["from"],
        "to": whole.get("to"),
        "bands": whole["bands"],
        "criteria": [
            {
                "number": criterion.number,
                "name_vi": criterion.name_vi,
                "name_en": criterion.name_en,
                "indicators": [
                    {"number": i.number, "name_vi": i.name_vi, "name_en": i.name_en}
                    for i in criterion.indicators
                ],
            }
            for criterion in criteria_set.criteria
        ],
    }
