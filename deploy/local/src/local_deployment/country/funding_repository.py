"""A year of money in the ledger: plans by its own functions, payments copied in beside them."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from typing import Any, NamedTuple

import psycopg
from psycopg.types.json import Jsonb

from local_deployment.country.money import BUDGET_YEAR, Payments
from local_deployment.errors import LocalError

MAKER, CHECKER = "country-maker", "country-checker"
TODAY = date(2026, 2, 1)
NOW = datetime(2026, 2, 1, tzinfo=UTC)
LATER = datetime(2026, 3, 1, tzinfo=UTC)
PLANS_A_CALL = 200

Connection = psycopg.Connection[Any]


class Place(NamedTuple):
    """A commune and the province above it."""

    commune_id: str
    province_id: str


def list_places(connection: Connection, *, on: date) -> list[Place]:
    """Return the communes that hang right below a province on a day, in id order."""
    rows = connection.execute(
        "SELECT c.area_id, p.area_id FROM area_span c JOIN area_span p ON p.area_id = c.parent_id "
        "WHERE c.kind = 'commune' AND p.kind = 'province' "
        "AND %(on)s BETWEEN c.valid_from AND coalesce(c.valid_to, 'infinity') "
        "AND %(on)s BETWEEN p.valid_from AND coalesce(p.valid_to, 'infinity') ORDER BY c.area_id",
        {"on": on},
    )
    return [Place(*row) for row in rows]


def has_document(connection: Connection, document_id: str) -> bool:
    """Tell whether the copy of the registers has got as far as this document."""
    found = connection.execute("SELECT FROM document WHERE id = %s", [document_id])
    return found.fetchone() is not None


def has_payments(connection: Connection) -> bool:
    """Tell whether these payments were made before."""
    found = connection.execute(
        "SELECT FROM transfer WHERE template = 'pay' AND author = %s LIMIT 1", [MAKER]
    )
    return found.fetchone() is not None


def post_plans(connection: Connection, requests: Sequence[dict[str, Any]]) -> list[int]:
    """Post plans through the ledger's functions; return the pocket that each one filled.

    Every call commits and has a key made from its content: after an interruption all is run again.
    """
    filled: list[int] = []
    for place, some in enumerate(batched_requests(requests)):
        key = f"country:{some[0]['template']}:{place}:{_hash(some).hex()[:16]}"
        row = connection.execute(
            "SELECT ledger_post_batch(%s, 'country', %s, %s, %s, true, %s, %s, %s, '', false)",
            [MAKER, key, _hash(some), Jsonb(some), TODAY, NOW, LATER],
        ).fetchone()
        verdict: dict[str, Any] = row[0] if row else {}
        transfers = [item["transfer"] for item in verdict["answer"]["items"]]
        with connection.pipeline():
            for transfer in transfers:
                connection.execute(
                    "SELECT ledger_decide(%s, 'country', %s, %s, %s, 'posted', '', %s, '')",
                    [CHECKER, transfer["id"], b"", int(transfer["id"][2:]), NOW],
                )
        filled += [_filled(transfer["lines"]) for transfer in transfers]
        # A connection keeps its query plans: those made on empty tables would scan for ever.
        connection.execute(ANALYSE if len(filled) <= 2 * PLANS_A_CALL else "SELECT")
        connection.commit()
    return filled


def batched_requests(requests: Sequence[dict[str, Any]]) -> Iterator[Sequence[dict[str, Any]]]:
    """Cut the requests into calls."""
    for start in range(0, len(requests), PLANS_A_CALL):
        yield requests[start : start + PLANS_A_CALL]


def _hash(content: Any) -> bytes:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).digest()


def _filled(lines: Sequence[dict[str, Any]]) -> int:
    (pocket,) = (
        line["pocket_id"]
        for line in lines
        if line["balance"] == "available" and line["amount_vnd"] > 0
    )
    return int(pocket[2:])


# Made and dropped in the transaction: the owner may not make temporary tables.
STAGE = """
CREATE UNLOGGED TABLE planned_payment (
    pocket_id bigint NOT NULL, amount_vnd bigint NOT NULL, value_on date NOT NULL,
    id bigint NOT NULL DEFAULT nextval('transfer_id_seq')
)
"""
LOCK = """
SELECT FROM balance b WHERE b.pocket_id IN (SELECT pocket_id FROM planned_payment)
ORDER BY b.pocket_id FOR NO KEY UPDATE
"""
# A payment out of an area's or an office's pocket uses no limit row; none is made for a project.
TRANSFERS = """
INSERT INTO transfer (id, template, of_template, pocket_id, to_pocket_id, area_id, amount_vnd,
                      lines, limits, value_on, document_id, is_demonstration, note, author,
                      recorded_at, expires_at)
OVERRIDING SYSTEM VALUE
SELECT s.id, 'pay', 'pay', p.id, p.id, p.area_id, s.amount_vnd,
       to_jsonb(ARRAY[
           ROW(p.id, p.id, 'available', 'disburse', -s.amount_vnd),
           ROW(p.id, p.id, 'paid', 'disburse', s.amount_vnd)]::ledger_line[]),
       '[]', s.value_on, %(document_id)s, true, '', %(maker)s, %(now)s, %(later)s
