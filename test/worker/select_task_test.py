"""Select as a process: files in, files out, and what it says of data that does not fit."""

import json
import math
import random
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from processes import events_of, read_lines, run_task, write_lines

COUNT = 60


def rows() -> list[dict[str, Any]]:
    """Problems of three sources, each with words of its own; every third is a near copy of the one before."""
    made = []
    for number in range(COUNT):
        same = number - 1 if number % 3 == 2 else number
        source = ("apples", "trains", "circles")[same % 7 % 3]
        made.append(
            {
                "id": f"row-{number:03}",
                "problem": f"A problem about {source} and the number {same * 37 % 101}: what is {same} plus {same + 1}?",
                "solution": f"It is {2 * same + 1}. " * (1 + number % 5),
                "source": source,
                "format": "tool" if number % 4 == 0 else "nl",
                "extra": {"kept": [number, None]},
            }
        )
    return made


def scores(made: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        {
            "id": row["id"],
            "final": math.sin(7 * n),
            "loss": 1 + math.cos(n),
            "tokens": 20 + n % 11,
            "tasks": {"gsm8k": {"score": math.cos(3 * n)}},
        }
        for n, row in enumerate(made)
    ]


def spec(**members: Any) -> dict[str, Any]:
    return {"task": "select", "candidates": [{"path": "rows.jsonl"}], "scores": {"path": "scores.jsonl"}, **members}


def put(folder: Path, made: list[dict[str, Any]] | None = None, scored: list[dict[str, Any]] | None = None) -> None:
    made = rows() if made is None else made
    write_lines(folder / "rows.jsonl", made)
    write_lines(folder / "scores.jsonl", scores(made) if scored is None else scored)


def results(folder: Path, out: str = "out") -> dict[str, Any]:
    return json.loads((folder / out / "manifest.json").read_text())["run"]["results"]


def test_keeps_the_best_rows_as_they_stood_and_says_why_of_all(tmp_path: Path) -> None:
    put(tmp_path)
    done = run_task("select", tmp_path, spec(k=12))
    assert done.returncode == 0, done.stderr
    kept, rejected = read_lines(tmp_path / "out" / "selected.jsonl"), read_lines(tmp_path / "out" / "rejected.jsonl")
    best = sorted(scores(rows()), key=lambda row: -row["final"])[:12]
    assert [row["id"] for row in kept] == [row["id"] for row in best]
    assert [row["selection"]["value"] for row in kept] == pytest.approx([row["final"] for row in best])
    given = {row["id"]: row for row in rows()}
    for row in kept:
        row.pop("selection")
        assert row == given[row["id"]]
    assert {row["id"] for row in kept} | {row["id"] for row in rejected} == set(given)
    assert {row["reason"] for row in rejected} == {"not-among-the-best"}
    told = results(tmp_path)
    assert told["kept"] == 12
    assert sum(group["kept"] for group in told["groups"]["source"].values()) == 12
    assert told["random"]["expected"] == 12 / COUNT


@pytest.mark.parametrize(
    "members",
    [
        {"k": 15, "by": "random"},
        {"k": 15, "by": "length", "direction": "low"},
        {"k": 15, "by": "quality", "quality": {"reject": 0.6}},
        {"k": 15, "diversity": {"method": "mmr"}},
        {"k": 15, "diversity": {"method": "facility", "pool": 2}, "quotas": [{"column": "source", "shares": "equal"}]},
        {"tokens": 300, "by": "loss", "quotas": [{"column": "source", "shares": "proportional"}]},
        {"share": 0.3, "by": "embedding", "targets": [{"path": "targets.jsonl"}]},
    ],
    ids=lambda members: "-".join(str(members.get(name)) for name in ("by", "diversity") if members.get(name)),
)
def test_the_order_of_rows_and_scores_changes_nothing(tmp_path: Path, members: dict[str, Any]) -> None:
    made = rows()
    outputs = []
    for place, name in enumerate(("first", "second")):
        folder = tmp_path / name
        random.Random(place).shuffle(made)
        scored = scores(rows())
        random.Random(place + 5).shuffle(scored)
        put(folder, made, scored)
        write_lines(folder / "targets.jsonl", [row for row in rows() if row["source"] == "trains"][:5])
        done = run_task("select", folder, spec(**members))
        assert done.returncode == 0, done.stderr
        outputs.append([(folder / "out" / file).read_bytes() for file in ("selected.jsonl", "rejected.jsonl")])
    assert outputs[0] == outputs[1]
    assert read_lines(tmp_path / "first" / "out" / "selected.jsonl")


