"""The API of criteria: `python -m criteria.main`."""

from chungsuc import app
from chungsuc.clock import Clock
from chungsuc.settings import ServiceSettings
from fastapi import APIRouter, FastAPI

from criteria.assessments.routes import router as assessments
from criteria.criteria_sets.routes import router as criteria_sets
from criteria.derived_measures.routes import router as derived_measures
from criteria.measures.routes import router as measures
from criteria.observations.routes import router as observations
from criteria.registers.areas.routes import router as areas
from criteria.registers.documents.routes import router as documents
from criteria.registers.organisations.routes import router as organisations
from criteria.settings import Settings
from criteria.targets.routes import router as targets
from criteria.targets.scorecard_routes import router as scorecards

ROUTERS: list[APIRouter] = [
    areas,
    organisations,
    documents,
    measures,
    derived_measures,
    observations,
    criteria_sets,
    assessments,
    targets,
    scorecards,
]


def create_app(settings: ServiceSettings | None = None, *, clock: Clock | None = None) -> FastAPI:
    """Return the service, told by its environment when no settings are given."""
    return app.create_service(
        name="criteria",
        title="Chung Sức: registers, criteria and assessments",
        settings=settings or Settings(),  # type: ignore[call-arg]
        routers=ROUTERS,
        clock=clock,
    )


def main() -> None:
    settings = Settings()  # type: ignore[call-arg]
    app.run(create_app(settings), settings)


if __name__ == "__main__":
    main()
