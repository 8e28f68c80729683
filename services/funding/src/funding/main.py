"""The API of funding."""

from chungsuc.app import create_service, run
from chungsuc.clock import Clock
from fastapi import FastAPI

from funding.clients.criteria import open_criteria
from funding.disbursements.routes import router as disbursements
from funding.ledger.routes import router as ledger
from funding.pockets.routes import router as pockets
from funding.programmes.routes import router as programmes
from funding.projects.plan_routes import router as plans
from funding.projects.routes import router as projects
from funding.settings import FundingSettings


def create_app(settings: FundingSettings | None = None, *, clock: Clock | None = None) -> FastAPI:
    """Return the application; without settings they are read from the environment."""
    return create_service(
        name="funding",
        title="Chung Sức · funding",
        settings=settings or FundingSettings(),  # type: ignore[call-arg]
        routers=[programmes, projects, plans, pockets, ledger, disbursements],
        clock=clock,
        resources=[open_criteria],
    )


def main() -> None:
    """Serve until told to stop."""
    settings = FundingSettings()  # type: ignore[call-arg]
    run(create_app(settings), settings)


if __name__ == "__main__":
    main()
