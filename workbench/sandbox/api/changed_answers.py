"""Faults in the rows of an answer, made in its parsed content; the shop stays as it is."""

from __future__ import annotations

import operator
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import reduce
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from workbench.sandbox.api.faults import Faults, Rule, draw
from workbench.sandbox.api.filters import Condition
from workbench.sandbox.api.jsonapi import Body, Refusal
from workbench.sandbox.api.queries import Query

__all__ = ["UNKNOWN_WORD", "ChangedAnswers", "Served"]

UNKNOWN_WORD = "simulated-unknown-word"
_CURSOR = "page[cursor]"
_Following = frozenset[tuple[str, str]]
_REMEMBERED = 10_000  # pages whose last row is kept for the page that follows

# by type: a field whose words the contract lists
_WORDS: Mapping[str, tuple[str, ...]] = {
    "campaign": ("attributes", "status"),
    "campaign-message": ("attributes", "definition", "channel"),
    "flow": ("attributes", "trigger_type"),
    "flow-action": ("attributes", "definition", "type"),
    "form": ("attributes", "status"),
    "form-version": ("attributes", "form_type"),
    "list": ("attributes", "opt_in_process"),
    "metric-property": ("attributes", "inferred_type"),
    "profile": ("attributes", "subscriptions", "email", "marketing", "consent"),
    "push-token": ("attributes", "platform"),
    "template": ("attributes", "editor_type"),
}
# by type: a field that the contract neither leaves out nor lets be null
_PROMISED: Mapping[str, tuple[str, ...]] = {
    "campaign": ("attributes", "name"),
    "campaign-message": ("attributes", "definition"),
    "event": ("relationships", "metric", "data"),
    "form": ("attributes", "name"),
    "form-version": ("attributes", "variation_name"),
    "metric-property": ("attributes", "label"),
    "profile": ("attributes", "subscriptions", "email", "marketing", "can_receive_email_marketing"),
    "push-token": ("attributes", "token"),
    "segment": ("attributes", "is_active"),
    "tag": ("attributes", "name"),
    "tag-group": ("attributes", "name"),
    "template": ("attributes", "html"),
}


@dataclass(frozen=True, slots=True)
class Served:
    """An answer and what it answers.

    Attributes:
        query: what was asked.
        parameters: of the query string.
        ask: the content of another query to the same endpoint.
        metrics: names of metrics by id.
    """

    query: Query
    parameters: Mapping[str, str]
    ask: Callable[[Query], Body]
    metrics: Mapping[str, str]


