"""Planned results."""

from collections.abc import Mapping
from typing import Any

from local_deployment.demonstration.api import Api, data


def load(api: Api, document_ids: Mapping[str, str]) -> None:
    """Set the targets that the documents state, and what was reported of them."""
    for entry in data("targets.yaml"):
        body = {**entry, "document_id": document_ids[entry["document"]]}
        del body["document"]
        api.post("/v1/targets", body, user="administrator")
    for card in data("scorecards.yaml"):
        _report(api, card, document_ids[card["document"]])


def _report(api: Api, card: Mapping[str, Any], document_id: str) -> None:
    """Record how many targets of a document an authority reported as positive."""
    items = [
        {
            "area": card["area"],
            "measure": f"scorecard_{name}_count",
            "observed_on": card["reported_on"],
            "value": str(card[name]),
        }
        for name in ("positive", "total")
    ]
    api.post("/v1/observations", {"document_id": document_id, "items": items}, user="officer")
