"""The capital of one province: assigned by the centre, allocated to its districts."""

from collections.abc import Mapping
from typing import Any

from local_deployment.demonstration.api import Api, data

MILLION = 1_000_000


def load(api: Api, document_ids: Mapping[str, str]) -> None:
    """Post and approve the assignment of each programme, then its allocation in detail."""
    plan = data("capital.yaml")
    province = api.get(f"/v1/areas/{plan['area']}", user="finance", as_of=plan["assigned_on"])
    districts = list(
        api.items("/v1/areas", user="finance", parent=province["id"], as_of=plan["assigned_on"])
    )
    for programme in plan["programmes"]:
        assigned = programme["assigned_million"] * MILLION
        pocket = _assign(api, plan, programme["programme"], assigned, province["id"], document_ids)
        allocated = assigned * programme["allocated_percent"] // 100
        for district, share in zip(districts, _shares(allocated, len(districts)), strict=True):
            _post(
                api,
                {
                    "template": "allocate",
                    "pocket_id": pocket,
                    "to": {"holder_kind": "area", "holder_id": district["id"]},
                    "amount_vnd": share,
                    "value_on": plan["allocated_on"],
                    "document_id": document_ids["demonstration-allocation"],
                },
            )


def _assign(
    api: Api,
    plan: Mapping[str, Any],
    programme: str,
    amount_vnd: int,
    province_id: str,
    document_ids: Mapping[str, str],
) -> str:
    posted = _post(
        api,
        {
            "template": "assign",
            "programme_id": programme,
            "capital_kind": plan["capital_kind"],
            "source": plan["source"],
            "budget_year": plan["budget_year"],
            "to": {"holder_kind": "area", "holder_id": province_id},
            "amount_vnd": amount_vnd,
            "value_on": plan["assigned_on"],
            "document_id": document_ids["central-session"],
        },
    )
    return next(
        str(line["pocket_id"]) for line in posted["lines"] if line["balance"] == "available"
    )


def _post(api: Api, transfer: Mapping[str, Any]) -> Any:
    """Make the transfer as one person and approve it as another."""
    made = api.post("/v1/transfers", transfer, user="finance")
    return api.post(f"/v1/transfers/{made['id']}/approve", {}, user="approver")


def _shares(total: int, parts: int) -> list[int]:
    """Equal shares that add up to the last đồng: the first ones take what is left over."""
    share, rest = divmod(total, parts)
    return [share + (1 if place < rest else 0) for place in range(parts)]
