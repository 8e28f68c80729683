"""Run the gateway: `python -m gateway.main`."""

import uvicorn
from chungsuc import telemetry

from gateway.app import Gateway
from gateway.settings import GatewaySettings

GRACEFUL_SECONDS = 10


def create_app() -> Gateway:
    """Return the application with its settings from the environment."""
    return Gateway(GatewaySettings.model_validate({}))


def main() -> None:
    """Serve until told to stop: one process, one event loop; scale by replicas."""
    app = create_app()
    telemetry.configure_logs("gateway", level=app.settings.log_level)
    uvicorn.run(
        app,
        host=app.settings.host,
        port=app.settings.port,
        http="httptools",
        ws="none",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=GRACEFUL_SECONDS,
    )


if __name__ == "__main__":
    main()