class ChangedAnswers:
    """Puts the faults that change rows into answers.

    Args:
        faults: draws the rows.
    """

    def __init__(self, faults: Faults) -> None:
        self._faults = faults
        # by the query of the page that follows: the same cursor may belong to several
        self._last: OrderedDict[_Following, tuple[Body, list[Body]]] = OrderedDict()
        self._changes: Mapping[str, Callable[[Body, Rule, Served], None]] = {
            "duplicates": self._repeated,
            "excluded-bound": self._with_bound,
            "unsorted": self._unsorted,
            "hidden-events": self._hidden,
            "unknown-enum": self._unknown_word,
            "nulls": self._null,
        }

    @property
    def is_needed(self) -> bool:
        """Whether a rule in force changes rows, at this request or a later one."""
        return any(rule.name in self._changes for rule in self._faults.rules)

    def change(self, content: Body, hits: Iterable[Rule], served: Served) -> None:
        """Put the rules that hit a request into the content of its answer.

        Raises:
            Refusal: what was asked for is hidden.
        """
        for rule in hits:
            if change := self._changes.get(rule.name):
                change(content, rule, served)
        self._remember(content)

    def _with_bound(self, content: Body, rule: Rule, served: Served) -> None:
        """Rows at the bound of greater-than, beside the first row after it."""
        query = served.query
        is_edge = not (content["links"].get("next") if query.is_descending else query.cursor)
        if not is_edge or all(each.operator != "greater-than" for each in query.conditions):
            return
        conditions = tuple(each for given in query.conditions for each in _at_bound(given))
        asked = replace(query, conditions=conditions, cursor="", digest=f"{query.digest}|bound")
        rows = served.ask(asked)["data"]
        data = content["data"]
        content["data"] = [*data, *rows] if query.is_descending else [*rows, *data]

    def _unsorted(self, content: Body, rule: Rule, served: Served) -> None:
        archived = [each.value for each in served.query.conditions if each.field == "archived"]
        if archived == ["true"] and isinstance(content["data"], list):
            content["data"].sort(key=lambda body: draw(self._faults.seed, rule.text, body["id"]))

    def _hidden(self, content: Body, rule: Rule, served: Served) -> None:
        wanted = rule.word("metric")

        def is_hidden(body: Body) -> bool:
            if body["type"] != "event":
                return False
            if not wanted:
                return self._faults.hits_row(rule, body["id"])
            related = body.get("relationships", {}).get("metric", {}).get("data") or {}
            return wanted in {related.get("id"), served.metrics.get(related.get("id", ""))}

        if isinstance(content["data"], list):
            content["data"] = [body for body in content["data"] if not is_hidden(body)]
        elif is_hidden(content["data"]):
            raise Refusal.missing(f"events/{content['data']['id']}")

    def _unknown_word(self, content: Body, rule: Rule, served: Served) -> None:
        self._put(content, rule, _WORDS, UNKNOWN_WORD)

    def _null(self, content: Body, rule: Rule, served: Served) -> None:
        self._put(content, rule, _PROMISED, None)

    def _put(
        self, content: Body, rule: Rule, fields: Mapping[str, tuple[str, ...]], value: Any
    ) -> None:
        """Set one field of the rows that a rule hits, where they have it."""
        data = content["data"]
        for body in (data if isinstance(data, list) else [data]) + content.get("included", []):
            path = fields.get(body["type"])
            if path is None or not self._faults.hits_row(rule, body.get("id", "")):
                continue
            try:
                place = reduce(operator.getitem, path[:-1], body)
            except (KeyError, TypeError):
                continue
            if isinstance(place, dict) and place.get(path[-1]) is not None:
                place[path[-1]] = value

    def _repeated(self, content: Body, rule: Rule, served: Served) -> None:
        """Begin a page with the last row of the page before."""
        if (before := self._last.get(_following(served.parameters))) is not None:
            row, included = before
            content["data"] = [row, *content["data"]]
            if included:
                there = {_name(body) for body in content["included"]}
                content["included"] += [body for body in included if _name(body) not in there]

    def _remember(self, content: Body) -> None:
        """Keep the last row of a page for the page that follows."""
        following = content.get("links", {}).get("next")
        if following and isinstance(content["data"], list) and content["data"]:
            row = content["data"][-1]
            linked = _linked(row)
            included = [body for body in content.get("included", ()) if _name(body) in linked]
            self._last[_following(dict(parse_qsl(urlsplit(following).query)))] = row, included
            if len(self._last) > _REMEMBERED:
                self._last.popitem(last=False)


def _following(parameters: Mapping[str, str]) -> _Following:
    """A query string, however its cursor is spelt."""
    cursor = parameters.get(_CURSOR, "").removeprefix("=")
    return frozenset({**parameters, _CURSOR: cursor}.items())


def _name(body: Body) -> tuple[str, str]:
    return body["type"], body["id"]


def _linked(row: Body) -> set[tuple[str, str]]:
    """What a row refers to, which an answer includes wherever the row stands."""
    found: set[tuple[str, str]] = set()
    for related in row.get("relationships", {}).values():
        data = related.get("data") or []
        found |= {_name(each) for each in (data if isinstance(data, list) else [data])}
    return found


def _at_bound(condition: Condition) -> list[Condition]:
    """A condition, or for greater-than the two that only its bound meets."""
    if condition.operator != "greater-than":
        return [condition]
    return [replace(condition, operator=each) for each in ("greater-or-equal", "less-or-equal")]
