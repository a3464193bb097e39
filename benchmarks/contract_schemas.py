"""Klaviyo's OpenAPI file as schemas to hold answers against, with what is loosened and why.

Three flaws of the file are loosened: a choice of which several alternatives fit (oneOf becomes
anyOf); links.prev and links.next, which are null at either end of a listing; and the datetime of an
event, which has a space where the file promises a T. One thing is made
stricter: what is read by GET may hold no name that the file does not know. (Reports hold more in
Klaviyo's own answers than in the file: an id, and links to other pages.)
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

import jsonschema_rs
import orjson

__all__ = ["Contract", "Key"]

Key = tuple[str, str]
_JSON_API = "application/vnd.api+json"
_VALUES = {"default", "enum", "example"}  # that hold no schema


class Contract:
    """The operations of an OpenAPI 3.0 file, loosened.

    Args:
        path: the file.
    """

    def __init__(self, path: Path) -> None:
        self.specification: dict[str, Any] = _loosened(json.loads(path.read_text("utf-8")))
        self._validators: dict[str, jsonschema_rs.Validator] = {}

    @cached_property
    def operations(self) -> dict[Key, dict[str, Any]]:
        """What the file says of each operation, by method and path."""
        return {
            (method.upper(), path): said
            for path, methods in self.specification["paths"].items()
            for method, said in methods.items()
            if method in {"get", "post", "patch", "put", "delete"}
        }

    def problems(self, key: Key, status: int, body: bytes) -> Iterator[str]:
        """What is wrong with an answer: where in it, and why."""
        validator = self._validator(key, "200" if status == 200 else f"{status // 100}XX")
        for error in validator.iter_errors(orjson.loads(body)):
            yield from _told(error)

    def _validator(self, key: Key, status: str) -> jsonschema_rs.Validator:
        answer = self.operations[key]["responses"][status]
        name = answer.get("$ref", f"{key}{status}")
        if name not in self._validators:
            answer = self._named(answer["$ref"]) if "$ref" in answer else answer
            schema = answer["content"][_JSON_API]["schema"]
            is_closed = status == "200" and key[0] == "GET"
            self._validators[name] = self._compiled(schema, is_closed=is_closed)
        return self._validators[name]

    def _compiled(self, schema: dict[str, Any], *, is_closed: bool) -> jsonschema_rs.Validator:
        """A validator with the named schemas that this one leads to, and no others."""
        strict = self._schema(schema, is_closed=is_closed)
        shared: dict[str, Any] = {}
        waiting = [strict]
        while waiting:
            for node in _nodes(waiting.pop()):
                name = str(node.get("$ref", "")).removeprefix("#/components/schemas/")
                if name and name not in shared:
                    named = self.specification["components"]["schemas"][name]
                    shared[name] = self._schema(named, is_closed=is_closed)
                    waiting.append(shared[name])
        return jsonschema_rs.Draft202012Validator({**strict, "components": {"schemas": shared}})

    def _schema(self, node: Any, *, is_closed: bool) -> Any:
        """OpenAPI 3.0 as JSON Schema: null where it says nullable, no name that it does not say."""
        if isinstance(node, list):
            return [self._schema(each, is_closed=is_closed) for each in node]
        if not isinstance(node, dict):
            return node
        if "allOf" in node:
            node = self._merged(node)
        made = {
            name: value if name in _VALUES else self._schema(value, is_closed=is_closed)
            for name, value in node.items()
            if name != "nullable"
        }
        if is_closed and node.get("type") == "object" and "properties" in node:
            made["additionalProperties"] = False
        return {"anyOf": [made, {"type": "null"}]} if node.get("nullable") is True else made

    def _merged(self, node: dict[str, Any]) -> dict[str, Any]:
        """The parts of an allOf as one object, so that it can be closed."""
        parts = [self._named(part["$ref"]) if "$ref" in part else part for part in node["allOf"]]
        whole: dict[str, Any] = {name: value for name, value in node.items() if name != "allOf"}
        for part in parts:
            whole = _joined(whole, part)
        return {"type": "object", **whole}

    def resolved(self, node: Any) -> Any:
        """A part of the file with what it refers to in place of the references."""
        if isinstance(node, list):
            return [self.resolved(each) for each in node]
        if not isinstance(node, dict):
            return node
        if "$ref" in node:
            return self.resolved(self._named(node["$ref"]))
        return {name: self.resolved(each) for name, each in node.items()}

    def _named(self, reference: str) -> dict[str, Any]:
        found: Any = self.specification
        for name in reference.removeprefix("#/").split("/"):
            found = found[name]
        return dict(found)


def _told(error: Any) -> Iterator[str]:
    """Where an error is and what it is; of a choice, the errors of what fits best."""
    if choices := getattr(error.kind, "context", None):
        here = list(error.instance_path)
        for each in min(choices, key=lambda choice: (_is_another(choice, here), len(choice))):
            yield from _told(each)
        return
    where = "/".join("*" if isinstance(at, int) else str(at) for at in error.instance_path)
    yield f"{where}: {error.message[:300]}"


def _is_another(choice: list[Any], here: list[Any]) -> bool:
    """Whether a choice is not even of this type: null, or a resource of another type."""
    return any(
        list(each.instance_path) in (here, [*here, "type"]) and _is_type(each) for each in choice
    )


def _is_type(error: Any) -> bool:
    return type(error.kind).__name__.endswith(("Type", "Enum"))


def _joined(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    """Two descriptions of one object as one: the names of both."""
    both = {**one, **other}
    for name in one.keys() & other.keys():
        if isinstance(one[name], dict) and isinstance(other[name], dict):
            both[name] = _joined(one[name], other[name])
    return both


def _loosened(specification: dict[str, Any]) -> dict[str, Any]:
    """The file with its three flaws loosened."""
    loose = copy.deepcopy(specification)
    event = loose["components"]["schemas"]["EventResponseObjectResource"]
    del event["properties"]["attributes"]["properties"]["datetime"]["format"]
    for node in _nodes(loose):
        if isinstance(node.get("oneOf"), list):
            node["anyOf"] = node.pop("oneOf")
        names = node.get("properties")
        if isinstance(names, dict) and {"self", "next"} <= names.keys():
            for name in ("prev", "next"):
                names[name] = {**names.get(name, {"type": "string"}), "nullable": True}
    return loose


def _nodes(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        yield node
        for each in list(node.values()):
            yield from _nodes(each)
    elif isinstance(node, list):
        for each in node:
            yield from _nodes(each)
