"""Verdicts of the database as answers over HTTP."""

from collections.abc import Mapping
from typing import Any

from chungsuc import problems
from chungsuc.access import Principal
from chungsuc.idempotency import REPLAY_HEADER
from fastapi import Request, Response
from pydantic import BaseModel

from funding.ledger import errors, rules
from funding.ledger.repository import Verdict
from funding.ledger.schemas import AllowedAction, BatchItem, BatchOut, Refusal, Transfer


def transfer(body: Mapping[str, Any], caller: Principal) -> Transfer:
    """Return a transfer with what the caller may do next."""
    possible = rules.actions(
        state=body["state"],
        template=body["template"],
        author=body["author"],
        subject=caller.subject,
        roles={grant.role for grant in caller.grants},
    )
    allowed = [
        AllowedAction.model_validate(
            {"action": name, "is_allowed": blocked_by is None, "reason": blocked_by}
        )
        for name, blocked_by in possible
    ]
    return Transfer.model_validate({**body, "allowed_actions": allowed})


def answer(verdict: Verdict, caller: Principal, *, status: int) -> Response:
    """Answer with the transfer of a verdict; a replay is marked and says the same."""
    return _respond(transfer(verdict["answer"], caller), verdict, status=status)


def batch_answer(verdict: Verdict, caller: Principal, request: Request, *, status: int) -> Response:
    """Answer with the verdict on each item of a batch."""
    language = problems.language_of(request.headers.get("accept-language"))
    items = [_item(item, caller, language) for item in verdict["answer"]["items"]]
    return _respond(BatchOut(items=items), verdict, status=status)


def _item(item: Mapping[str, Any], caller: Principal, language: str) -> BatchItem:
    if "transfer" in item:
        return BatchItem(transfer=transfer(item["transfer"], caller), refusal=None)
    facts = item["refusal"]
    refusal = Refusal(
        code=facts["code"],
        pointer=facts["pointer"],
        detail=errors.detail_of(facts).pick(language),
        facts={name: fact for name, fact in facts.items() if name not in ("code", "pointer")},
    )
    return BatchItem(transfer=None, refusal=refusal)


def _respond(body: BaseModel, verdict: Verdict, *, status: int) -> Response:
    headers = {"Content-Type": "application/json"}
    if verdict.get("change_id") is not None:
        headers["Change-Id"] = f"funding:{verdict['change_id']}"
    if verdict["outcome"] == "replayed":
        headers[REPLAY_HEADER] = "true"
    return Response(body.model_dump_json(), status, headers)
