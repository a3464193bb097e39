"""Profiles as collections: all of them, the members of a group, and their push tokens."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from workbench.sandbox.api.collections import Ask, Collection, Rows, instant_field, text_field
from workbench.sandbox.api.filters import FilterField
from workbench.sandbox.api.jsonapi import Body
from workbench.sandbox.api.profile_bodies import TOKEN_PREFIX, ProfileBodies, push_token_id
from workbench.sandbox.api.snapshot import Snapshot
from workbench.sandbox.api.subscriptions import LIST_REASON, REASONS
from workbench.sandbox.shop.groups import VIP

__all__ = ["Profiles"]

_SUPPRESSION = "subscriptions.email.marketing.suppression"
_LIST_SUPPRESSION = "subscriptions.email.marketing.list_suppressions"


@dataclass(frozen=True, slots=True)
class Profiles:
    """The profiles of an account, in every collection that they appear in.

    Attributes:
        snapshot: the account at its instant.
        written: writes its profiles.
        groups: the lists and the segments, by folder.
    """

    snapshot: Snapshot
    written: ProfileBodies
    groups: dict[str, Collection]

    def every(self) -> Collection:
        """The profiles that exist."""
        return Collection(
            rows=self.snapshot.profiles,
            row_of=self.snapshot.shop.people.row_of,
            bodies=self._bodies,
            included=self._included,
            fields=_Columns(self._fields() | self._suppressions()),
        )

    def members(self, profile: npt.NDArray[np.int32], joined_at: Rows) -> Collection:
        """The members of a group.

        Args:
            profile: their rows.
            joined_at: UTC second since when each is one.
        """
        since = np.zeros(len(self.snapshot.shop.people), dtype=np.int64)
        since[profile] = joined_at

        def bodies(rows: Rows, ask: Ask) -> list[Body]:
            return [
                self.written.body(row, ask, related={}, joined_at=int(since[row]))
                for row in rows.tolist()
            ]

        fields = self._fields()
        return Collection(
            rows=np.sort(profile).astype(np.int64),
            row_of=self.snapshot.shop.people.row_of,
            bodies=bodies,
            included=lambda rows, ask: [],
            fields=_Columns(
                {
                    **fields,
                    "profile_id": fields["id"],
                    "push_token": lambda: text_field(self.written.tokens),
                    "joined_group_at": lambda: instant_field(since),
                }
            ),
        )

    def push_tokens(self) -> Collection:
        """The push tokens; each has the row of its profile."""
        people, written = self.snapshot.shop.people, self.written

        def row_of(token_id: str) -> int | None:
            if not token_id.startswith(TOKEN_PREFIX):
                return None
            return people.row_of(token_id.removeprefix(TOKEN_PREFIX))

        def included(rows: Rows, ask: Ask) -> list[Body]:
            return self._bodies(rows, ask) if "profile" in ask.query.includes else []

        return Collection(
            rows=written.token_rows,
            row_of=row_of,
            bodies=lambda rows, ask: [
                written.token_body(row, base=ask.base) for row in rows.tolist()
            ],
            included=included,
            fields=_Columns(
                {
                    "id": lambda: text_field(np.strings.add(TOKEN_PREFIX.encode(), people.ids)),
                    "profile.id": lambda: text_field(people.ids),
                    "enablement_status": lambda: text_field(np.full(len(people), b"AUTHORIZED")),
                    "platform": lambda: text_field(
                        np.where(people.has_privacy, b"ios", b"android")
                    ),
                }
            ),
        )

    def _bodies(self, rows: Rows, ask: Ask) -> list[Body]:
        return [
            self.written.body(row, ask, related=self._related(row, ask)) for row in rows.tolist()
        ]

    def _related(self, row: int, ask: Ask) -> dict[str, list[str]]:
        """Ids of what a profile is related to, of the kinds that are included."""
        found: dict[str, list[str]] = {}
        shop, wanted = self.snapshot.shop, ask.query.includes
        mine = self.snapshot.groups_of(row) if wanted & {"lists", "segments"} else []
        for folder, is_list in (("lists", True), ("segments", False)):
            if folder in wanted:
                of_kind = [shop.groups[each] for each in mine]
                found[folder] = [each.id for each in of_kind if each.is_list == is_list]
        if "push-tokens" in wanted:
            has_token = bool(self.written.tokens[row])
            found["push-tokens"] = [push_token_id(shop.people.id_of(row))] if has_token else []
        if "conversations" in wanted:
            found["conversations"] = []
        return found

    def _included(self, rows: Rows, ask: Ask) -> list[Body]:
        found: list[Body] = []
        wanted = ask.query.includes
        for folder in sorted(wanted & {"lists", "segments"}):
            whole = self.groups[folder]
            mine = np.unique([at for row in rows.tolist() for at in self.snapshot.groups_of(row)])
            found += whole.bodies(whole.rows[np.isin(whole.rows, mine)], ask)
        if "push-tokens" in wanted:
            with_token = [row for row in rows.tolist() if self.written.tokens[row]]
            found += [self.written.token_body(row, base=ask.base) for row in with_token]
        return found

    def _fields(self) -> dict[str, Callable[[], FilterField]]:
        people, written = self.snapshot.shop.people, self.written
        return {
            "id": lambda: text_field(people.ids),
            "email": lambda: text_field(written.addresses),
            "phone_number": lambda: text_field(written.numbers),
            "external_id": lambda: text_field(people.external_id),
            # what a link carries to name its reader never leaves the sandbox, so nobody has it
            "_kx": lambda: FilterField(np.zeros(len(people), dtype=bool), lambda text: True),
            "created": lambda: instant_field(people.created),
            "updated": lambda: instant_field(self.snapshot.updated),
        }

    def _suppressions(self) -> dict[str, Callable[[], FilterField]]:
        subscriptions = self.written.subscriptions
        reasons = np.array([*REASONS, ""])
        early = self.snapshot.shop.groups[VIP].id if self.snapshot.shop.groups else ""

        def of_list(text: str) -> FilterField:
            return FilterField(np.where(np.isnan(subscriptions.left_list_at), "", text))

        return {
            f"{_SUPPRESSION}.reason": lambda: FilterField(reasons[subscriptions.suppressed[0]]),
            f"{_SUPPRESSION}.timestamp": lambda: instant_field(subscriptions.suppressed[1]),
            f"{_LIST_SUPPRESSION}.reason": lambda: of_list(LIST_REASON),
            f"{_LIST_SUPPRESSION}.timestamp": lambda: instant_field(subscriptions.left_list_at),
            f"{_LIST_SUPPRESSION}.list_id": lambda: of_list(early),
        }


class _Columns(Mapping[str, FilterField]):
    """Columns that are made when somebody filters or sorts by them: most are never needed."""

    def __init__(self, makers: Mapping[str, Callable[[], FilterField]]) -> None:
        self._makers = makers

    def __getitem__(self, name: str) -> FilterField:
        return self._makers[name]()

    def __iter__(self) -> Iterator[str]:
        return iter(self._makers)

    def __len__(self) -> int:
        return len(self._makers)
