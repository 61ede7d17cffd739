"""Plans, draws and overlaps: pure, so held by their properties."""

import random
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from jiuzhang_worker.influence.items import Item, drawn
from jiuzhang_worker.influence.overlap import find_overlaps, normalized
from jiuzhang_worker.influence.plan import SHARD_BYTES, plan_batches, plan_shards, shard_rows

rows = st.lists(st.lists(st.integers(0, 9), min_size=2, max_size=12), min_size=1, max_size=30).map(
    lambda lists: [Item.of(str(number), f"f:{number}", ids, 1) for number, ids in enumerate(lists)]
)


@given(rows, st.integers(1, 9), st.randoms(use_true_random=False))
def test_shards_hold_every_different_row_once_in_any_order(items: list[Item], size: int, order: random.Random) -> None:
    shards = plan_shards(items, size)
    keys = [item.key for shard in shards for item in shard]
    assert sorted(keys) == sorted({item.key for item in items})
    assert all(len(shard) == size for shard in shards[:-1])
    lengths = [len(item.ids) for shard in shards for item in shard]
    assert lengths == sorted(lengths, reverse=True)
    mixed = list(items)
    order.shuffle(mixed)
    assert [[item.key for item in shard] for shard in plan_shards(mixed, size)] == [[item.key for item in shard] for shard in shards]


@given(rows, st.integers(1, 60))
def test_batches_fit_with_their_padding(items: list[Item], tokens: int) -> None:
    batches = plan_batches(items, tokens)
    assert [item for batch in batches for item in batch] == items
    for batch in batches:
        assert len(batch) == 1 or len(batch) * max(len(item.ids) for item in batch) <= tokens
    if tokens == 1:
        assert all(len(batch) == 1 for batch in batches)


@given(st.integers(1, 5_000), st.integers(1, 10_000_000), st.sampled_from([2, 4]))
def test_shards_stay_small_however_long_their_vectors_are(wanted: int, dim: int, each: int) -> None:
    count = shard_rows(wanted, dim, each)
    assert 1 <= count <= wanted
    assert count == 1 or count * dim * each <= SHARD_BYTES


@given(rows, rows, st.integers(0, 2**40), st.integers(1, 10))
def test_a_larger_pool_is_drawn_from_alike(items: list[Item], more: list[Item], seed: int, count: int) -> None:
    chosen = drawn(items, seed, count)
    assert len(chosen) == min(count, len(items))
    assert [item.key for item in drawn(items[::-1], seed, count)] == [item.key for item in chosen]
    again = {item.key for item in drawn([*items, *more], seed, count)}
    # Whoever of the first pool is drawn from both together was drawn from it alone.
    assert {item.key for item in items} & again <= {item.key for item in chosen}


words = st.lists(st.sampled_from(["How", "many", "apples", "are", "there", "$x^2$", "3", "Ünë"]), max_size=14).map(" ".join)


@given(st.lists(words, max_size=4), st.lists(words, max_size=4), st.integers(2, 6))
def test_overlaps_are_what_brute_force_finds(targets: list[str], tests: list[str], size: int) -> None:
    def runs(text: str) -> set[tuple[str, ...]]:
        parts = normalized(text)
        return {tuple(parts[at : at + size]) for at in range(len(parts) - size + 1)}

    found = {
        one.id: one for one in find_overlaps([(str(n), "t", text) for n, text in enumerate(targets)], [("s", text) for text in tests], size)
    }
    for number, text in enumerate(targets):
        whole = any(normalized(text) == normalized(test) and normalized(text) for test in tests)
        common = any(runs(text) & runs(test) for test in tests)
        assert (str(number) in found) == bool(whole or common)
        if str(number) in found:
            assert found[str(number)].whole == bool(whole)


def test_spelling_and_marks_do_not_hide_an_overlap() -> None:
    given_: list[tuple[str, str, Any]] = [("a", "t:1", "How MANY  apples, are\nthere?")]
    found = find_overlaps(given_, [("tests:7", "how many apples are there")], 13)
    assert [(one.test, one.whole) for one in found] == [("tests:7", True)]
