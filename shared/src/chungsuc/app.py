"""How every service is put together: one factory, so that all answer alike."""

import json
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import psycopg
import sqlalchemy.exc
import uvicorn
from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.routing import APIRoute
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from sqlalchemy import text
from starlette.middleware import Middleware

from chungsuc import gauges, jobs, problems, telemetry
from chungsuc.access import TokenVerifier
from chungsuc.changes import feed_router
from chungsuc.clock import Clock, SystemClock
from chungsuc.database import Database
from chungsuc.settings import ProcessSettings, ServiceSettings

# A connection that broke, a deadlock, a lock or a pool that was waited for too long.
TRANSIENT_FAULTS = (
    sqlalchemy.exc.OperationalError,
    sqlalchemy.exc.InterfaceError,
    sqlalchemy.exc.TimeoutError,
    psycopg.OperationalError,
    psycopg.InterfaceError,
)
Resource = Callable[[FastAPI], Any]


def create_service(
    *,
    name: str,
    title: str,
    settings: ServiceSettings,
    routers: Sequence[APIRouter],
    clock: Clock | None = None,
    resources: Sequence[Resource] = (),
) -> FastAPI:
    """Return a service with its platform: problems, ids, logs, metrics, health, feed, jobs, audit.

    `resources` are async context managers opened with the application (clients of other services).
    """
    metrics = telemetry.Metrics()
    app = FastAPI(
        title=title,
        version="1",
        lifespan=_lifespan(resources),
        generate_unique_id_function=_operation_id,
        middleware=[Middleware(telemetry.RequestTelemetry, service=name, metrics=metrics)],
        docs_url=None,
        redoc_url=None,
        separate_input_output_schemas=False,
    )
    app.state.service = name
    app.state.settings = settings
    app.state.clock = clock or SystemClock()
    app.state.database = Database(
        settings.database_url.get_secret_value(), pool_size=settings.pool_size
    )
    app.state.verifier = TokenVerifier(
        issuer=settings.token_issuer, audience=settings.token_audience, keys=settings.token_keys
    )
    problems.install(app)
    for fault in TRANSIENT_FAULTS:
        app.add_exception_handler(fault, problems.answer_unavailable)
    for router in [*routers, feed_router(name), jobs.jobs_router(name), _operations(metrics)]:
        app.include_router(router)
    _describe_problems(app)
    return app


def run(app: FastAPI, settings: ProcessSettings) -> None:
    """Serve until told to stop: one process, one event loop; scale by replicas."""
    telemetry.configure_logs(app.state.service, level=settings.log_level)
    uvicorn.run(
        app,
        host=settings.host,
        port=settings.port,
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=10,
        server_header=False,
    )


def _lifespan(resources: Sequence[Resource]) -> Any:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            await app.state.database.open()
            stack.push_async_callback(app.state.database.close)
            for resource in resources:
                await stack.enter_async_context(resource(app))
            yield

    return lifespan


def _operation_id(route: APIRoute) -> str:
    return route.operation_id or route.name


def _operations(metrics: telemetry.Metrics) -> APIRouter:
    router = APIRouter(include_in_schema=False)

    @router.get("/healthz")
    async def is_alive() -> dict[str, str]:
        return {"status": "alive"}

    @router.get("/readyz")
    async def is_ready(request: Request) -> Response:
        state = await _readiness(request.app)
        status = 200 if state["status"] == "ready" else 503
        return Response(json.dumps(state), status, media_type="application/json")

    @router.get("/metrics")
    async def show_metrics(request: Request) -> Response:
        series = generate_latest(metrics.registry) + await gauges.scrape(request.app.state.database)
        return Response(series, media_type=CONTENT_TYPE_LATEST)

    return router


async def _readiness(app: FastAPI) -> dict[str, Any]:
    try:
        async with app.state.database.read_scope() as session:
            feed = (
                await session.execute(
                    text(
                        "SELECT last_position, "
                        "extract(epoch FROM clock_timestamp() - sequenced_until) AS idle_seconds "
                        "FROM feed_state"
                    )
                )
            ).one()
    except Exception as fault:
        telemetry.logger().warning("not ready", fault=repr(fault))
        return {"status": "not ready", "degraded": ["database"]}
    degraded = ["sequencer"] if feed.idle_seconds > 10 else []
    return {"status": "ready", "degraded": degraded, "feed_position": feed.last_position}


def _describe_problems(app: FastAPI) -> None:
    """Give every operation of the OpenAPI document our problem in place of the framework's 422."""
    make = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            document = make()
            schemas = document.setdefault("components", {}).setdefault("schemas", {})
            schemas.pop("HTTPValidationError", None)
            schemas.pop("ValidationError", None)
            problem = problems.ProblemBody.model_json_schema(
                ref_template="#/components/schemas/{model}"
            )
            schemas.update(problem.pop("$defs"))
            schemas["ProblemBody"] = problem
            described = problems.responses(problems.Invalid)[422]
            for path in document["paths"].values():
                for operation in path.values():
                    if "422" in operation["responses"]:
                        operation["responses"]["422"] = described
            app.openapi_schema = document
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]
