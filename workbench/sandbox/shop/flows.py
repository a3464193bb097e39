"""The flows of a shop as trees: what starts them, what they wait for, ask and send."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from workbench.sandbox.shop.days import DAY, HOUR
from workbench.sandbox.shop.events import Kind

__all__ = ["FLOWS", "Flow", "FlowPlan", "Planned", "Question", "Step", "StepKind", "steps_of"]


class StepKind(StrEnum):
    """What a step does, in Klaviyo's word."""

    WAIT = "time-delay"
    SPLIT = "conditional-split"
    TEST = "ab-test"  # sends an e-mail of which variations are tested
    EMAIL = "send-email"
    TEXT = "send-sms"
    PUSH = "send-mobile-push"


class Question(StrEnum):
    """What a split asks about a profile."""

    BOUGHT_SINCE = "bought since the flow started"
    TAKES_TEXTS = "takes text messages"
    BOUGHT_BEFORE = "bought before, and not for the first time now"


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a flow.

    Attributes:
        kind: what it does.
        message: row of the message it sends, or -1.
        wait: seconds it waits.
        question: what it asks; None when it is no split.
        following: position in the flow of the step after it, or of the one for those of whom the
            answer is yes; -1 at an end.
        otherwise: position of the one for the others; -1 at an end.
    """

    kind: StepKind
    message: int = -1
    wait: int = 0
    question: Question | None = None
    following: int = -1
    otherwise: int = -1


@dataclass(frozen=True, slots=True)
class Flow:
    """One flow.

    Attributes:
        id: its id.
        name: its name.
        trigger: the event that starts it.
        status: live, manual or draft; only a live one sends.
        created_at: UTC second.
        is_archived: put away since.
        messages: rows of its messages, in order.
        steps: its tree; the first one is where it begins.
        stops_when_bought: those who bought since it started are sent nothing more.
    """

    id: str
    name: str
    trigger: Kind
    status: str
    created_at: int
    is_archived: bool
    messages: tuple[int, ...]
    steps: tuple[Step, ...] = ()
    stops_when_bought: bool = False


@dataclass(frozen=True, slots=True)
class Planned:
    """A step as it is written down below.

    Attributes:
        kind: what it does.
        wait: seconds it waits.
        name: of the message it sends.
        subject: subject line, title or text of it.
        appeal: factor on the chance to be read and clicked.
        is_offer: promises a discount.
        variations: subject and appeal of each version that is tested.
        question: what it asks.
        yes: the steps for those of whom the answer is yes.
        no: the steps for the others.
    """

    kind: StepKind
    wait: int = 0
    name: str = ""
    subject: str = ""
    appeal: float = 1.0
    is_offer: bool = False
    variations: tuple[tuple[str, float], ...] = ()
    question: Question | None = None
    yes: tuple[Planned, ...] = ()
    no: tuple[Planned, ...] = ()


@dataclass(frozen=True, slots=True)
class FlowPlan:
    """A flow as it is written down below."""

    name: str
    trigger: Kind
    steps: tuple[Planned, ...]
    status: str = "live"
    is_archived: bool = False
    stops_when_bought: bool = False

    def messages(self) -> list[Planned]:
        """The steps that send, in the order of its tree."""
        return [step for step in _walk(self.steps) if step.name]


def steps_of(plan: FlowPlan, messages: Sequence[int]) -> tuple[Step, ...]:
    """The tree of a flow.

    Args:
        plan: the flow.
        messages: rows of its messages, in the order of its tree.
    """
    laid: list[Step] = []
    _lay(plan.steps, laid, iter(messages))
    return tuple(laid)


def _lay(planned: Sequence[Planned], laid: list[Step], messages: Iterator[int]) -> int:
    """Put a run of steps behind those already laid; the position of its first one, or -1."""
    if not planned:
        return -1
    head, position = planned[0], len(laid)
    step = Step(
        head.kind,
        message=next(messages) if head.name else -1,
        wait=head.wait,
        question=head.question,
    )
    laid.append(step)
    following = _lay(head.yes if head.question else planned[1:], laid, messages)
    otherwise = _lay(head.no, laid, messages)
    laid[position] = replace(step, following=following, otherwise=otherwise)
    return position


def _walk(planned: Sequence[Planned]) -> Iterator[Planned]:
    for step in planned:
        yield step
        yield from _walk(step.yes)
        yield from _walk(step.no)


def _wait(seconds: int) -> Planned:
    return Planned(StepKind.WAIT, wait=seconds)


def _email(name: str, subject: str, appeal: float, *, is_offer: bool = False) -> Planned:
    return Planned(StepKind.EMAIL, 0, name, subject, appeal, is_offer)


def _text(name: str, body: str, *, is_offer: bool = False) -> Planned:
    return Planned(StepKind.TEXT, 0, name, body, 1.0, is_offer)


def _push(name: str, body: str) -> Planned:
    return Planned(StepKind.PUSH, 0, name, body)


def _test(name: str, *variations: tuple[str, float], is_offer: bool = False) -> Planned:
    subject, appeal = variations[0]
    return Planned(StepKind.TEST, 0, name, subject, appeal, is_offer, variations)


def _split(question: Question, *, yes: tuple[Planned, ...], no: tuple[Planned, ...]) -> Planned:
    """Those of whom the answer is yes go one way, the others another; both end where they end."""
    return Planned(StepKind.SPLIT, question=question, yes=yes, no=no)


FLOWS = (
    FlowPlan("Welcome series", Kind.SUBSCRIBED, (
        _wait(10 * 60),
        _email("Welcome 1", "Welcome! Here is 10 % to start with", 1.7, is_offer=True),
        _wait(2 * DAY),
        _email("Welcome 2", "What makes us different", 1.3),
        _wait(3 * DAY),
        _split(
            Question.BOUGHT_SINCE,
            yes=(_email("Welcome 3, bought", "Good to have you with us", 1.3),),
            no=(_email("Welcome 3", "Your 10 % ends soon", 1.2, is_offer=True),),
        ))),
    FlowPlan("Abandoned cart", Kind.STARTED_CHECKOUT, (
        _wait(4 * HOUR),
        _test("Cart 1", ("You left something behind", 1.6), ("Your cart is waiting", 1.25)),
        _wait(20 * HOUR),
        _split(
            Question.TAKES_TEXTS,
            yes=(_text("Cart text", "Still thinking? 10 % off with CART10", is_offer=True),),
            no=(_email("Cart 2", "Still thinking about it?", 1.3, is_offer=True),),
        )), stops_when_bought=True),
    FlowPlan("Browse abandonment", Kind.VIEWED_PRODUCT, (
        _wait(2 * HOUR),
        _email("Browse 1", "Seen something you like?", 1.25),
        ), stops_when_bought=True),
    FlowPlan("Post-purchase", Kind.PLACED_ORDER, (
        _wait(DAY),
        _split(
            Question.BOUGHT_BEFORE,
            yes=(
                _email("Thank you again", "Thank you for coming back", 1.6),
                _wait(6 * DAY),
                _push("How is it going", "Tell us how you like it"),
            ),
            no=(
                _email("Thank you", "Thank you for your first order", 1.6),
                _wait(13 * DAY),
                _email("Review", "How is it going?", 1.1),
            ),
        ))),
    FlowPlan("Win-back", Kind.PLACED_ORDER, (
        _wait(90 * DAY),
        _email("Win-back 1", "It has been a while", 0.9),
        _wait(7 * DAY),
        _email("Win-back 2", "Come back with 20 % off", 0.9, is_offer=True),
        ), stops_when_bought=True),
    FlowPlan("Birthday", Kind.ACTIVE_ON_SITE, (
        _email("Birthday 1", "Happy birthday", 1.0, is_offer=True),), status="draft"),
    FlowPlan("Back in stock", Kind.VIEWED_PRODUCT, (
        _wait(30 * 60),
        _email("Back in stock 1", "It is here again", 1.4),), status="manual"),
    FlowPlan("Old welcome", Kind.SUBSCRIBED, (
        _email("Old welcome 1", "Hello", 1.0),), status="draft", is_archived=True),
)  # fmt: skip
