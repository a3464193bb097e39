"""Requests that schemathesis makes from the contract, with ids and values that the account has.

What a request needs of the account (ids in paths, values in filters, metrics and days in reports)
is written into a copy of the contract as lists of allowed values; schemathesis then draws from
those, and for a wrong request from everything else.
"""

from __future__ import annotations

import copy
import datetime as dt
import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import schemathesis
from contract_schemas import Contract, Key
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import Config, GenerationMode
from schemathesis.config import GenerationConfig, ProjectConfig, ProjectsConfig
from schemathesis.core.failures import FailureGroup
from schemathesis.openapi import checks as _registers_the_checks  # noqa: F401
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

__all__ = ["Account", "Tally", "generated"]

_CHECKS = [content_type_conformance, status_code_conformance]
_NEVER_DRAWN = {"revision", "page[cursor]", "page_cursor"}
_REVISION = "2026-07-15"


@dataclass(frozen=True, slots=True)
class Account:
    """What requests may name.

    Attributes:
        url: where it is served.
        key: its private key.
        certificate: of the server, to be trusted.
        ids: of resources, by folder.
        metric: one that converts.
        now: the simulated instant.
    """

    url: str
    key: str
    certificate: str
    ids: Mapping[str, Sequence[str]]
    metric: str
    now: dt.datetime


@dataclass(slots=True)
class Tally:
    """What came of the requests to one operation.

    Attributes:
        statuses: how many answers of each status, by what was asked: all fields, some, or nonsense.
        violations: what the answers got wrong, and how often.
    """

    statuses: dict[str, Counter[int]] = field(default_factory=lambda: defaultdict(Counter))
    violations: Counter[str] = field(default_factory=Counter)


def generated(
    contract: Contract, account: Account, keys: Iterable[Key], *, examples: int
) -> Iterator[tuple[Key, Tally]]:
    """Ask each operation for all fields, for some of them, and for what it does not offer.

    Args:
        contract: what is promised.
        account: who promises it.
        keys: operations to ask.
        examples: requests of each sort an operation.
    """
    wanted, config = set(keys), _config()
    whole, sparse = (
        schemathesis.openapi.from_dict(
            _fed(contract, account, wanted, is_sparse=is_sparse), config=config
        )
        for is_sparse in (False, True)
    )
    for method, path in sorted(wanted):
        tally = Tally()
        for sort, schema, mode in (
            ("all", whole, GenerationMode.POSITIVE),
            ("some", sparse, GenerationMode.POSITIVE),
            ("nonsense", sparse, GenerationMode.NEGATIVE),
        ):
            _ask(schema[path][method], mode, account, tally, examples, sort=sort)
        yield (method, path), tally


def _config() -> Config:
    drawing = GenerationConfig(with_security_parameters=False, allow_x00=False)
    return Config(projects=ProjectsConfig(default=ProjectConfig(generation=drawing)))


def _ask(
    operation: Any,
    mode: GenerationMode,
    account: Account,
    tally: Tally,
    examples: int,
    *,
    sort: str,
) -> None:
    headers = {"Authorization": f"Klaviyo-API-Key {account.key}", "revision": _REVISION}

    @settings(
        max_examples=examples,
        database=None,
        derandomize=True,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate],
    )
    @given(operation.as_strategy(generation_mode=mode))
    def asked(case: Any) -> None:
        answer = case.call(account.url, headers=headers, verify=account.certificate)
        tally.statuses[sort][answer.status_code] += 1
        # who asks for some fields gets no others, those that the contract requires among them
        is_whole = sort == "all" or answer.status_code >= 400
        checks = [*_CHECKS, response_schema_conformance] if is_whole else _CHECKS
        try:
            case.validate_response(answer, checks=checks)
        except FailureGroup as failed:
            tally.violations.update(_told(each) for each in failed.exceptions)
        if answer.status_code >= 500 or (sort != "nonsense" and not _is_expected(answer)):
            tally.violations[f"{answer.status_code}: {answer.text[60:400]}"] += 1

    asked()


def _told(failure: BaseException) -> str:
    """What failed, without the answer that it failed in."""
    title, *more = str(failure).split("\n\n")
    return f"{title}: {more[0][:300]}" if more else title


def _is_expected(answer: Any) -> bool:
    """A right request succeeds, unless the resource that it asks for has no relative."""
    return answer.status_code == 200 or (
        answer.status_code == 404 and "related" in answer.json()["errors"][0]["detail"]
    )


def _fed(
    contract: Contract, account: Account, keys: set[Key], *, is_sparse: bool
) -> dict[str, Any]:
    """The contract of some operations, whose values are those of the account."""
    fed = copy.deepcopy(contract.specification)
    paths: dict[str, Any] = {}
    for method, path in sorted(keys):
        operation = fed["paths"][path][method.lower()]
        operation["parameters"] = [
            _parameter(each, path, operation, account)
            for each in operation["parameters"]
            if each["name"] not in _NEVER_DRAWN
            and (is_sparse or not each["name"].startswith("fields["))
        ]
        if "requestBody" in operation:
            for content in operation["requestBody"]["content"].values():
                content["schema"] = _asked(contract, content["schema"], account)
        paths.setdefault(path, {})[method.lower()] = operation
    fed["paths"] = paths
    fed.pop("security", None)
    return fed


