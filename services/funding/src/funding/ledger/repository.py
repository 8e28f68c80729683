"""The statements of the ledger: one call of a database function each."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import psycopg
from psycopg.types.json import Jsonb
from psycopg_pool import AsyncConnectionPool
from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from funding.ledger.errors import LedgerRefused

REFUSED, TRIAL = "CS001", "CS002"
ATTEMPTS = 5

POST = "SELECT ledger_post(%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"
POST_BATCH = "SELECT ledger_post_batch(%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"
DECIDE = "SELECT ledger_decide(%s, %s, %s, %s, %s, %s, %s, %s, %s)"
EXPIRE = "SELECT ledger_expire_next(%s)"

Pool = AsyncConnectionPool[Any]
Verdict = dict[str, Any]


@dataclass(frozen=True)
class Key:
    """Who asks for what under which idempotency key."""

    principal: str
    route: str
    key: str
    body_hash: bytes
    request_id: str


@dataclass(frozen=True)
class Moment:
    """When it is: the civil day, the instant, and when a pending transfer made now expires."""

    today: date
    now: datetime
    expires_at: datetime


async def post(
    pool: Pool, key: Key, request: Mapping[str, Any], *, at: Moment, is_trial: bool
) -> Verdict:
    """Make one pending transfer: one statement, which is its transaction."""
    return await _call(
        pool,
        POST,
        [
            *_identity(key),
            Jsonb(request),
            at.today,
            at.now,
            at.expires_at,
            key.request_id,
            is_trial,
        ],
    )


async def post_batch(
    pool: Pool,
    key: Key,
    requests: Sequence[Mapping[str, Any]],
    *,
    at: Moment,
    is_atomic: bool,
    is_trial: bool,
) -> Verdict:
    """Make many pending transfers under one key, in one statement."""
    values = [Jsonb(list(requests)), is_atomic, at.today, at.now, at.expires_at]
    return await _call(pool, POST_BATCH, [*_identity(key), *values, key.request_id, is_trial])


async def decide(
    pool: Pool, key: Key, transfer_id: int, *, outcome: str, reason: str, now: datetime
) -> Verdict:
    """Approve or reject a pending transfer, in one statement."""
    return await _call(
        pool, DECIDE, [*_identity(key), transfer_id, outcome, reason, now, key.request_id]
    )


async def expire_next(pool: Pool, *, now: datetime) -> str | None:
    """Expire one pending transfer whose time has passed; None when there is none."""
    async with pool.connection() as connection:
        row = await (await connection.execute(EXPIRE, [now])).fetchone()
        return row[0] if row else None


def _identity(key: Key) -> list[Any]:
    return [key.principal, key.route, key.key, key.body_hash]


async def _call(pool: Pool, statement: str, values: Sequence[Any]) -> Verdict:
    """Run one function of the ledger; a deadlock undid the whole statement, so it is run again."""
    attempt = 1
    while True:
        try:
            async with pool.connection() as connection:
                row = await (await connection.execute(statement, values)).fetchone()
        except psycopg.errors.DeadlockDetected:
            if attempt == ATTEMPTS:
                raise
            await asyncio.sleep(0.01 * 2**attempt)
            attempt += 1
        except psycopg.Error as error:
            if error.sqlstate == REFUSED:
                raise LedgerRefused(json.loads(error.diag.message_detail or "{}")) from None
            if error.sqlstate == TRIAL:
                trial: Verdict = json.loads(error.diag.message_detail or "{}")
                return trial
            raise
        else:
            return row[0] if row else {}


async def find_issuing_area(
    session: AsyncSession, *, source: str, holder_kind: str, holder_id: str, on: date
) -> str | None:
    """Return the area whose budget issues this source to this holder; None when there is none."""
    found: str | None = await session.scalar(
        text("SELECT ledger_issuing_area(:source, ledger_area_of(:holder_kind, :holder_id), :on)"),
        {"source": source, "holder_kind": holder_kind, "holder_id": holder_id, "on": on},
    )
    return found


async def find_pocket(session: AsyncSession, pocket_id: int) -> Row[Any] | None:
    """Return the area and programme of a pocket."""
    found = await session.execute(
        text("SELECT area_id, programme_id FROM pocket WHERE id = :id"), {"id": pocket_id}
    )
    return found.one_or_none()


async def find_transfer(session: AsyncSession, transfer_id: int) -> Row[Any] | None:
    """Return a transfer as its feed body, with its programme."""
    found = await session.execute(
        text(
            "SELECT t.id, t.area_id, t.value_on, p.programme_id, transfer_body(t, d) AS body "
            "FROM transfer t JOIN pocket p ON p.id = t.pocket_id "
            "LEFT JOIN decision d ON d.transfer_id = t.id WHERE t.id = :id"
        ),
        {"id": transfer_id},
    )
    return found.one_or_none()
