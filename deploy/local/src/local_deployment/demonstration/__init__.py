"""The demonstration: published figures and what they need beside them, through the public API.

Every write has a key made from its content, so a load that was interrupted is simply run again.
"""

from collections.abc import Callable

from local_deployment.demonstration import capital, documents, poverty, results, targets
from local_deployment.demonstration.api import Api

__all__ = ["load"]


def load(gateway_url: str, *, token: Callable[[str], str]) -> None:
    """Load every part, documents first; `token` logs a demonstration user in."""
    with Api(gateway_url, token=token) as api:
        document_ids = documents.load(api)
        results.load(api, document_ids)
        poverty.load(api, document_ids)
        targets.load(api, document_ids)
        capital.load(api, document_ids)
