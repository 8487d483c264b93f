"""What no schema can say of compose.yaml: that it fits the service and its own parts."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import make_url

from tests.deploy.deploy_files import (
    COMPOSE,
    DEPLOY,
    DOCKERFILES,
    SECRETS,
    list_instructions,
    read_manifest,
    read_service_settings,
    read_yaml,
)

if TYPE_CHECKING:
    from tests.deploy.conftest import ServiceFacts

STACK: dict[str, Any] = read_yaml(COMPOSE)
SERVICES: dict[str, dict[str, Any]] = STACK["services"]
BUILT = {"dashboard": DEPLOY / "dashboard", "mlflow": DEPLOY / "compose" / "mlflow"}
EACH = pytest.mark.parametrize("name", sorted(SERVICES))


def list_mounts(service: dict[str, Any]) -> list[tuple[str, str, bool]]:
    """Return the volumes of a service: source, target, whether they are read-only."""
    mounts = []
    for volume in service.get("volumes", []):
        if isinstance(volume, dict):
            mounts.append((volume["source"], volume["target"], volume["read_only"]))
        else:
            source, target, *mode = volume.split(":")
            mounts.append((source, target, mode == ["ro"]))
    return mounts


def read_seconds(duration: str) -> int:
    assert duration.endswith("s")
    return int(duration[:-1])


def find_writable(service: dict[str, Any]) -> list[str]:
    return [entry.partition(":")[0] for entry in service.get("tmpfs", [])]


@EACH
def test_every_container_is_fenced_in(name: str) -> None:
    service = SERVICES[name]

    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert {"cpus", "memory", "pids"} == set(service["deploy"]["resources"]["limits"])
    assert service["healthcheck"]["test"][0] == "CMD"
    assert "privileged" not in service


@EACH
def test_no_container_runs_as_root(name: str) -> None:
    if name in BUILT:
        assert any(file.parent == BUILT[name] for file in DOCKERFILES)  # test_images.py reads them
    else:
        assert re.fullmatch(r"[1-9]\d*:\d+", SERVICES[name]["user"])


@EACH
def test_whatever_is_published_is_published_to_this_machine_alone(name: str) -> None:
    for port in SERVICES[name].get("ports", []):
        assert re.fullmatch(r"127\.0\.0\.1:\$\{[A-Z]+_PORT:-\d+\}:\d+", port)


@EACH
def test_what_is_mounted_is_there(name: str) -> None:
    for source, _, read_only in list_mounts(SERVICES[name]):
        if source.startswith("."):
            assert (COMPOSE.parent / source).exists()
            assert read_only
        elif not source.startswith("$"):
            assert source in STACK["volumes"]


@EACH
def test_whom_a_container_waits_for_can_be_reached(name: str) -> None:
    service = SERVICES[name]
    for other, how in service.get("depends_on", {}).items():
        assert how == {"condition": "service_healthy"}
        assert set(service["networks"]) & set(SERVICES[other]["networks"])


def test_the_service_is_run_as_its_image_and_its_code_expect(service_facts: ServiceFacts) -> None:
    service = SERVICES["service"]
    (port,) = service["ports"]

    assert service["user"] == f"{service_facts.user}:{service_facts.user}"
    assert port.endswith(f":{service_facts.port}")
    assert read_seconds(service["stop_grace_period"]) > service_facts.timeout_s


def test_the_health_of_the_service_is_asked_where_it_answers(service_facts: ServiceFacts) -> None:
    check = SERVICES["service"]["healthcheck"]
    found = re.search(r"http://127\.0\.0\.1:(\d+)(/\w+)', timeout=(\d+)", check["test"][-1])

    assert found
    assert int(found[1]) == service_facts.port
    assert found[2] in service_facts.routes
    assert service_facts.probe_timeout_s < int(found[3]) < read_seconds(check["timeout"])


def test_the_service_writes_only_where_it_may_and_reads_the_store_that_is_mounted() -> None:
    service = SERVICES["service"]
    environment = service["environment"]

    assert find_writable(service) == ["/tmp"]
    for name in ("BENTOML_HOME", "CREDIT_HOME"):
        assert environment[name].startswith("/tmp/")
    ((source, target, read_only),) = [
        mount for mount in list_mounts(service) if mount[0] != "decision-log"
    ]
    assert source.startswith("${HISTORY_STORE")
    assert (target, read_only) == (environment["CREDIT_HISTORY_STORE"], True)


def test_the_service_has_the_same_settings_here_and_on_kubernetes() -> None:
    assert read_service_settings() == read_manifest("ConfigMap")["data"]


def test_the_service_and_whoever_asks_it_are_given_key_and_token() -> None:
    assert set(SECRETS) <= set(SERVICES["service"]["environment"])
    assert "CREDIT_SERVICE_TOKEN" in SERVICES["dashboard"]["environment"]
    assert "CREDIT_ALLOW_ANONYMOUS" not in COMPOSE.read_text()


def test_the_dashboard_asks_the_service(service_facts: ServiceFacts) -> None:
    url = SERVICES["dashboard"]["environment"]["CREDIT_SERVICE_URL"]

    assert url == f"http://service:{service_facts.port}"
    assert set(SERVICES["dashboard"]["networks"]) & set(SERVICES["service"]["networks"])


@pytest.mark.parametrize("name", BUILT)
def test_an_image_of_ours_is_published_and_asked_where_it_listens(name: str) -> None:
    exposed = dict(list_instructions(BUILT[name] / "Dockerfile"))["EXPOSE"]
    service = SERVICES[name]

    assert service["ports"][0].endswith(f":{exposed}")
    assert f"127.0.0.1:{exposed}/" in service["healthcheck"]["test"][-1]


def test_mlflow_is_a_user_of_the_database_that_only_it_can_reach() -> None:
    uri = SERVICES["mlflow"]["environment"]["MLFLOW_BACKEND_STORE_URI"]
    database = SERVICES["postgres"]["environment"]

    user, name = database["POSTGRES_USER"], database["POSTGRES_DB"]
    assert uri == f"postgresql+psycopg2://{user}@postgres:5432/{name}"
    assert SERVICES["mlflow"]["environment"]["PGPASSWORD"] == database["POSTGRES_PASSWORD"]
    assert "ports" not in SERVICES["postgres"]
    assert STACK["networks"]["database"] == {"internal": True}
    others = [name for name, service in SERVICES.items() if "database" in service["networks"]]
    assert sorted(others) == ["mlflow", "postgres"]


def test_the_driver_that_the_database_s_address_means_is_in_the_image() -> None:
    uri = SERVICES["mlflow"]["environment"]["MLFLOW_BACKEND_STORE_URI"]
    driver = make_url(uri).get_dialect().import_dbapi().__name__

    lock = (BUILT["mlflow"] / "requirements.lock").read_text()
    assert re.search(rf"^{driver}-binary==", lock, re.MULTILINE)


def test_mlflow_keeps_its_artifacts_on_a_volume() -> None:
    entry = dict(list_instructions(BUILT["mlflow"] / "Dockerfile"))["ENTRYPOINT"]
    ((_, target, _),) = list_mounts(SERVICES["mlflow"])

    assert f'"--artifacts-destination", "{target}"' in entry
    assert '"--serve-artifacts"' in entry
