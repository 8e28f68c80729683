"""A bookkeeper who posts straight at the functions of the database, as the service does."""

import uuid
from datetime import UTC, date, datetime, timedelta
from typing import Any

from chungsuc.database import Database
from chungsuc.idempotency import body_hash
from funding.ledger import repository
from funding.ledger.repository import Key, Moment
from sqlalchemy import text

from tests.funding import country

TODAY = date(2025, 6, 1)
NOW = datetime(2025, 6, 1, 5, tzinfo=UTC)
TABLES = (
    *("pocket", "balance", "transfer", "pending_transfer", "decision", "entry"),
    *("limit_row", "change"),
)
MAKER, CHECKER = "maker", "checker"


def key_of(
    content: Any, *, author: str = MAKER, key: str | None = None, route: str = "POST /v1/transfers"
) -> Key:
    return Key(author, route, key or uuid.uuid4().hex, body_hash(content), "request")


def assign(amount: int, **more: Any) -> dict[str, Any]:
    """An assignment of central investment capital of 2024 to Điện Biên."""
    return {
        "template": "assign",
        "programme_id": "DTTS-2125",
        "component_id": None,
        "capital_kind": "investment",
        "source": "NSTW",
        "budget_year": 2024,
        "to": {"holder_kind": "area", "holder_id": country.DIEN_BIEN},
        "amount_vnd": amount,
        "value_on": "2024-01-05",
        "document_id": country.DECISION,
        **more,
    }


def holder(holder_id: str, kind: str = "area") -> dict[str, str]:
    return {"holder_kind": kind, "holder_id": holder_id}


def spend(template: str, pocket: int, amount: int, **more: Any) -> dict[str, Any]:
    """Any request about one pocket."""
    return {
        "template": template,
        "pocket_id": pocket,
        "amount_vnd": amount,
        "value_on": "2024-03-01",
        "document_id": country.PAPER,
        **more,
    }


def reverse(transfer: int, **more: Any) -> dict[str, Any]:
    return {
        "template": "reverse",
        "transfer_id": transfer,
        "value_on": "2024-06-01",
        "document_id": country.PAPER,
        **more,
    }


def number(reference: str) -> int:
    """The number in `pk12` or `tr12`."""
    return int(reference[2:])


class Bookkeeper:
    """Posts, approves, and reads what the ledger holds."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.pool = database.autocommit_pool

    async def submit(
        self,
        request: dict[str, Any],
        *,
        author: str = MAKER,
        key: str | None = None,
        today: date = TODAY,
        is_trial: bool = False,
    ) -> dict[str, Any]:
        at = Moment(today, NOW, NOW + timedelta(days=30))
        return await repository.post(
            self.pool, key_of(request, author=author, key=key), request, at=at, is_trial=is_trial
        )

    async def decide(
        self,
        transfer: int,
        *,
        outcome: str = "posted",
        author: str = CHECKER,
        key: str | None = None,
        now: datetime = NOW,
    ) -> dict[str, Any]:
        key_ = key_of([transfer, outcome], author=author, key=key, route="decide")
        return await repository.decide(
            self.pool, key_, transfer, outcome=outcome, reason="", now=now
        )

    async def post(self, request: dict[str, Any], **more: Any) -> dict[str, Any]:
        """Submit and approve; return the posted transfer."""
        pending = (await self.submit(request, **more))["answer"]
        answer: dict[str, Any] = (await self.decide(number(pending["id"])))["answer"]
        return answer

    async def fund(self, request: dict[str, Any]) -> int:
        """Post, and return the pocket that received."""
        posted = await self.post(request)
        return number(next(x["pocket_id"] for x in posted["lines"] if x["flow"] == "receive"))

    async def balance(self, pocket: int) -> dict[str, int]:
        rows = await self.rows("SELECT * FROM balance WHERE pocket_id = :pocket", pocket=pocket)
        return {k.removesuffix("_vnd"): v for k, v in rows[0].items() if k != "pocket_id"}

    async def rows(self, sql: str, **values: Any) -> list[dict[str, Any]]:
        async with self.database.read_scope() as session:
            return [dict(row._mapping) for row in await session.execute(text(sql), values)]

    async def state(self) -> dict[str, list[dict[str, Any]]]:
        """Everything that a refused request must leave as it was."""
        tables = [
            "pocket",
            "balance",
            "transfer",
            "pending_transfer",
            "decision",
            "entry",
            "limit_row",
            "change",
        ]
        return {table: await self.rows(f"SELECT * FROM {table} ORDER BY 1") for table in tables}