def test_quotas_hold_and_what_is_short_is_said(tmp_path: Path) -> None:
    put(tmp_path)
    shares = {"apples": 0.5, "pears": 0.25}
    done = run_task("select", tmp_path, spec(k=16, quotas=[{"column": "source", "shares": shares, "rest": "leave"}]))
    assert done.returncode == 0, done.stderr
    kept = Counter(row["source"] for row in read_lines(tmp_path / "out" / "selected.jsonl"))
    assert kept["apples"] == 8
    assert kept["trains"] + kept["circles"] == 4
    assert "source `pears` has 0 of 4 rows" in results(tmp_path)["shortfalls"]
    assert any(event["event"] == "warning" and event["code"] == "select/short" for event in events_of(tmp_path / "out"))

    done = run_task("select", tmp_path, spec(k=16, quotas=[{"column": "source", "shares": shares}]), out="others")
    assert done.returncode == 0, done.stderr
    rows_kept = read_lines(tmp_path / "others" / "selected.jsonl")
    assert len(rows_kept) == 16
    assert sum(row["selection"].get("instead", False) for row in rows_kept) == 4 == results(tmp_path, "others")["instead"]


def test_several_quotas_hold_together(tmp_path: Path) -> None:
    put(tmp_path)
    quotas = [{"column": "source", "shares": "equal", "rest": "leave"}, {"column": "format", "counts": {"tool": 3}, "rest": "leave"}]
    done = run_task("select", tmp_path, spec(k=18, quotas=quotas))
    assert done.returncode == 0, done.stderr
    kept = read_lines(tmp_path / "out" / "selected.jsonl")
    assert max(Counter(row["source"] for row in kept).values()) <= 6
    assert Counter(row["format"] for row in kept)["tool"] <= 3
    assert {row["reason"] for row in read_lines(tmp_path / "out" / "rejected.jsonl")} <= {"quota-full", "not-among-the-best"}