FROM planned_payment s JOIN pocket p ON p.id = s.pocket_id AND p.holder_kind <> 'project'
ORDER BY s.id
"""
DECISIONS = """
INSERT INTO decision (transfer_id, author, outcome, decided_by, decided_at, reason)
SELECT id, %(maker)s, 'posted', %(checker)s, %(now)s, '' FROM planned_payment ORDER BY id
"""
# Both states that the feed would have shown, in that order; the bodies are the ledger's own.
CHANGES = """
WITH told AS (
    INSERT INTO change (resource, resource_id, revision, body, action, actor, request_id)
    SELECT 'transfer', 'tr' || t.id, s.revision,
           transfer_body(t, CASE WHEN s.revision = 2 THEN d END), s.action, s.actor, ''
    FROM planned_payment f JOIN transfer t ON t.id = f.id JOIN decision d ON d.transfer_id = t.id
    CROSS JOIN (VALUES (1, 'submit', %(maker)s), (2, 'approve', %(checker)s))
        AS s (revision, action, actor)
    ORDER BY t.id, s.revision
    RETURNING id, resource_id, revision
)
INSERT INTO entry (transfer_id, pocket_id, counter_pocket_id, balance, flow, amount_vnd, value_on,
                   change_id)
SELECT s.id, s.pocket_id, s.pocket_id, l.balance, 'disburse', l.sign * s.amount_vnd, s.value_on,
       told.id
FROM told JOIN planned_payment s ON 'tr' || s.id = told.resource_id
CROSS JOIN (VALUES ('available', -1), ('paid', 1)) AS l (balance, sign)
WHERE told.revision = 2
ORDER BY told.id
"""
BALANCES = """
UPDATE balance b SET available_vnd = b.available_vnd - s.amount_vnd,
                     paid_vnd = b.paid_vnd + s.amount_vnd
FROM (SELECT pocket_id, sum(amount_vnd) AS amount_vnd FROM planned_payment GROUP BY pocket_id) s
WHERE b.pocket_id = s.pocket_id
"""


def post_payments(
    connection: Connection, payments: Payments, pocket_ids: Sequence[int], *, document_id: str
) -> None:
    """Record payments as made by one person and approved by another; floors hold by the tables."""
    told = {
        "document_id": document_id,
        "maker": MAKER,
        "checker": CHECKER,
        "now": NOW,
        "later": LATER,
    }
    connection.execute("SELECT pg_current_xact_id()")
    connection.execute(STAGE)
    with (
        connection.cursor() as cursor,
        cursor.copy("COPY planned_payment (pocket_id, amount_vnd, value_on) FROM STDIN") as copy,
    ):
        for pocket, amount, day in zip(
            payments.pockets.tolist(),
            payments.amounts_vnd.tolist(),
            payments.days.tolist(),
            strict=True,
        ):
            copy.write_row((pocket_ids[pocket], amount, date.fromordinal(day)))
    connection.execute("ANALYZE planned_payment")
    for statement in (LOCK, TRANSFERS, DECISIONS, CHANGES, BALANCES):
        connection.execute(statement, told)
    connection.execute("DROP TABLE planned_payment")


ANALYSE = "ANALYZE pocket, balance, limit_row, transfer, decision, change"

CHECKS = {
    "every transfer balances": """
        SELECT transfer_id FROM entry GROUP BY transfer_id HAVING sum(amount_vnd) <> 0 LIMIT 1""",
    "balances are the sums of entries": """
        SELECT b.pocket_id FROM balance b LEFT JOIN (
            SELECT pocket_id,
                   coalesce(sum(amount_vnd) FILTER (WHERE balance = 'available'), 0) AS available,
                   coalesce(sum(amount_vnd) FILTER (WHERE balance = 'paid'), 0) AS paid
            FROM entry GROUP BY pocket_id) e ON e.pocket_id = b.pocket_id
        WHERE (b.available_vnd, b.paid_vnd)
              <> (coalesce(e.available, 0), coalesce(e.paid, 0)) LIMIT 1""",
    "every value date lies in its window": """
        SELECT t.id FROM transfer t JOIN pocket p ON p.id = t.pocket_id
        JOIN window_rule w ON w.capital_kind = p.capital_kind AND w.movement = 'disburse'
            AND p.budget_year BETWEEN w.first_budget_year AND coalesce(w.last_budget_year, 9999)
        WHERE t.template = 'pay' AND t.value_on NOT BETWEEN
            make_date(p.budget_year + w.opens_year_offset, w.opens_month, w.opens_day) AND
            make_date(p.budget_year + w.closes_year_offset, w.closes_month, w.closes_day)
        LIMIT 1""",
}


def check(connection: Connection) -> None:
    """Hold the ledger to what must be true of it however it was filled."""
    for rule, counterexample in CHECKS.items():
        found = connection.execute(counterexample).fetchone()
        if found is not None:
            raise LocalError(f"The ledger breaks its rule that {rule}: {found[0]}")
    connection.execute("ANALYZE")


def assign(programme: str, *, kind: str, area_id: str, amount_vnd: int, on: date) -> dict[str, Any]:
    """Ask for an assignment of central money to an area."""
    return {
        "template": "assign",
        "programme_id": programme,
        "component_id": None,
        "capital_kind": kind,
        "source": "NSTW",
        "budget_year": BUDGET_YEAR,
        "to": {"holder_kind": "area", "holder_id": area_id},
        "amount_vnd": amount_vnd,
        "value_on": on.isoformat(),
    }


def allocate(pocket_id: int, *, area_id: str, amount_vnd: int, on: date) -> dict[str, Any]:
    """Ask for a part of a pocket to be passed down to an area."""
    return {
        "template": "allocate",
        "pocket_id": pocket_id,
        "to": {"holder_kind": "area", "holder_id": area_id},
        "amount_vnd": amount_vnd,
        "value_on": on.isoformat(),
    }
