"""A shop of several blocks: the same in memory and on disk, and looked into without a full read."""

from __future__ import annotations

import dataclasses
import datetime as dt
import gc
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.cli.shops import Size, shop_plan
from workbench.errors import InputInvalid
from workbench.sandbox import SIZES, Shop, ShopPlan, build_shop
from workbench.sandbox.api.event_bodies import EventBodies
from workbench.sandbox.api.event_listing import event_listing
from workbench.sandbox.api.filters import Condition
from workbench.sandbox.api.pages import page
from workbench.sandbox.api.queries import Query
from workbench.sandbox.api.snapshot import Snapshot
from workbench.sandbox.shop.blocks import Block, joined_events, joined_orders, joined_people
from workbench.sandbox.shop.days import utc_text
from workbench.sandbox.shop.events import POINTERS, Events, Kind
from workbench.sandbox.shop.frame import shop_frame
from workbench.sandbox.shop.ids import event_ids, event_uuids
from workbench.sandbox.shop.simulation import simulated_block
from workbench.sandbox.shop.storage import MemoryColumns

PLAN = ShopPlan(profiles=45_000, days=4, tail_days=2)  # three blocks, the last one smaller
SMALL = ShopPlan(profiles=60, days=20, tail_days=2)
TABLES = ("people", "orders", "events", "memberships")


