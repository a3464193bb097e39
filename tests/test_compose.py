"""compose.yaml, as far as it can be checked without a container engine."""

from __future__ import annotations

import re
from typing import Any

import psycopg
import pytest
import yaml
from conftest import REPOSITORY, Server
from psycopg.sql import SQL, Identifier, Literal


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((REPOSITORY / "compose.yaml").read_text())
    return found


@pytest.fixture(scope="module")
def service(compose: dict[str, Any]) -> dict[str, Any]:
    (found,) = compose["services"].values()
    return dict(found)


def settings(service: dict[str, Any]) -> dict[str, str]:
    program, *words = service["command"]
    assert program == "postgres"
    return dict(word.removeprefix("--").split("=", 1) for word in words)


def test_the_server_knows_every_setting_and_takes_its_value(
    service: dict[str, Any], timescaledb_server: Server
) -> None:
    with psycopg.connect(timescaledb_server.dsn, autocommit=True) as admin:
        known = {name for (name,) in admin.execute("select lower(name) from pg_settings")}
        assert settings(service).keys() <= known
        for name, value in settings(service).items():
            # written down for the next start only, and taken back; a wrong value is refused
            text = "alter system set {} to {}"
            words = [Literal(word) for word in value.split(",")]
            admin.execute(SQL(text).format(*_named(name), SQL(", ").join(words)))
            admin.execute(SQL("alter system reset {}").format(*_named(name)))


def _named(name: str) -> list[Identifier]:
    return [Identifier(*name.split("."))]


def test_what_the_workbench_wants_is_set(service: dict[str, Any]) -> None:
    libraries = settings(service)["shared_preload_libraries"].split(",")
    assert libraries == ["timescaledb", "pg_stat_statements"]
    assert re.fullmatch(r"timescale/timescaledb:\d+\.\d+\.\d+-pg\d+", service["image"])
    assert service["restart"] == "unless-stopped"


def test_the_port_is_open_to_this_machine_only(service: dict[str, Any]) -> None:
    assert service["ports"]
    assert all(port.startswith("127.0.0.1:") for port in service["ports"])
    assert "network_mode" not in service


def test_no_secret_has_a_value(compose: dict[str, Any], service: dict[str, Any]) -> None:
    for secret in compose["secrets"].values():
        assert re.fullmatch(r"\$\{\w+:\?[^}]+\}", secret["file"])
    for name, value in service["environment"].items():
        assert "PASSWORD" not in name or name.endswith("_FILE")
        if name.endswith("_FILE"):
            assert value.removeprefix("/run/secrets/") in service["secrets"]
            assert value.removeprefix("/run/secrets/") in compose["secrets"]


def test_data_outlives_the_container(compose: dict[str, Any], service: dict[str, Any]) -> None:
    (mount,) = service["volumes"]
    volume, _, path = mount.partition(":")
    assert volume in compose["volumes"]
    assert path == "/var/lib/postgresql/data"


def test_health_is_asked_of_the_database_that_is_made(service: dict[str, Any]) -> None:
    asked = service["healthcheck"]["test"]
    assert asked[:2] == ["CMD", "pg_isready"]
    assert f"--username={service['environment']['POSTGRES_USER']}" in asked
    assert f"--dbname={service['environment']['POSTGRES_DB']}" in asked
