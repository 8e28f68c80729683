"""What the house is made of: its programs, their ports and what each is told."""

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from local_deployment import layout, ports
from local_deployment.errors import LocalError
from local_deployment.identity import Identity
from local_deployment.processes import Program
from local_deployment.roles import ServiceUrls

HOST = "127.0.0.1"
AUDIENCE = "chungsuc"
USUAL_PORTS = {"gateway": 8080, "criteria": 8101, "funding": 8102, "reporting": 8103}


@dataclass(frozen=True)
class Ports:
    """The ports of one house."""

    gateway: int
    criteria: int
    funding: int
    reporting: int

    @classmethod
    def free(cls) -> "Ports":
        """Choose ports that nobody uses."""
        found: set[int] = set()
        while len(found) < len(USUAL_PORTS):
            found.add(ports.find_free_port())
        return cls(*found)

    @classmethod
    def usual(cls, *, gateway: int = USUAL_PORTS["gateway"]) -> "Ports":
        """Take the usual ports behind a given gateway."""
        return cls(**(USUAL_PORTS | {"gateway": gateway}))

    def require_free(self) -> "Ports":
        """Refuse a taken gateway port; move services, whose ports people do not meet."""
        if not ports.is_free(self.gateway):
            raise LocalError(
                f"Port {self.gateway} is taken by another program.\n"
                f"End that program, or choose another port: make run PORT={ports.find_free_port()}"
            )
        taken = [name for name in layout.SERVICES if not ports.is_free(getattr(self, name))]
        return replace(self, **{name: ports.find_free_port() for name in taken})

    def url(self, name: str) -> str:
        """Return the address of the gateway or of a service."""
        return f"http://{HOST}:{getattr(self, name)}"


@dataclass(frozen=True)
class Plan:
    """Everything needed to write down the house's programs."""

    folder: Path
    ports: Ports
    databases: Mapping[str, ServiceUrls]
    identity: Identity
    is_demonstration: bool

    def migration(self, service: str) -> Program:
        """Return the program that brings a schema up to date."""
        told = {"MIGRATION_DATABASE_URL": self.databases[service].owner}
        return self._program(f"{service}-migrate", [f"{service}.migrate"], told)

    def catalogue(self, service: str) -> Program:
        """Return the program that loads a service's catalogue."""
        told = self._service_environment(service)
        return self._program(f"{service}-catalogue", [f"{service}.catalogue", "load"], told)

    def service(self, service: str) -> Program:
        """Return the program that answers requests."""
        return self._program(service, [f"{service}.main"], self._service_environment(service))

    def worker(self, service: str) -> Program:
        """Return the program that does the work nobody waits for."""
        told = self._service_environment(service)
        return self._program(f"{service}-worker", [f"{service}.worker"], told)

    def gateway(self) -> Program:
        """Return the program in front of the services."""
        told = self._common_environment() | {
            "PORT": str(self.ports.gateway),
            "SIGNING_KEY": str(self.identity.signing_key),
            "DEVELOPMENT_USERS": str(self.identity.users_file),
            "DEMONSTRATION": str(self.is_demonstration).lower(),
        }
        return self._program("gateway", ["gateway.main"], told)

    def _service_environment(self, service: str) -> dict[str, str]:
        return self._common_environment() | {
            "PORT": str(getattr(self.ports, service)),
            "DATABASE_URL": self.databases[service].runtime,
            "TOKEN_URL": f"{self.ports.url('gateway')}/v1/token",
            "SERVICE_CLIENT_ID": service,
            "SERVICE_CLIENT_SECRET": self.identity.client_secrets[service],
        }

    def _common_environment(self) -> dict[str, str]:
        return {
            "HOST": HOST,
            "TOKEN_ISSUER": self.ports.url("gateway"),
            "TOKEN_AUDIENCE": AUDIENCE,
            "TOKEN_KEYS": str(self.identity.key_set),
            "CRITERIA_URL": self.ports.url("criteria"),
            "FUNDING_URL": self.ports.url("funding"),
            "REPORTING_URL": self.ports.url("reporting"),
            "LOG_LEVEL": os.environ.get("LOG_LEVEL", "info"),
        }

    def _program(self, name: str, module: list[str], told: Mapping[str, str]) -> Program:
        return Program(
            name=name,
            command=[sys.executable, "-m", *module],
            environment=inherited_environment() | dict(told),
            folder=self.folder,
            log=self.folder / "logs" / f"{name}.log",
        )


def inherited_environment() -> dict[str, str]:
    """Return what a program takes from its surroundings: no other server's address or password."""
    ours = {"DATABASE_URL", "PORT", "HOST", "PG_BINDIR"}
    kept = {name: value for name, value in os.environ.items() if name not in ours}
    # The house talks to itself: a proxy of the network must not be asked for 127.0.0.1.
    return kept | {"PYTHONUTF8": "1", "NO_PROXY": HOST, "no_proxy": HOST}
