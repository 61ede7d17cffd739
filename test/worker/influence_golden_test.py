"""The whole task against the formulas of the design, by one-by-one autograd: two checkpoints, two tasks, every kind of score."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from influence_runs import prepare, run_here, scores_of
from processes import read_lines

KINDS = ("whitened", "less", "cosine", "dot")


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, tiny_model: Path) -> Any:
    folder = tmp_path_factory.mktemp("golden")
    spec = prepare(
        folder,
        tiny_model,
        also=["less", "cosine", "dot"],
        projection={"kind": "none"},
        store={"precision": "float32"},
        lora={"rank": 2, "alpha": 4, "layers": "last:1"},
    )
    assert run_here(folder, spec) == 0
    return folder


def textbook(folder: Path, model_folder: Path, epochs: int) -> dict[str, dict[str, np.ndarray[Any, Any]]]:
    """{kind: {task: (n,)}} from nothing but the checkpoints' folders, plain autograd and numpy."""
    from jiuzhang_worker.data.examples import Example
    from jiuzhang_worker.text.serialization import SERIALIZATION
    from peft import PeftModel
    from safetensors.numpy import load_file
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(model_folder)
    sums: dict[str, dict[str, Any]] = {kind: {"algebra": 0.0, "words": 0.0} for kind in KINDS}
    rates = [json.loads((folder / f"out/warmup/epoch-{n}/epoch.json").read_text())["learning_rate"] for n in range(1, epochs + 1)]
    for n in range(1, epochs + 1):
        checkpoint = folder / f"out/warmup/epoch-{n}"
        model = PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained(model_folder), checkpoint, is_trainable=True).eval()
        named = [(name, parameter) for name, parameter in model.named_parameters() if parameter.requires_grad]
        moments = load_file(checkpoint / "moments.safetensors")
        m, v = (
            np.concatenate([moments[f"{moment}.{name}"].ravel() for name, _ in named]).astype(float) for moment in ("exp_avg", "exp_avg_sq")
        )

        def gradient(row: dict[str, Any], model: Any = model, named: Any = named) -> Any:
            tokens = SERIALIZATION.encode(Example(row["id"], "", problem=row["problem"], solution=row["solution"]), tokenizer)
            logits = model(input_ids=torch.tensor([tokens.ids])).logits[0].double()
            logs = torch.log_softmax(logits, -1)
            loss = -sum(logs[at - 1, tokens.ids[at]] for at in range(tokens.prompt, len(tokens.ids))) / (len(tokens.ids) - tokens.prompt)
            return torch.cat([part.flatten() for part in torch.autograd.grad(loss, [parameter for _, parameter in named])]).double().numpy()

        g = np.stack([gradient(row) for row in read_lines(folder / "pool.jsonl")])
        adam = (0.9 * m + 0.1 * g) / np.sqrt(0.999 * v + 0.001 * g**2 + 1e-8)
        unit = lambda a: a / np.linalg.norm(a, axis=1, keepdims=True)  # noqa: E731
        k = unit(g) @ unit(g).T
        ridge = np.trace(k) / len(k) * len(k) / 100
        for task in ("algebra", "words"):
            t = np.stack([gradient(row) for row in read_lines(folder / f"{task}.jsonl")])
            share = rates[n - 1] / sum(rates)
            sums["less"][task] += share * (unit(adam) @ unit(t).T).mean(1)
            sums["cosine"][task] += share * (unit(g) @ unit(t).T).mean(1)
            sums["dot"][task] += share * (g @ t.T).mean(1)
            sums["whitened"][task] += share * (unit(t) @ unit(g).T @ np.linalg.inv(k + ridge * np.eye(len(k)))).mean(0)
    return sums


def test_two_checkpoints_and_two_tasks_are_the_textbooks(run: Path, tiny_model: Path) -> None:
    wanted = textbook(run, tiny_model, 2)
    rows = read_lines(run / "out" / "scores.jsonl")
    assert [row["id"] for row in rows] == [row["id"] for row in read_lines(run / "pool.jsonl")]
    for task in ("algebra", "words"):
        for kind in KINDS:
            got = np.array([row["tasks"][task]["score"] if kind == "whitened" else row["others"][kind][task] for row in rows])
            scale = np.abs(wanted[kind][task]).max()
            assert scale > 0
            assert np.abs(got - wanted[kind][task]).max() / scale < 1e-5, (kind, task)


def test_one_checkpoint_by_its_folder(run: Path, tiny_model: Path) -> None:
    spec = json.loads((run / "out.spec.json").read_text())
    spec |= {"checkpoints": [{"path": "out/warmup/epoch-1"}], "score": "less", "also": []}
    assert run_here(run, spec, "one") == 0
    wanted = textbook(run, tiny_model, 1)["less"]
    got = scores_of(run / "one")
    for task, values in wanted.items():
        found = np.array([row["tasks"][task]["score"] for row in got.values()])
        assert np.abs(found - values).max() / np.abs(values).max() < 1e-5


def test_ranks_nearest_items_and_the_final_number_follow_from_the_scores(run: Path) -> None:
    rows = read_lines(run / "out" / "scores.jsonl")
    for task in ("algebra", "words"):
        by_score = sorted(rows, key=lambda row: row["tasks"][task]["score"])
        assert [row["tasks"][task]["rank"] for row in by_score] == pytest.approx([n / (len(rows) - 1) for n in range(len(rows))], abs=1e-7)
        items = {row["id"] for row in read_lines(run / f"{task}.jsonl")}
        for row in rows:
            nearest = row["tasks"][task]["nearest"]
            assert len(nearest) == 3
            assert {item["id"] for item in nearest} <= items
            assert [item["value"] for item in nearest] == sorted((item["value"] for item in nearest), reverse=True)
            if task == "algebra":
                # There are three items, so their mean is the score.
                assert sum(item["value"] for item in nearest) / 3 == pytest.approx(row["tasks"][task]["score"], rel=1e-5, abs=1e-9)
    for row in rows:
        assert row["final"] == max(cell["rank"] for cell in row["tasks"].values())
        assert row["loss"] > 0
        assert row["tokens"] > row["completion_tokens"] > 0


def test_the_manifest_says_every_setting(run: Path) -> None:
    manifest = json.loads((run / "out" / "manifest.json").read_text())
    settings = manifest["run"]["settings"]
    assert settings["damping"] == 1
    assert settings["projection"] == {"kind": "none", "dim": 8192, "seed": 42}
    results = manifest["run"]["results"]
    assert results["targets"] == {"algebra": 3, "words": 4}
    assert [len(one["sha256"]) for one in results["checkpoints"]] == [64, 64]
    assert results["warmup_rows"] == 8
