"""Counts of households: one table, judged by every poverty standard."""

from collections.abc import Mapping

from local_deployment.demonstration.api import Api, data


def load(api: Api, document_ids: Mapping[str, str]) -> None:
    """Record every cell of the table on each of its days."""
    table = data("poverty.yaml")
    for day, counts in table["counts"].items():
        body = {
            "document_id": document_ids["demonstration-values"],
            "is_demonstration": True,
            "items": [
                {"area": table["area"], "measure": cell, "observed_on": day, "value": str(count)}
                for cell, count in counts.items()
            ],
        }
        api.post("/v1/observations", body, user="officer")
