"""What can be said of the container files without an engine: the walls stand as they are drawn."""

import importlib.util
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from local_deployment import layout
from local_deployment.identity import Identity
from local_deployment.plan import Plan, Ports, inherited_environment
from local_deployment.roles import ServiceUrls

from tests.containers.stand import ONCE, make_env

COMPOSE_FILE = layout.ROOT / "docker-compose.yml"
DOCKERFILE = layout.ROOT / "Dockerfile"
COMPOSE: dict[str, Any] = yaml.safe_load(COMPOSE_FILE.read_text(encoding="utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
PARTS = sorted(set(SERVICES) - {"postgres"})
VARIABLE = re.compile(r"\$\{(\w+)(?:(:?[-?])([^}]*))?\}")
# What ends once its work is done, the last of them only when asked for.
ENDING = {*ONCE, "demonstration"}
IS_SECRET = re.compile(r"PASSWORD|SECRET")
# What only a deployment needs to say, beside all that the runner of one machine says.
MORE_IN_CONTAINERS = {"POOL_SIZE", "TRUSTED_PROXIES", "ALLOWED_ORIGINS"}
BINARIES = Path(sys.executable).parent


def test_the_compose_file_keeps_to_the_specification() -> None:
    command = [BINARIES / "check-jsonschema", "--builtin-schema", "vendor.compose-spec"]
    done = subprocess.run([*command, COMPOSE_FILE], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_linter_finds_nothing_in_the_dockerfile() -> None:
    done = subprocess.run([BINARIES / "hadolint", DOCKERFILE], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_a_container_can_do_no_more_than_its_work(name: str) -> None:
    service = SERVICES[name]
    assert service["user"] not in ("root", "0", "0:0")
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    granted = {"privileged", "cap_add", "devices", "pid", "ipc", "userns_mode"} & set(service)
    assert granted == set()
    assert service.get("network_mode", "none") == "none"
    assert all(volume.split(":")[0] in COMPOSE["volumes"] for volume in service.get("volumes", []))


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_what_runs_is_watched_and_what_ends_is_not_started_for_ever(name: str) -> None:
    service = SERVICES[name]
    if name in ENDING:
        assert "restart" not in service
    else:
        assert service["restart"] == "unless-stopped"
        assert service["healthcheck"]["test"][0] == "CMD"
    assert service["logging"]["options"].keys() == {"max-size", "max-file"}


def test_the_gateway_alone_is_reached_from_outside_and_only_from_this_machine() -> None:
    assert [name for name, service in SERVICES.items() if "ports" in service] == ["gateway"]
    assert SERVICES["gateway"]["ports"] == [
        "${GATEWAY_ADDRESS:-127.0.0.1}:${GATEWAY_PORT:-8080}:8080"
    ]
    outside = [name for name, service in SERVICES.items() if "outside" in networks_of(service)]
    assert outside == ["gateway"]
    assert COMPOSE["networks"]["data"] == {"internal": True}
    assert "data" not in networks_of(SERVICES["gateway"])


def test_only_the_gateway_and_its_maker_hold_the_signing_key() -> None:
    holders = {
        name
        for name, service in SERVICES.items()
        if any(volume.startswith("identity:") for volume in service.get("volumes", []))
    }
    assert holders == {"gateway", "identity"}


def test_no_secret_has_a_default() -> None:
    found = VARIABLE.findall(COMPOSE_FILE.read_text(encoding="utf-8"))
    secret = [(name, operator) for name, operator, _ in found if IS_SECRET.search(name)]
    assert len(secret) > 10
    assert {operator for _, operator in secret} == {":?"}
    for service in SERVICES.values():
        for name, value in service.get("environment", {}).items():
            if IS_SECRET.search(name):
                assert value is None or VARIABLE.fullmatch(value)


def test_each_container_is_told_only_the_secrets_of_its_part() -> None:
    for name, service in SERVICES.items():
        told = yaml.safe_dump(service.get("environment", {}))
        secrets = {found for found, _, _ in VARIABLE.findall(told) if IS_SECRET.search(found)}
        part = name.removesuffix("-worker").upper()
        if name == "gateway":
            assert secrets == set()
        elif name == "postgres":
            assert secrets == {"POSTGRES_PASSWORD"}
        elif name not in ENDING:
            assert secrets == {f"{part}_RUNTIME_PASSWORD", f"{part}_CLIENT_SECRET"}


@pytest.mark.parametrize("name", PARTS)
def test_a_part_runs_a_program_that_exists(name: str) -> None:
    program = SERVICES[name]["command"]
    assert program[0] == "python"
    if program[1] == "-m":
        assert importlib.util.find_spec(program[2]) is not None
    else:
        assert (layout.ROOT / program[1]).is_file()
        assert f"!{program[1]}" in (layout.ROOT / ".dockerignore").read_text().splitlines()


@pytest.mark.parametrize("name", sorted(set(PARTS) - ENDING))
def test_a_part_is_told_what_the_local_house_tells_it(name: str, tmp_path: Path) -> None:
    plan = local_plan(tmp_path)
    service = name.removesuffix("-worker")
    if name == "gateway":
        program = plan.gateway()
    else:
        program = plan.worker(service) if name.endswith("-worker") else plan.service(service)
    told = set(program.environment) - (set(inherited_environment()) - {"LOG_LEVEL"})
    assert set(SERVICES[name]["environment"]) - MORE_IN_CONTAINERS == told
    assert program.command[1:] == SERVICES[name]["command"][1:]


def local_plan(folder: Path) -> Plan:
    nobody = Identity(folder, folder, folder, folder, dict.fromkeys(layout.SERVICES, "none"))
    databases = dict.fromkeys(layout.SERVICES, ServiceUrls(owner="none", runtime="none"))
    return Plan(folder, Ports.usual(), databases, nobody, is_demonstration=True)


def test_the_image_is_built_from_the_locks_and_holds_every_package_of_ours() -> None:
    text = DOCKERFILE.read_text(encoding="utf-8")
    assert "--require-hashes" in text
    assert not text.startswith("# syntax=")
    linked = set(re.findall(r"-e (\S+)", text))
    members = {str(path.parent.relative_to(layout.ROOT)) for path in package_files()}
    assert linked == members
    assert re.findall(r"^USER (.*)$", text, re.MULTILINE) == ["10001:10001"]
    assert text.count("FROM ${BASE_IMAGE}") == 2


def package_files() -> list[Path]:
    patterns = ("shared", "services/*", "gateway", "deploy/local")
    return [file for part in patterns for file in layout.ROOT.glob(f"{part}/pyproject.toml")]


def test_nothing_enters_the_image_unnamed() -> None:
    rules = [
        line
        for line in (layout.ROOT / ".dockerignore").read_text().splitlines()
        if line and not line.startswith("#")
    ]
    assert rules[0] == "*"
    assert not any(rule.startswith("!") and "env" in rule for rule in rules)


@pytest.mark.parametrize("kind", ["development", "provider"])
def test_make_env_writes_every_setting_that_must_be_set(tmp_path: Path, kind: str) -> None:
    done, settings = written(tmp_path / ".env", kind)
    assert done.returncode == 0, done.stderr
    text = COMPOSE_FILE.read_text(encoding="utf-8")
    required = {name for name, operator, _ in VARIABLE.findall(text) if operator == ":?"}
    assert required <= set(settings)
    assert ("SIGNING_KEY" in settings) == (kind == "development")


def test_make_env_writes_a_file_for_its_owner_and_prints_no_secret(tmp_path: Path) -> None:
    done, settings = written(tmp_path / ".env", "development")
    assert (tmp_path / ".env").stat().st_mode & 0o777 == 0o600
    secrets = [value for name, value in settings.items() if IS_SECRET.search(name)]
    assert len(set(secrets)) == len(secrets) == 11
    assert all(len(value) >= 32 for value in secrets)
    assert not any(value in done.stdout + done.stderr for value in secrets)


def test_make_env_again_keeps_what_is_set_and_adds_what_is_new(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    _, first = written(file, "development")
    lines = file.read_text().splitlines()
    file.write_text("\n".join(line for line in lines if "FUNDING_OWNER" not in line) + "\nMY=1\n")
    done, second = written(file, "development")
    assert "1 added" in done.stdout
    changed = {name for name in first if first[name] != second[name]}
    assert changed == {"FUNDING_OWNER_PASSWORD"}
    assert second["MY"] == "1"


def test_make_env_asks_for_the_secrets_only_a_provider_knows(tmp_path: Path) -> None:
    done, settings = written(tmp_path / ".env", "provider")
    asked = {name for name, value in settings.items() if not value}
    assert asked == {f"{service.upper()}_CLIENT_SECRET" for service in layout.SERVICES}
    assert all(name in done.stdout for name in asked)


def test_make_env_does_not_turn_one_kind_of_login_into_the_other(tmp_path: Path) -> None:
    _, before = written(tmp_path / ".env", "provider")
    done, after = written(tmp_path / ".env", "development")
    assert done.returncode == 1
    assert after == before


def written(file: Path, kind: str) -> tuple["subprocess.CompletedProcess[str]", dict[str, str]]:
    """Write settings and read them back."""
    provider = "--issuer https://id.test --keys https://id.test/keys --token-url https://id.test/t"
    done = make_env(*(["--development"] if kind == "development" else provider.split()), file=file)
    pairs = (line.partition("=") for line in file.read_text().splitlines())
    return done, {name: value for name, _, value in pairs}


def networks_of(service: dict[str, Any]) -> list[str]:
    found: list[str] = service.get("networks", [])
    return found