@pytest.fixture(scope="module")
def blocks() -> list[Block]:
    frame = shop_frame(PLAN)
    return [simulated_block(frame, number) for number in range(3)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("shops") / "kept"


@pytest.fixture(scope="module")
def large(folder: Path) -> Shop:
    return build_shop(PLAN, folder=folder, processes=2)


@pytest.fixture(scope="module")
def snapshot(large: Shop) -> Snapshot:
    return Snapshot(large, now=large.now)


def _columns(shop: Shop) -> Iterator[tuple[str, Any]]:
    for name in TABLES:
        table = getattr(shop, name)
        for field in dataclasses.fields(table):
            yield f"{name}.{field.name}", getattr(table, field.name)
    yield "delayed", shop.delayed


def _assert_equal(one: Shop, other: Shop) -> None:
    for (name, ours), (_, theirs) in zip(_columns(one), _columns(other), strict=True):
        if isinstance(ours, np.ndarray):
            assert ours.dtype == theirs.dtype, name
            assert np.array_equal(ours, theirs), name
        else:
            assert ours == theirs, name


def test_the_number_of_processes_does_not_show(large: Shop) -> None:
    _assert_equal(large, build_shop(PLAN, processes=1))


def test_columns_on_disk_are_those_of_the_blocks(large: Shop, blocks: list[Block]) -> None:
    """Oracle: everything in memory, one block behind another, sorted at once."""
    events = _events_by_one_sort(blocks)
    for field in dataclasses.fields(Events):
        assert np.array_equal(getattr(large.events, field.name), getattr(events, field.name))
    people = [block.people for block in blocks]
    for name in ("ids", "created", "external_id", "first_name", "rate", "redacted_at"):
        expected = np.concatenate([getattr(each, name) for each in people])
        assert np.array_equal(getattr(large.people, name), expected)
    spells = {
        (int(group), int(profile) + start, int(joined), int(left))
        for block, start in zip(blocks, (0, 20_000, 40_000), strict=True)
        for group, profile, joined, left in zip(
            *(
                getattr(block.memberships, each.name)
                for each in dataclasses.fields(block.memberships)
            ),
            strict=True,
        )
    }
    found = large.memberships
    assert spells == {
        (int(group), int(profile), int(joined), int(left))
        for group, profile, joined, left in zip(
            found.group, found.profile, found.joined_at, found.left_at, strict=True
        )
    }
    assert (np.diff(found.joined_at)[np.diff(found.group) == 0] >= 0).all()


@pytest.mark.parametrize("stretch", [1, 900, 20_000])
def test_merging_by_stretches_is_sorting_at_once(blocks: list[Block], stretch: int) -> None:
    if stretch == 1:  # a stretch a second: a shop of few events will do
        frame = shop_frame(dataclasses.replace(SMALL, profiles=40_000, days=1, tail_days=0))
        blocks = [simulated_block(frame, number) for number in range(2)]
        blocks = [_first_events(block, 900) for block in blocks]
    told: list[float] = []
    merged, delayed = joined_events(blocks, MemoryColumns(), progress=told.append, stretch=stretch)
    expected = _events_by_one_sort(blocks)
    for field in dataclasses.fields(Events):
        assert np.array_equal(getattr(merged, field.name), getattr(expected, field.name))
    assert delayed.tolist() == np.flatnonzero(merged.at != merged.visible_at).tolist()
    assert len(told) > 1
    assert told == sorted(told)
    assert told[-1] == 1.0


def _first_events(block: Block, count: int) -> Block:
    columns = {
        field.name: getattr(block.events, field.name)[:count]
        for field in dataclasses.fields(Events)
    }
    return dataclasses.replace(block, events=Events(**columns))


def _events_by_one_sort(blocks: list[Block]) -> Events:
    starts = {
        "profile": [len(block.people) for block in blocks],
        "order": [len(block.orders.number) for block in blocks],
        "line": [len(block.orders.price) for block in blocks],
        "row": [len(block.events) for block in blocks],
    }
    starts = {name: [0, *np.cumsum(sizes).tolist()] for name, sizes in starts.items()}
    parts: dict[str, list[np.ndarray]] = {}
    of_order = [kind for kind in Kind if "ORDER" in kind.name and kind != Kind.ORDERED_PRODUCT]
    for number, block in enumerate(blocks):
        columns = {
            field.name: getattr(block.events, field.name).copy()
            for field in dataclasses.fields(Events)
        }
        columns["ref"][np.isin(columns["kind"], of_order)] += starts["order"][number]
        columns["ref"][columns["kind"] == Kind.ORDERED_PRODUCT] += starts["line"][number]
        columns["profile"][columns["profile"] >= 0] += starts["profile"][number]
        for name in POINTERS:
            columns[name][columns[name] >= 0] += starts["row"][number]
        for name, column in columns.items():
            parts.setdefault(name, []).append(column)
    whole = {name: np.concatenate(each) for name, each in parts.items()}
    order = np.argsort(whole["at"], kind="stable")
    place = np.empty(len(order), dtype=np.int32)
    place[order] = np.arange(len(order))
    for name in POINTERS:
        whole[name] = np.where(whole[name] >= 0, place[whole[name]], -1)
    return Events(**{name: column[order] for name, column in whole.items()})


def test_orders_are_numbered_as_they_are_placed(large: Shop) -> None:
    placed = large.orders.number[large.events.ref[large.events.rows(Kind.PLACED_ORDER)]]
    assert placed.astype(int).tolist() == list(range(1001, 1001 + len(placed)))
    assert len(np.unique(large.orders.number)) == len(large.orders.number)


def test_an_order_keeps_its_lines(large: Shop, blocks: list[Block]) -> None:
    book, events = large.orders, large.events
    placed = events.rows(Kind.PLACED_ORDER)
    for row in placed[:: max(len(placed) // 300, 1)]:
        lines = slice(*book.first_line[events.ref[row] : events.ref[row] + 2])
        assert (book.quantity[lines] * book.price[lines]).sum() == events.value[row]
    assert len(book.price) == sum(len(block.orders.price) for block in blocks)


def test_a_profile_is_found_by_its_id(large: Shop) -> None:
    people = large.people
    for row in (0, 19_999, 20_000, 44_999):
        assert people.row_of(people.id_of(row)) == row
    for unknown in ("", "0", "Z" * 26, people.id_of(7)[:-1], people.id_of(7) + "0", "Ω" * 26):
        assert people.row_of(unknown) is None


def test_a_kept_shop_is_opened_and_not_made_again(large: Shop, folder: Path) -> None:
    made = {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}
    _assert_equal(large, build_shop(PLAN, folder=folder))
    assert {path.name: path.stat().st_mtime_ns for path in folder.iterdir()} == made
    assert not list(folder.parent.glob("*.partial-*"))


def _cut_short(folder: Path) -> None:
    path = folder / "events.at.npy"
    path.write_bytes(path.read_bytes()[:-8])


def _without_a_column(folder: Path) -> None:
    (folder / "people.created.npy").unlink()


def _of_other_code(folder: Path) -> None:
    (folder / "made_by.txt").write_text("an older generator")


@pytest.mark.parametrize("spoil", [_cut_short, _without_a_column, _of_other_code, shutil.rmtree])
def test_what_is_not_complete_is_made_anew(tmp_path: Path, spoil: Any) -> None:
    build_shop(SMALL, folder=tmp_path / "shop")
    spoil(tmp_path / "shop")
    _assert_equal(build_shop(SMALL, folder=tmp_path / "shop"), build_shop(SMALL))
    assert [path.name for path in tmp_path.iterdir()] == ["shop"]


def test_a_shop_on_disk_equals_the_one_in_memory(tmp_path: Path) -> None:
    _assert_equal(build_shop(SMALL, folder=tmp_path / "shop"), build_shop(SMALL))


def test_a_temporary_folder_goes_with_its_shop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    shop = build_shop(dataclasses.replace(PLAN, profiles=20_001, days=1), processes=1)
    assert len(list(tmp_path.iterdir())) == 1
    assert len(shop.people) == 20_001
    del shop
    gc.collect()
    assert not list(tmp_path.iterdir())


@given(offset=st.integers(-6 * 86_400, 4 * 86_400))
def test_what_shows_is_what_has_become_visible(large: Shop, offset: int) -> None:
    now = large.now + offset
    visible = Snapshot(large, now=now).visible
    shown = np.zeros(len(large.events), dtype=bool)
    shown[: visible.end] = visible.of(slice(0, visible.end))
    assert np.array_equal(shown, large.events.visible_at <= now)
    rows = np.array([0, visible.end - 1, visible.end, len(shown) - 1, *large.delayed[:5]])
    rows = rows[rows < len(shown)]
    assert [visible.shows(int(row)) for row in rows] == shown[rows].tolist()


WINDOW = st.tuples(
    st.sampled_from(["greater-than", "greater-or-equal", "less-than", "less-or-equal"]),
    st.integers(0, 6 * 86_400),
    st.sampled_from(["", ".5"]),
)


@given(
    windows=st.lists(WINDOW, max_size=3),
    kinds=st.none() | st.lists(st.sampled_from([*Kind]), min_size=1, max_size=3),
    has_profile=st.booleans(),
    size=st.integers(1, 1_000),
    is_descending=st.booleans(),
)
def test_a_page_of_events_is_what_a_look_at_each_gives(
    snapshot: Snapshot,
    windows: list[tuple[str, int, str]],
    kinds: list[Kind] | None,
    has_profile: bool,
    size: int,
    is_descending: bool,
) -> None:
    """Oracle: every condition as a comparison over all events."""
    events, since = snapshot.shop.events, snapshot.now - 5 * 86_400
    met = events.visible_at <= snapshot.now
    conditions = []
    for operator, offset, half in windows:
        conditions.append(Condition(operator, "timestamp", f"{since + offset}{half}"))
        bound = float(f"{since + offset}{half}")
        compare = {"greater-than": np.greater, "less-than": np.less}
        compare |= {"greater-or-equal": np.greater_equal, "less-or-equal": np.less_equal}
        met &= compare[operator](events.at, bound)
    if kinds is not None:
        conditions.append(Condition("equals", "metric_id", [str(int(kind)) for kind in kinds]))
        met &= np.isin(events.kind, kinds)
    if has_profile:
        conditions.append(Condition("has", "profile", None))
        met &= np.append(snapshot.owner, -1)[events.profile] >= 0
    listed = event_listing(snapshot, conditions, kind_of=int, profile_of=int)
    query = _query(size, is_descending)
    first = page(listed, query)
    expected = np.flatnonzero(met)
    ordered = expected[::-1] if is_descending else expected
    assert first.rows.tolist() == ordered[:size].tolist()
    assert first.previous_cursor is None
    assert (first.next_cursor is not None) == (len(ordered) > size)
    if first.next_cursor:
        second = page(listed, dataclasses.replace(query, cursor=first.next_cursor))
        assert second.rows.tolist() == ordered[size : 2 * size].tolist()
        assert second.previous_cursor
        again = page(listed, dataclasses.replace(query, cursor=second.previous_cursor))
        assert again.rows.tolist() == first.rows.tolist()


def _query(size: int, is_descending: bool) -> Query:
    return Query((), "datetime", is_descending, frozenset(), frozenset(), {}, size, "", "events")


def test_the_events_of_a_profile_are_those_of_all_merged_into_it(large: Shop) -> None:
    snapshot = Snapshot(large, now=int(large.days.starts[-1]))
    into = large.people.merged_into[large.people.merged_into >= 0]
    owner = snapshot.owner
    found = [int(row) for row in into if owner[row] == row]
    assert found
    for profile in found[:5]:
        listed = event_listing(
            snapshot,
            [Condition("equals", "profile_id", str(profile))],
            kind_of=int,
            profile_of=int,
        )
        rows = page(listed, _query(1_000, is_descending=False)).rows
        holders = large.events.profile
        expected = [
            row
            for row in np.flatnonzero(np.isin(holders, np.flatnonzero(owner == profile)))
            if large.events.visible_at[row] <= snapshot.now
        ]
        assert rows.tolist() == expected


def test_an_event_is_written_as_its_columns_say(large: Shop, snapshot: Snapshot) -> None:
    """Oracle: every attribute of some events of each kind, one at a time."""
    events, people, book = large.events, large.people, large.orders
    kinds = [events.rows(kind)[:40] for kind in Kind]
    rows = np.sort(np.concatenate(kinds))
    assert sum(len(each) > 0 for each in kinds) > 20
    text = EventBodies(large).text(rows, base="http://h", shows_credit=True, owner=snapshot.owner)
    bodies = orjson.loads(text)
    assert len(bodies) == len(rows)
    for row, body in zip(rows, bodies, strict=True):
        one = np.array([row])
        at, kind = int(events.at[row]), Kind(events.kind[row])
        attributes, related = body["attributes"], body["relationships"]
        properties = attributes["event_properties"]
        (event_id,), (uuid,) = event_ids(one, seed=PLAN.seed), event_uuids(one, events.at[one])
        assert body["id"] == event_id
        assert body["links"] == {"self": f"http://h/api/events/{event_id}/"}
        assert attributes["uuid"] == uuid
        assert attributes["timestamp"] == at
        moment = dt.datetime.fromtimestamp(at, dt.UTC)
        assert attributes["datetime"] == moment.isoformat(sep=" ")
        assert related["metric"]["data"]["id"] == large.metrics[kind].id
        profile = int(events.profile[row])
        holder = int(snapshot.owner[profile]) if profile >= 0 else -1
        assert ("profile" in related) == (holder >= 0)
        if holder >= 0:
            assert related["profile"]["data"]["id"] == people.id_of(holder)
        credit = [{"type": "attribution", "id": uuid.replace("-", "")}]
        assert related["attributions"]["data"] == (credit if events.touch[row] >= 0 else [])
        for name, links in related.items():
            assert links["links"]["related"] == f"http://h/api/events/{event_id}/{name}/"
        if large.metrics[kind].is_valued:
            assert properties["$value"] == int(events.value[row]) / 100
            assert properties["$value_currency"] == large.currencies[events.currency[row]]
        if kind == Kind.PLACED_ORDER:
            order = int(events.ref[row])
            lines = range(int(book.first_line[order]), int(book.first_line[order + 1]))
            assert properties["OrderId"] == book.number[order].decode()
            skus = [large.products[book.product[line]].sku for line in lines]
            assert [item["SKU"] for item in properties["Items"]] == skus
            prices = [int(book.price[line]) / 100 for line in lines]
            assert [item["ItemPrice"] for item in properties["Items"]] == prices
        if kind == Kind.ORDERED_PRODUCT:
            line = int(events.ref[row])
            order = next(n for n in range(len(book.number)) if book.first_line[n + 1] > line)
            assert properties["OrderId"] == book.number[order].decode()
            assert properties["ItemPrice"] == int(book.price[line]) / 100


@given(at=st.lists(st.integers(0, 4_102_444_799), max_size=30), mark=st.sampled_from([" ", "T"]))
def test_instants_are_written_as_python_writes_them(at: list[int], mark: str) -> None:
    expected = [dt.datetime.fromtimestamp(each, dt.UTC).isoformat(sep=mark) for each in at]
    assert utc_text(np.array(at, dtype=np.int64), mark=mark) == expected


def test_people_of_several_blocks_are_found_in_order_of_their_ids(blocks: list[Block]) -> None:
    people = joined_people(blocks, MemoryColumns())
    ids = people.ids[people.by_id]
    assert (ids[:-1] < ids[1:]).all()


def test_books_of_several_blocks_are_one_behind_another(blocks: list[Block]) -> None:
    events, _ = joined_events(blocks, MemoryColumns(), progress=lambda share: None)
    book = joined_orders(blocks, events, MemoryColumns())
    assert book.first_line[-1] == len(book.price) == len(book.product) == len(book.quantity)
    assert len(book.first_line) == len(book.number) + 1
    assert (np.diff(book.first_line) > 0).all()


def _plan(**asked: Any) -> ShopPlan:
    given: dict[str, Any] = dict.fromkeys(("size", "profiles", "days", "orders")) | {"seed": 1}
    return shop_plan(**(given | asked))


def test_a_size_is_a_number_of_profiles() -> None:
    assert _plan() == ShopPlan()
    assert [_plan(size=size).profiles for size in Size] == list(SIZES.values())
    assert _plan(size=Size.LARGE, profiles=7, days=9) == ShopPlan(profiles=7, days=9)


@pytest.mark.parametrize("asked", [{"size": Size.SMALL}, {"profiles": 3}, {"days": 3}])
def test_a_size_beside_a_file_of_orders_is_refused(asked: dict[str, Any]) -> None:
    (name,) = asked
    with pytest.raises(InputInvalid, match=f"--{name} cannot be chosen"):
        _plan(orders=Path("orders.csv"), **asked)
