"""Faults on demand: rules that make a good answer a bad one, each time at the same requests.

A rule is a name and options: ``500``, ``503:share=0.1,path=/api/events``, ``reset:times=1,skip=3``,
``429-storm:every=30s,for=5s``, ``hidden-events:metric=Placed Order``. Every rule takes

    path    the endpoint as the contract names it, such as /api/events or /api/profiles/{id}; with a
            star at its end, every endpoint that begins so
    share   part of what it can hit, 0 to 1: of the requests to each endpoint, or of the rows for
            those that change rows
    skip    how many requests to each endpoint pass before
    times   at most so many requests are hit; without share, the first ones

Which request is hit depends on the seed, the rule and the count of requests to that endpoint; which
row, on the seed, the rule and its id. The clock decides on nothing but storms.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from workbench.errors import InputInvalid
from workbench.sandbox.api.contract import ENDPOINTS

__all__ = ["FAULTS", "Fault", "Faults", "Rule", "draw", "parsed_rule"]

Value = str | float


@dataclass(frozen=True, slots=True)
class Fault:
    """A kind of fault.

    Attributes:
        sentence: what a client sees.
        options: its options beside path, skip and times, and what they are when left out.
        hits_all: whether share is one of rows, or of a limit, so that every request is hit.
        needs: parameter and part of its value, one of which a request must have to be hit.
    """

    sentence: str
    options: Mapping[str, Value] = field(default_factory=lambda: {"share": 0.02})
    hits_all: bool = False
    needs: tuple[tuple[str, str], ...] = ()


_CURSOR = (("page[cursor]", ""), ("page_cursor", ""))

FAULTS: Mapping[str, Fault] = {
    "429": Fault("429 with quota left", {"share": 0.02, "wait": 1.0}),
    "429-storm": Fault("429 for some seconds, again and again", {"every": 60.0, "for": 2.0}),
    "second-consumer": Fault("another client uses part of each limit", {"share": 0.5}, True),
    "500": Fault("500 with a JSON error"),
    "502": Fault("502 as the HTML of a gateway"),
    "503": Fault("503 with a JSON error"),
    "504": Fault("504 as the HTML of a gateway"),
    "524": Fault("524 as the HTML of a gateway"),
    "reset": Fault("the connection is reset"),
    "slow": Fault("the body drips for some seconds", {"share": 0.02, "seconds": 1.0}),
    "truncated": Fault("the JSON ends half way"),
    "invalid-json": Fault("the body is no JSON"),
    "expired-cursor": Fault("a good cursor is refused", needs=_CURSOR),
    "duplicates": Fault(
        "a page begins with the last row of the one before", {"share": 0.2}, needs=_CURSOR
    ),
    "unsorted": Fault(
        "archived campaigns in no order", {"share": 1.0}, needs=(("filter", "archived"),)
    ),
    "excluded-bound": Fault(
        "greater-than gives rows at its bound", {"share": 1.0}, needs=(("filter", "greater-than"),)
    ),
    "hidden-events": Fault("events are missing", {"share": 0.01, "metric": ""}, True),
    "unknown-enum": Fault("a word the contract does not know", {"share": 0.02}, True),
    "nulls": Fault("null where the contract promises a value", {"share": 0.02}, True),
    "html-403": Fault("403 as the HTML of an edge server"),
    "retired-revision": Fault("revisions are retired", {"share": 1.0, "before": "2026-07-16"}),
}
_GENERAL: Mapping[str, Value] = {"path": "/api/*", "skip": 0, "times": float("inf")}
_WORDS = {"path", "metric", "before"}
_COUNTS = {"skip", "times"}


@dataclass(frozen=True, slots=True)
class Rule:
    """A fault with its options.

    Attributes:
        text: as it was written.
        name: one of FAULTS.
        options: all of its options, also those left out.
    """

    text: str
    name: str
    options: Mapping[str, Value]

    @property
    def share(self) -> float:
        """Part of the requests or rows that are hit."""
        return self.number("share") if "share" in self.options else 1.0

    def number(self, option: str) -> float:
        """An option that is a number; seconds for a time."""
        return float(self.options[option])

    def word(self, option: str) -> str:
        """An option that is text."""
        return str(self.options[option])

    def concerns(self, path: str) -> bool:
        """Whether it can hit an endpoint, given as the contract names it."""
        pattern = self.word("path")
        if pattern.endswith("*"):
            return path.startswith(pattern[:-1])
        return path == pattern.rstrip("/")

    def suits(self, parameters: Mapping[str, str]) -> bool:
        """Whether a request has what the fault needs."""
        needs = FAULTS[self.name].needs
        return not needs or any(
            name in parameters and part in parameters[name] for name, part in needs
        )


class Faults:
    """The rules in force, and the count of requests that decides whom they hit.

    Args:
        rules: as text.
        seed: start of every draw.
        clock: seconds; storms follow it.

    Raises:
        InputInvalid: a rule cannot be read.
    """

    def __init__(self, rules: Iterable[str] = (), *, seed: int, clock: Callable[[], float]) -> None:
        self.seed, self.clock = seed, clock
        self.rules: tuple[Rule, ...] = tuple(parsed_rule(text) for text in rules)
        self._asked: Counter[tuple[str, str]] = Counter()
        self._struck: Counter[str] = Counter()

    @property
    def struck(self) -> Mapping[str, int]:
        """How many requests each rule has hit since it was put into force."""
        return dict(self._struck)

    def add(self, *rules: str) -> None:
        """Put more rules into force.

        Raises:
            InputInvalid: one of them cannot be read; then none is in force.
        """
        self.rules = (*self.rules, *(parsed_rule(text) for text in rules))

    def withdraw(self) -> None:
        """Drop every rule, and forget which requests were hit."""
        self.rules = ()
        self._asked.clear()
        self._struck.clear()

    def hits(self, path: str, parameters: Mapping[str, str]) -> tuple[Rule, ...]:
        """Count a request to an endpoint: the rules that hit it.

        Args:
            path: the endpoint as the contract names it.
            parameters: of the query string.
        """
        return tuple(
            rule
            for rule in self.rules
            if rule.concerns(path) and rule.suits(parameters) and self._hits(rule, path)
        )

    def storm_left(self, rule: Rule) -> float:
        """Seconds until a storm is over; 0 outside of one."""
        return max(rule.number("for") - self.clock() % rule.number("every"), 0.0)

    def hits_row(self, rule: Rule, row_id: str) -> bool:
        """Whether a rule that changes rows hits this one."""
        return draw(self.seed, rule.text, row_id) < rule.share

    def _hits(self, rule: Rule, path: str) -> bool:
        count = self._asked[rule.text, path]
        self._asked[rule.text, path] += 1
        if count < rule.number("skip") or self._struck[rule.text] >= rule.number("times"):
            return False
        if FAULTS[rule.name].hits_all or draw(self.seed, rule.text, path, count) < rule.share:
            self._struck[rule.text] += 1
            return True
        return False


def parsed_rule(text: str) -> Rule:
    """The rule that a text names.

    >>> parsed_rule("429-storm:every=30s,for=5s").number("every")
    30.0

    Raises:
        InputInvalid: there is no such fault or option, or a value does not suit its option.
    """
    name, _, given = text.partition(":")
    if (fault := FAULTS.get(name)) is None:
        raise InputInvalid(f"there is no fault {name!r}", hint=f"one of {', '.join(FAULTS)}")
    options = {**_GENERAL, **fault.options}
    for pair in given.split(",") if given else []:
        option, is_given, value = pair.partition("=")
        if option not in options or not is_given:
            raise InputInvalid(
                f"{pair!r} is no option of the fault {name}",
                hint=f"it takes {', '.join(f'{each}=' for each in options)}",
            )
        options[option] = _parsed(option, value)
    if "times=" in given and "share=" not in given and not fault.hits_all:
        options |= {"share": 1.0} if "share" in options else {}
    rule = Rule(text, name, options)
    if not any(rule.concerns(endpoint.path) for endpoint in ENDPOINTS):
        raise InputInvalid(
            f"the fault {text!r} concerns no endpoint",
            hint="name one as the contract does: path=/api/profiles/{id}, or path=/api/profiles*",
        )
    return rule


def draw(seed: int, *parts: object) -> float:
    """A number from 0 to 1 that is always the same for the same parts."""
    digest = hashlib.blake2b(repr((seed, *parts)).encode(), digest_size=8).digest()
    return float(int.from_bytes(digest, "big") / 2**64)


def _parsed(option: str, value: str) -> Value:
    """The value of an option: a word, a count, a share, or seconds."""
    try:
        if option == "before":
            return dt.date.fromisoformat(value).isoformat()
        if option in _WORDS:
            return value
        if option in _COUNTS:
            return float(int(value))
        number = float(value if option == "share" else value.removesuffix("s"))
    except ValueError:
        raise _no_value(option, value) from None
    most = 1.0 if option == "share" else float("inf")
    if not 0 <= number <= most or (option == "every" and number == 0):
        raise _no_value(option, value)
    return number


def _no_value(option: str, value: str) -> InputInvalid:
    kind, example = "number of seconds", "30s"
    if option == "before":
        kind, example = "ISO date", "2026-07-16"
    elif option in _COUNTS:
        kind, example = "count", "3"
    elif option == "share":
        kind, example = "share from 0 to 1", "0.1"
    return InputInvalid(
        f"{option}={value} is no {kind}", hint=f"pass one such as {option}={example}"
    )
