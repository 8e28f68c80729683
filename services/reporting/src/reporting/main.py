"""The API of reporting."""

from chungsuc.app import create_service, run
from chungsuc.clock import Clock
from fastapi import FastAPI

from reporting.clients.sources import open_sources
from reporting.facts.routes import router as facts
from reporting.reports.routes import router as reports
from reporting.settings import ReportingSettings


def create_app(settings: ReportingSettings | None = None, *, clock: Clock | None = None) -> FastAPI:
    """Return the application; without settings they are read from the environment."""
    return create_service(
        name="reporting",
        title="Chung Sức · reporting",
        settings=settings or ReportingSettings(),  # type: ignore[call-arg]
        routers=[reports, facts],
        clock=clock,
        resources=[open_sources],
    )


def main() -> None:
    """Serve until told to stop."""
    settings = ReportingSettings()  # type: ignore[call-arg]
    run(create_app(settings), settings)


if __name__ == "__main__":
    main()
