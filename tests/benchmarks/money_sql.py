"""Pockets to pay from, and payments as scripts of pgbench."""

import hashlib
import uuid
from datetime import date
from typing import Any, NamedTuple

import psycopg
from local_deployment.country import funding_repository

Connection = psycopg.Connection[Any]
PROJECTS = 200
PLENTY_VND = 10**12
PAID_ON = date(2025, 12, 1)


class Till(NamedTuple):
    """Neighbouring pockets, and the document that payments rest on."""

    pockets: list[int]
    document_id: str


def plain_till(owner: Connection) -> Till:
    """Pockets of communes without any limit row."""
    rows = owner.execute(
        "SELECT p.id, t.document_id FROM pocket p JOIN transfer t ON t.to_pocket_id = p.id "
        "AND t.template = 'allocate' JOIN balance b ON b.pocket_id = p.id "
        "WHERE t.author = %s AND b.available_vnd > 10000000 ORDER BY p.id",
        [funding_repository.MAKER],
    ).fetchall()
    return Till(_longest_run([row[0] for row in rows])[:2_000], rows[0][1])


def project_till(owner: Connection) -> Till:
    """Pockets of works: each payment counts against total investment and accepted volume."""
    document_id = plain_till(owner).document_id
    found = _project_pockets(owner)
    if len(found) < PROJECTS:
        _open_projects(owner, document_id)
        found = _project_pockets(owner)
    return Till(_longest_run(found), document_id)


def _project_pockets(owner: Connection) -> list[int]:
    rows = owner.execute(
        "SELECT id FROM pocket WHERE holder_kind = 'project' "
        "AND starts_with(holder_id, 'pjbench') ORDER BY id"
    )
    return [row[0] for row in rows]


def _open_projects(owner: Connection, document_id: str) -> None:
    places = funding_repository.list_places(owner, on=PAID_ON)[:PROJECTS]
    for number, place in enumerate(places):
        project = f"pjbench{number:05d}"
        owner.execute(
            "INSERT INTO project (id, code, name, search_key, project_kind, area_id, "
            "total_investment_vnd, approved_on, document_id, is_demonstration) "
            "VALUES (%s, %s, 'Đường', 'duong', 'work', %s, %s, '2025-01-01', %s, true)",
            [project, project, place.commune_id, PLENTY_VND, document_id],
        )
        owner.execute(
            "INSERT INTO acceptance (id, project_id, accepted_on, amount_vnd, document_id, author) "
            "VALUES (%s, %s, '2025-11-01', %s, %s, 'benchmark')",
            [f"ac{project}", project, PLENTY_VND, document_id],
        )
    owner.commit()
    requests = [
        {
            **funding_repository.assign(
                "NTM-2125",
                kind="investment",
                area_id="",
                amount_vnd=PLENTY_VND,
                on=PAID_ON,
            ),
            "to": {"holder_kind": "project", "holder_id": f"pjbench{number:05d}"},
            "document_id": document_id,
        }
        for number in range(PROJECTS)
    ]
    funding_repository.post_plans(owner, requests)
    owner.execute("ANALYZE")
    owner.commit()


def _longest_run(numbers: list[int]) -> list[int]:
    best: list[int] = []
    current: list[int] = []
    for number in numbers:
        current = [*current, number] if current and number == current[-1] + 1 else [number]
        best = current if len(current) > len(best) else best
    return best


def submit_script(till: Till) -> str:
    """One payment submitted: one call of the ledger, one commit."""
    return _submit(till) + ";\n"


def post_script(till: Till) -> str:
    """One payment submitted by one person and approved by another: two calls, two commits."""
    run = uuid.uuid4().hex[:8]
    return (
        f"{_submit(till, taken='AS answer')} \\gset\n"
        f"SELECT ledger_decide('bench-checker', 'bench', '{run}' || :key::text, ''::bytea, "
        "substr(:answer::text, 3)::bigint, 'posted', '', now(), '');\n"
    )


def _submit(till: Till, taken: str = "") -> str:
    request = (
        "jsonb_build_object('template', 'pay', 'pocket_id', :pocket::bigint, "
        "'amount_vnd', 1000, 'value_on', '2025-12-01', "
        f"'document_id', '{till.document_id}')"
    )
    body_hash = hashlib.sha256(b"benchmark").hexdigest()
    run = uuid.uuid4().hex[:8]
    return (
        "\\set n :n + 1\n"
        "\\set pocket random(:first, :last)\n"
        "\\set key :client_id * 100000000 + :n\n"
        f"SELECT ledger_post('bench-maker', 'bench', '{run}' || :key::text, "
        f"decode('{body_hash}', 'hex'), {request}, DATE '2026-01-15', now(), "
        f"now() + interval '9 days', '', false) #>> '{{answer,id}}' {taken}"
    )
