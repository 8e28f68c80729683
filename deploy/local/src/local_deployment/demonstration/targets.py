"""Planned results."""

from collections.abc import Mapping

from local_deployment.demonstration.api import Api, data


def load(api: Api, document_ids: Mapping[str, str]) -> None:
    """Set the targets that the documents state."""
    for entry in data("targets.yaml"):
        body = {**entry, "document_id": document_ids[entry["document"]]}
        del body["document"]
        api.post("/v1/targets", body, user="administrator")
