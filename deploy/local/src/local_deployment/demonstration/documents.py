"""The documents that state the figures."""

from local_deployment.demonstration.api import Api, data


def load(api: Api) -> dict[str, str]:
    """Register the documents; return the id of each by the key the other files use."""
    return {
        entry.pop("key"): api.post("/v1/documents", entry, user="administrator")["id"]
        for entry in data("documents.yaml")
    }