def _parameter(
    said: dict[str, Any], path: str, operation: dict[str, Any], account: Account
) -> dict[str, Any]:
    if said["in"] == "path":
        folder = path.split("/")[2]
        return {**said, "schema": {"type": "string", "enum": list(account.ids[folder])[:50]}}
    if said["name"] == "filter":
        found = list(_filters(operation["x-klaviyo-filters"], path, account))
        return {**said, "schema": {"type": "string", "enum": found}}
    return said


def _filters(fields: Mapping[str, Mapping[str, Any]], path: str, account: Account) -> Iterator[str]:
    """One filter a field and operator, and what the endpoint requires beside it."""
    required = "messages.channel"
    beside = f"equals({required},'email')," if required in fields else ""
    for name, said in fields.items():
        if name == required:
            yield from (f"equals({name},'{each}')" for each in said["value"]["enum"])
            continue
        operators = said["operators"]
        yield from (f"{beside}{each}({name})" for each in operators.get("none", ()))
        for value in _values(name, said.get("value", {}), path, account):
            yield from (f"{beside}{each}({name},{value})" for each in operators.get("single", ()))
            yield from (f"{beside}{each}({name},[{value}])" for each in operators.get("list", ()))


def _values(name: str, said: Mapping[str, Any], path: str, account: Account) -> list[str]:
    """Values of a field as a filter writes them."""
    folder = {"metric_id": "metrics", "profile_id": "profiles"}.get(name, path.split("/")[-1])
    if name in {"id", "metric_id", "profile_id"}:
        return [json.dumps(each) for each in list(account.ids.get(folder, ("none",)))[:3]]
    if "enum" in said:
        return [json.dumps(each) for each in said["enum"]]
    instant = account.now - dt.timedelta(days=30)
    by_type = {
        "boolean": ["true", "false"],
        "number": [str(int(instant.timestamp()))],
        "string": ['"simulated"', '"UNSUBSCRIBE"'],
    }
    if said.get("format") == "date-time":
        return [instant.strftime("%Y-%m-%dT%H:%M:%SZ")]
    return by_type[said.get("type", "string")]


def _asked(contract: Contract, schema: dict[str, Any], account: Account) -> dict[str, Any]:
    """The body of a report's query, whose metric, days, groups and filters make sense together."""
    whole = copy.deepcopy(contract.resolved(schema))
    attributes = whole["properties"]["data"]["properties"]["attributes"]
    names = attributes["properties"]
    for name in _NEVER_DRAWN | {"return_fields", "sort"}:
        names.pop(name, None)
    for name, values in _sensible(names, account).items():
        if name in names:
            names[name] = {"enum": values}
    for name in ("statistics", "measurements"):
        if name in names:
            names[name] = {**names[name], "minItems": 1, "uniqueItems": True}
    if "by" in names:
        names["by"] = {**names["by"], "maxItems": 2, "uniqueItems": True}
    if "page_size" in names:
        names["page_size"] = {"type": "integer", "minimum": 1, "maximum": 500}
    return dict(whole)


def _sensible(names: Mapping[str, Any], account: Account) -> dict[str, list[Any]]:
    since, until = account.now - dt.timedelta(days=6), account.now - dt.timedelta(days=1)
    days = {"start": f"{since:%Y-%m-%dT00:00:00+00:00}", "end": f"{until:%Y-%m-%dT00:00:00+00:00}"}
    sensible: dict[str, list[Any]] = {
        "metric_id": [account.metric, *list(account.ids["metrics"])[:5]],
        "conversion_metric_id": [account.metric],
        "timeframe": [days, {"key": "yesterday"}, {"key": "last_7_days"}],
        "timezone": ["UTC", "Europe/Berlin", "Australia/Adelaide"],
    }
    groups = names.get("group_by", {}).get("items", {}).get("enum", ())
    if "metric_id" in names:
        bounds = [
            f"greater-or-equal(datetime,{days['start']})",
            f"less-than(datetime,{days['end']})",
        ]
        return {**sensible, "filter": [bounds]}
    for owner, needed in (
        ("campaign", ["campaign_id", "campaign_message_id"]),
        ("flow", ["flow_id", "flow_message_id"]),
        ("form", ["form_id"]),
        ("segment", ["segment_id"]),
    ):
        if f"{owner}_id" in groups or (owner == "segment" and not groups):
            known = list(account.ids.get(f"{owner}s", ("none",)))[:2]
            operator = "any" if owner in {"form", "segment"} else "contains-any"
            sensible["filter"] = [
                f'equals({owner}_id,"{known[0]}")',
                f"{operator}({owner}_id,{json.dumps(known)})",
            ]
            sensible["group_by"] = [needed, [*needed, *(set(groups) - set(needed))]]
    return sensible