@pytest.mark.parametrize("method", ["mmr", "facility"])
def test_a_diverse_choice_leaves_copies_out(tmp_path: Path, method: str) -> None:
    put(tmp_path)

    def copies(out: str) -> int:
        problems = [row["problem"] for row in read_lines(tmp_path / out / "selected.jsonl")]
        return len(problems) - len(set(problems))

    # Scores put a row and its copy beside each other, so the plain choice takes both.
    write_lines(tmp_path / "scores.jsonl", [{"id": f"row-{n:03}", "final": -(n // 3)} for n in range(COUNT)])
    assert run_task("select", tmp_path, spec(k=15), out="plain").returncode == 0
    assert run_task("select", tmp_path, spec(k=15, diversity={"method": method, "weight": 0.3}), out="diverse").returncode == 0
    assert copies("plain") == 5
    assert copies("diverse") == 0


def test_a_diverse_choice_by_a_file_of_vectors(tmp_path: Path) -> None:
    put(tmp_path)
    write_lines(
        tmp_path / "vectors.jsonl", [{"id": f"row-{n:03}", "embedding": [float(n % 5 == part) for part in range(5)]} for n in range(COUNT)]
    )
    diversity = {"method": "mmr", "weight": 0, "vectors": "vectors.jsonl"}
    done = run_task("select", tmp_path, spec(k=5, diversity=diversity))
    assert done.returncode == 0, done.stderr
    assert {int(row["id"][4:]) % 5 for row in read_lines(tmp_path / "out" / "selected.jsonl")} == set(range(5))
    write_lines(tmp_path / "vectors.jsonl", [{"id": "row-000", "embedding": [1.0]}])
    done = run_task("select", tmp_path, spec(k=5, diversity=diversity), out="none")
    assert done.returncode == 65
    assert "59 of 60 candidates have no vector" in done.stderr


def test_a_model_counts_tokens_and_embeds(tmp_path: Path, tiny_model: Path) -> None:
    put(tmp_path)
    write_lines(tmp_path / "targets.jsonl", rows()[3:5])
    members = {"by": "embedding", "match": "max", "targets": [{"path": "targets.jsonl"}], "model": {"path": str(tiny_model)}}
    done = run_task("select", tmp_path, spec(tokens=700, **members))
    assert done.returncode == 0, done.stderr
    kept = read_lines(tmp_path / "out" / "selected.jsonl")
    assert {"row-003", "row-004"} <= {row["id"] for row in kept[:3]}
    assert kept[0]["selection"]["value"] == pytest.approx(1, abs=1e-5)
    told = results(tmp_path)["tokens"]["kept"]
    assert abs(told - 700) < 200


def test_missing_unknown_and_infinite_scores_are_counted(tmp_path: Path) -> None:
    scored = scores(rows())
    scored[0]["final"] = math.nan
    scored[1]["final"] = math.inf
    scored[2]["final"] = None
    put(tmp_path, scored=[*scored[:-4], {"id": "stranger", "final": 3.0}])
    done = run_task("select", tmp_path, spec(k=56))
    assert done.returncode == 0, done.stderr
    reasons = {row["id"]: row["reason"] for row in read_lines(tmp_path / "out" / "rejected.jsonl")}
    assert Counter(reasons.values()) == {"not-finite": 2, "no-score": 5}
    assert results(tmp_path)["kept"] == 53
    warnings = {event["code"]: event for event in events_of(tmp_path / "out") if event["event"] == "warning"}
    assert warnings["select/missing-scores"]["data"] == {"missing": 5, "not_finite": 2}
    assert warnings["select/unknown-ids"]["data"] == {"count": 1}
    assert warnings["select/short"]["data"]["shortfalls"] == ["the selection has 53 of 56 rows"]
    strict = spec(k=5)
    strict["scores"]["missing"] = "refuse"
    done = run_task("select", tmp_path, strict, out="strict")
    assert done.returncode == 65
    assert "Of 60 candidates 5 have no score and 2 have one that is not finite" in done.stderr


def test_the_same_row_twice_is_taken_once_and_another_under_its_id_is_refused(tmp_path: Path) -> None:
    made = rows()
    put(tmp_path, [*made, made[4]], scores(made))
    assert run_task("select", tmp_path, spec(k=60)).returncode == 0
    assert results(tmp_path)["kept"] == 60
    assert results(tmp_path)["duplicates"] == 1
    put(tmp_path, [*made, {**made[4], "problem": "Another?"}], scores(made))
    done = run_task("select", tmp_path, spec(k=6), out="other")
    assert done.returncode == 65
    assert "rows.jsonl:61 has the id `row-004`, which another row has at rows.jsonl:5" in done.stderr


@pytest.mark.parametrize(
    ("members", "code", "words"),
    [
        ({}, 64, "The spec says nothing of how much to keep"),
        ({"k": 3, "tokens": 9}, 64, "The spec says `k` and `tokens`"),
        ({"k": 3, "by": "embedding"}, 64, "needs `targets`"),
        ({"k": 3, "by": "random", "threshold": 0}, 64, "`threshold` has no meaning"),
        ({"threshold": 0, "quotas": [{"column": "source", "shares": "equal"}]}, 64, "`quotas` divide a number"),
        ({"k": 3, "quotas": [{"column": "source", "shares": {"apples": 0.9, "trains": 0.2}}]}, 64, "shares whose sum is 1.1"),
        ({"k": 3, "quotas": [{"column": "source", "counts": {"apples": 4}}]}, 64, "gives away 4, and the selection has 3"),
        ({"k": 3, "scores": {"path": "scores.jsonl", "score": "fnal"}}, 65, "columns are id, final, loss, tokens, tasks"),
        ({"k": 3, "scores": {"path": "scores.jsonl", "id": "final"}}, 65, "No candidate has a score"),
        ({"k": 3, "scores": {"path": "none.jsonl"}}, 65, "There is no file"),
        ({"k": 3, "scores": {"path": "scores.jsonl", "score": "id"}}, 65, "is no number"),
        ({"tokens": 30, "scores": {"path": "bare.jsonl"}}, 64, "A budget of tokens needs to know"),
    ],
)
def test_what_does_not_fit_is_said(tmp_path: Path, members: dict[str, Any], code: int, words: str) -> None:
    put(tmp_path)
    write_lines(tmp_path / "bare.jsonl", [{"id": row["id"], "final": row["final"]} for row in scores(rows())])
    done = run_task("select", tmp_path, spec(**members))
    assert done.returncode == code, done.stderr
    assert words in done.stderr
    assert not (tmp_path / "out" / "selected.jsonl").exists()


def test_a_threshold_and_a_column_inside_another(tmp_path: Path) -> None:
    put(tmp_path)
    members = spec(threshold=0.5)
    members["scores"]["score"] = "tasks.gsm8k.score"
    done = run_task("select", tmp_path, members)
    assert done.returncode == 0, done.stderr
    kept = read_lines(tmp_path / "out" / "selected.jsonl")
    assert {row["id"] for row in kept} == {row["id"] for row in scores(rows()) if row["tasks"]["gsm8k"]["score"] >= 0.5}
    assert {row["reason"] for row in read_lines(tmp_path / "out" / "rejected.jsonl")} == {"beyond-threshold"}


def test_a_score_given_twice_is_refused(tmp_path: Path) -> None:
    put(tmp_path, scored=[*scores(rows()), scores(rows())[7]])
    done = run_task("select", tmp_path, spec(k=3))
    assert done.returncode == 65
    assert "scores.jsonl:61 scores `row-007`, which scores.jsonl:8 has scored" in done.stderr


def test_scores_that_reject_rows_themselves_are_believed(tmp_path: Path) -> None:
    put(tmp_path, scored=[{**row, "mode": "quality", "rejected": row["final"] < 0.3} for row in scores(rows())])
    done = run_task("select", tmp_path, spec(k=10, by="quality"))
    assert done.returncode == 0, done.stderr
    final = {row["id"]: row["final"] for row in scores(rows())}
    kept = [row["id"] for row in read_lines(tmp_path / "out" / "selected.jsonl")]
    assert len(kept) == 10
    assert all(final[name] >= 0.3 for name in kept)
    # The rest is drawn, not taken from the top.
    assert kept != sorted(kept, key=lambda name: -final[name])
    reasons = {row["id"]: row["reason"] for row in read_lines(tmp_path / "out" / "rejected.jsonl")}
    assert {name for name, reason in reasons.items() if reason == "rejected-by-quality"} == {name for name in final if final[name] < 0.3}
