"""What a run of influence promises beside its formulas: what changes nothing, what is reused, what is told."""

import json
import random
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from influence_runs import algebra, prepare, problems, run_here, scores_of
from jiuzhang_worker.influence.difference import differs
from jiuzhang_worker.influence.store import shard_keys
from jiuzhang_worker.influence.warmup import rate_shares
from processes import events_of, read_lines, write_lines


def task_scores(out: Path, task: str = "words") -> dict[str, float]:
    return {name: row["tasks"][task]["score"] for name, row in scores_of(out).items()}


def far(one: dict[str, float], other: dict[str, float]) -> float:
    """The largest difference, as a share of the scores' spread."""
    assert one.keys() == other.keys()
    spread = max(one.values()) - min(one.values())
    return max(abs(one[name] - other[name]) for name in one) / spread


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory, tiny_model: Path) -> tuple[Path, dict[str, Any]]:
    folder = tmp_path_factory.mktemp("influence")
    spec = prepare(folder, tiny_model, also=["less"], nearest=1, store={"path": "shared", "rows": 6})
    assert run_here(folder, spec) == 0
    # Later runs need no warm-up.
    spec["checkpoints"] = [{"path": "out/warmup/epoch-1"}, {"path": "out/warmup/epoch-2"}]
    return folder, spec


def test_the_same_again_gives_the_same_bytes(first: tuple[Path, dict[str, Any]], tiny_model: Path, tmp_path: Path) -> None:
    folder, _ = first
    again = prepare(tmp_path, tiny_model, also=["less"], nearest=1, store={"path": "shared", "rows": 6})
    assert run_here(tmp_path, again) == 0
    assert (tmp_path / "out/scores.jsonl").read_bytes() == (folder / "out/scores.jsonl").read_bytes()
    shards = [sorted(path.name for path in root.rglob("shard-*")) for root in (folder / "shared", tmp_path / "shared")]
    assert shards[0] == shards[1]
    for path in (folder / "shared").rglob("shard-*"):
        assert path.read_bytes() == (tmp_path / "shared" / path.relative_to(folder / "shared")).read_bytes()


@pytest.mark.parametrize("changes", [{"batch_tokens": 100}, {"batch_tokens": 100_000}, {"rows": 1}, {"rows": 1000}])
def test_batches_and_shards_change_last_digits_only(first: tuple[Path, dict[str, Any]], changes: dict[str, int]) -> None:
    folder, spec = first
    name = "-".join(f"{key}{value}" for key, value in changes.items())
    rows = changes.pop("rows", 6)
    assert run_here(folder, {**spec, **changes, "store": {"rows": rows}}, name) == 0
    for kind in ("whitened", "less"):
        got, wanted = scores_of(folder / name), scores_of(folder / "out")
        pick = (lambda row: row["tasks"]["words"]["score"]) if kind == "whitened" else (lambda row: row["others"]["less"]["words"])
        assert far({key: pick(row) for key, row in wanted.items()}, {key: pick(row) for key, row in got.items()}) < 1e-4


def test_rows_that_are_alone_score_the_same_bits_in_any_order_and_shard(first: tuple[Path, dict[str, Any]]) -> None:
    folder, spec = first
    rows = read_lines(folder / "pool.jsonl")
    random.Random(5).shuffle(rows)
    write_lines(folder / "shuffled.jsonl", rows)
    alone = {**spec, "batch_tokens": 1, "store": {"rows": 4}}
    assert run_here(folder, alone, "alone") == 0
    assert run_here(folder, {**alone, "candidates": [{"path": "shuffled.jsonl"}], "store": {"rows": 7}}, "alone-shuffled") == 0
    assert scores_of(folder / "alone") == scores_of(folder / "alone-shuffled")
    assert [row["id"] for row in read_lines(folder / "alone-shuffled/scores.jsonl")] == [row["id"] for row in rows]


