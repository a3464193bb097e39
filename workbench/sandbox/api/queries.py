"""What a request asks for, checked against the contract of its endpoint."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from workbench.sandbox.api.contract import Endpoint
from workbench.sandbox.api.filters import Condition, FilterError, conditions
from workbench.sandbox.api.jsonapi import Refusal
from workbench.sandbox.api.sparse_fields import sparse_fields

__all__ = ["Query", "cursor_parameter", "parsed_query"]

_CHANNEL = "messages.channel"


@dataclass(frozen=True, slots=True)
class Query:
    """A request that its endpoint accepts.

    Attributes:
        conditions: all of which a row must meet.
        sort: field to sort by; empty for the endpoint's own order.
        is_descending: whether the largest comes first.
        includes: relationships to include.
        additional: additional fields, as type.field.
        fields: sparse fieldsets by type.
        size: rows a page; None for all.
        cursor: where to go on; empty for the beginning.
        digest: text that is equal for requests which page through the same rows.
    """

    conditions: tuple[Condition, ...]
    sort: str
    is_descending: bool
    includes: frozenset[str]
    additional: frozenset[str]
    fields: Mapping[str, frozenset[str]]
    size: int | None
    cursor: str
    digest: str


def parsed_query(endpoint: Endpoint, parameters: Mapping[str, str], *, path: str) -> Query:
    """What the parameters of a request ask of an endpoint.

    Args:
        endpoint: whose contract holds.
        parameters: of the query string.
        path: of the request, to which cursors are bound.

    Raises:
        Refusal: the endpoint does not accept one of them.
    """
    sort = parameters.get("sort", "")
    field = sort.removeprefix("-")
    if sort and field not in endpoint.sorts:
        raise Refusal.invalid(f"'{sort}' is not a valid field to sort by.", parameter="sort")
    return Query(
        conditions=_conditions(endpoint, parameters.get("filter", "")),
        sort=field,
        is_descending=sort.startswith("-"),
        includes=_words(parameters, "include", endpoint.includes),
        additional=_additional(endpoint, parameters),
        fields=sparse_fields(endpoint, parameters),
        size=_size(endpoint, parameters.get("page[size]", "")),
        cursor=parameters.get(cursor_parameter(endpoint), "").removeprefix("="),
        digest=f"{path}|{parameters.get('filter', '')}|{sort}",
    )


def cursor_parameter(endpoint: Endpoint) -> str:
    """The name under which a cursor stands in the query string."""
    return "page_cursor" if endpoint.method == "POST" else "page[cursor]"


def _conditions(endpoint: Endpoint, text: str) -> tuple[Condition, ...]:
    try:
        found = conditions(text) if text else []
    except FilterError as error:
        raise Refusal.invalid(str(error), parameter="filter") from None
    for condition in found:
        _check(endpoint, condition)
    if endpoint.is_filter_required and _CHANNEL not in {each.field for each in found}:
        raise Refusal.invalid(
            f"A channel filter is required: equals({_CHANNEL},'email').", parameter="filter"
        )
    return tuple(found)


def _check(endpoint: Endpoint, condition: Condition) -> None:
    operators = endpoint.filters.get(condition.field)
    if operators is None:
        raise Refusal.invalid(f"'{condition.field}' cannot be filtered.", parameter="filter")
    is_list = isinstance(condition.value, list)
    needed = "list" if is_list and condition.operator == "equals" else condition.operator
    takes_list = needed in {"any", "list"}
    if needed not in operators or is_list != takes_list:
        raise Refusal.invalid(
            f"'{condition.operator}' is not allowed on '{condition.field}' with that value.",
            parameter="filter",
        )
    if (choices := endpoint.choices.get(condition.field)) is None:
        return
    values = condition.value if isinstance(condition.value, list) else [condition.value]
    for value in values:
        if value not in choices:
            raise Refusal.invalid(
                f"'{value}' is not a value of '{condition.field}': {', '.join(choices)}.",
                parameter="filter",
            )


def _words(parameters: Mapping[str, str], name: str, allowed: tuple[str, ...]) -> frozenset[str]:
    words = frozenset(word for word in parameters.get(name, "").split(",") if word)
    if unknown := sorted(words - set(allowed)):
        raise Refusal.invalid(f"'{unknown[0]}' is not a valid value of {name}.", parameter=name)
    return words


def _additional(endpoint: Endpoint, parameters: Mapping[str, str]) -> frozenset[str]:
    asked: set[str] = set()
    for name in parameters:
        if name.startswith("additional-fields["):
            kind = name.removeprefix("additional-fields[").removesuffix("]")
            allowed = tuple(
                each.split(".", 1)[1] for each in endpoint.additional if each.startswith(f"{kind}.")
            )
            asked |= {f"{kind}.{word}" for word in _words(parameters, name, allowed)}
    return frozenset(asked)


def _size(endpoint: Endpoint, text: str) -> int | None:
    if endpoint.size is None:
        return None
    default, most = endpoint.size
    if not text:
        return default
    if not text.isdecimal() or not 1 <= int(text) <= most:
        raise Refusal.invalid(
            f"Page size must be an integer between 1 and {most}.", parameter="page[size]"
        )
    return int(text)