def test_half_precision_keeps_scores_within_the_stated_error(first: tuple[Path, dict[str, Any]]) -> None:
    folder, spec = first
    assert run_here(folder, {**spec, "store": {"precision": "float32"}, "score": "cosine", "also": []}, "wide") == 0
    assert run_here(folder, {**spec, "score": "cosine", "also": []}, "half") == 0
    wide, half = task_scores(folder / "wide"), task_scores(folder / "half")
    # fp16 keeps 11 bits of each coordinate; errors of many coordinates even out.
    assert max(abs(wide[name] - half[name]) for name in wide) < 2e-4


def test_added_candidates_and_targets_reuse_what_is_there(first: tuple[Path, dict[str, Any]]) -> None:
    folder, spec = first
    before = {path: path.stat().st_mtime_ns for path in (folder / "shared").rglob("shard-*")}
    write_lines(folder / "more.jsonl", problems(3, 77, "m"))
    write_lines(folder / "third.jsonl", algebra(2, 78, "z"))
    more = {
        **spec,
        "candidates": [*spec["candidates"], {"path": "more.jsonl"}],
        "targets": {**spec["targets"], "third": [{"path": "third.jsonl"}]},
    }
    assert run_here(folder, more, "more") == 0
    after = {path: path.stat().st_mtime_ns for path in (folder / "shared").rglob("shard-*")}
    assert all(after[path] == before[path] for path in before)
    progress = [event for event in events_of(folder / "more") if event["event"] == "progress" and event["unit"] == "gradients"]
    # Three candidates and two targets, at two checkpoints: 3 × 2 + 2 × 2 rows were run; tokens are counted for those alone.
    assert progress[-1]["done"] == progress[-1]["total"] == 2 * (23 * 2 + 4 + 3 + 2)
    added = [key for path in after.keys() - before.keys() for keys in shard_keys(path).values() for key in keys]
    assert len(added) == 2 * (3 * 2 + 2)
    assert len(scores_of(folder / "more")) == 23
    assert set(scores_of(folder / "more")["m0"]["tasks"]) == {"words", "algebra", "third"}
    assert run_here(folder, {**more, "store": {}}, "more-afresh") == 0
    assert far(task_scores(folder / "more-afresh"), task_scores(folder / "more")) < 1e-4


def test_a_broken_shard_is_taken_again(first: tuple[Path, dict[str, Any]]) -> None:
    folder, spec = first
    own = {**spec, "store": {"path": "breakable"}}
    assert run_here(folder, own, "unbroken") == 0
    paths = sorted((folder / "breakable").rglob("shard-*"))
    wanted = [path.read_bytes() for path in paths]
    paths[0].write_bytes(wanted[0][: len(wanted[0]) // 2])
    paths[1].write_bytes(b"")
    assert run_here(folder, own, "mended") == 0
    assert [event["code"] for event in events_of(folder / "mended") if event["event"] == "warning"].count("influence/broken-shard") == 2
    assert [path.read_bytes() for path in paths] == wanted
    assert (folder / "mended/scores.jsonl").read_bytes() == (folder / "unbroken/scores.jsonl").read_bytes()


@pytest.mark.parametrize("kind", ["whitened", "less", "dot"])
def test_tokens_add_up_to_the_score(first: tuple[Path, dict[str, Any]], kind: str) -> None:
    folder, spec = first
    assert run_here(folder, {**spec, "score": kind, "also": [], "tokens": 3, "nearest": 0}, f"tokens-{kind}") == 0
    scores = scores_of(folder / f"tokens-{kind}")
    rows = read_lines(folder / f"tokens-{kind}/tokens.jsonl")
    best = sorted(scores.values(), key=lambda row: -row["final"])[:3]
    assert sorted(scores[row["id"]]["final"] for row in rows) == sorted(row["final"] for row in best)
    sizes = {name: max(abs(row["tasks"][name]["score"]) for row in scores.values()) for name in ("words", "algebra")}
    solutions = {row["id"]: row["solution"] for row in read_lines(folder / "pool.jsonl")}
    for row in rows:
        assert "".join(row["tokens"]) == solutions[row["id"]] + "<|end|>"
        assert len(row["tokens"]) == scores[row["id"]]["completion_tokens"]
        for task, part in row["tasks"].items():
            assert len(part["values"]) == len(row["tokens"])
            assert part["score"] == scores[row["id"]]["tasks"][task]["score"]
            # Half precision of the stored vector is between the two.
            assert sum(part["values"]) + part["constant"] == pytest.approx(part["score"], abs=2e-3 * sizes[task])
            assert (part["constant"] != 0) == (kind == "less")


def test_quality_rejects_its_share_and_quota_serves_both_tasks(first: tuple[Path, dict[str, Any]]) -> None:
    folder, spec = first
    assert run_here(folder, {**spec, "mode": "quality", "reject": 0.3}, "quality") == 0
    rows = list(scores_of(folder / "quality").values())
    assert sum(row["rejected"] for row in rows) == 6
    assert max(row["final"] for row in rows if row["rejected"]) < min(row["final"] for row in rows if not row["rejected"])
    assert run_here(folder, {**spec, "aggregate": "quota", "shares": {"words": 1, "algebra": 3}}, "quota") == 0
    order = sorted(scores_of(folder / "quota").values(), key=lambda row: -row["final"])
    best = max(scores_of(folder / "quota").values(), key=lambda row: row["tasks"]["algebra"]["score"])
    assert order[0]["id"] == best["id"]


def test_over_long_rows_are_listed_and_never_cut(first: tuple[Path, dict[str, Any]]) -> None:
    folder, spec = first
    tokens = {name: row["tokens"] for name, row in scores_of(folder / "out").items()}
    limit = sorted(tokens.values())[-4] + 0
    long = {name for name, count in tokens.items() if count > limit}
    assert 0 < len(long) < 4
    assert run_here(folder, {**spec, "max_length": limit}, "short") == 0
    assert {row["id"] for row in read_lines(folder / "short/filtered.jsonl")} == long
    assert scores_of(folder / "short").keys() == tokens.keys() - long
    assert "data/too-long" in [event.get("code") for event in events_of(folder / "short")]


def test_parquet_holds_the_same(first: tuple[Path, dict[str, Any]]) -> None:
    from pyarrow.parquet import read_table

    folder, spec = first
    assert run_here(folder, {**spec, "output": "parquet"}, "parquet") == 0
    assert read_table(folder / "parquet/scores.parquet").to_pylist() == read_lines(folder / "out/scores.jsonl")
    manifest = json.loads((folder / "parquet/manifest.json").read_text())
    assert {file["path"]: file["rows"] for file in manifest["files"]} == {"scores.parquet": 20}


def test_targets_like_the_pool_are_told(tiny_model: Path, tmp_path: Path) -> None:
    spec = prepare(tmp_path, tiny_model)
    write_lines(tmp_path / "pool.jsonl", problems(30, 1, "p"))
    write_lines(tmp_path / "words.jsonl", problems(25, 3, "w"))
    write_lines(tmp_path / "algebra.jsonl", algebra(25, 4, "t"))
    assert run_here(tmp_path, spec) == 0
    told = [event["data"]["task"] for event in events_of(tmp_path / "out") if event.get("code") == "influence/nothing-to-gain"]
    assert told == ["words"]


@given(st.integers(1, 60), st.floats(0, 1))
def test_the_learning_rate_rises_falls_and_is_never_zero(total: int, warmup: float) -> None:
    shares = rate_shares(total, warmup)
    assert len(shares) == total
    assert all(0 < share <= 1 for share in shares)
    top = shares.index(max(shares))
    assert shares[: top + 1] == sorted(shares[: top + 1])
    assert shares[top:] == sorted(shares[top:], reverse=True)


def test_the_difference_is_a_fair_test() -> None:
    """Of groups of one distribution, p is below 0.1 about one time in ten; of two, nearly always."""
    random = torch.Generator().manual_seed(0)
    shared = torch.randn(64, generator=random)
    same = [
        differs(torch.randn(40, 64, generator=random) + shared, torch.randn(30, 64, generator=random) + shared, seed) for seed in range(60)
    ]
    assert sum(p < 0.1 for p in same) <= 14
    other = shared + 0.6 * torch.randn(64, generator=random)
    assert differs(torch.randn(40, 64, generator=random) + shared, torch.randn(30, 64, generator=random) + other) < 0.01
