"""The whole method on one machine: train a synthesizer, let it write, value what it wrote, keep the best, train a student, evaluate.

    python bench/worker/miniature.py --model MODEL --data DIR --out DIR [--rows N] [--seeds N] [--keep N] [--items N] [--kill]

model: a folder in the layout of Hugging Face, or a .gguf file. data: a folder with train/{gsm8k,math}.jsonl and tests/gsm8k.jsonl,
tests/svamp.jsonl. With --kill every step is killed once, at its first checkpoint or progress, and started again. Started again itself, it goes on.
"""

import argparse
import hashlib
import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))
from pairs import make_pairs, read_items

WORKER = Path(__file__).resolve().parents[2] / "server" / "worker"


@dataclass(frozen=True)
class Size:
    """How much of everything. rows: pairs that the synthesizer learns from; seeds: passages it writes about; keep: problems that are selected;
    items: of each test set; tokens: of an answer; length: of a training sequence; longest: characters of a passage and of a problem; checkpoint: steps between two.
    """

    rows: int = 300
    seeds: int = 120
    keep: int = 40
    items: int = 40
    targets: int = 60
    tokens: int = 200
    length: int = 512
    longest: int = 420
    epochs: int = 1
    checkpoint: int = 5
    method: str = "lora"
    learning_rate: float = 5e-4


def write_lines(path: Path, rows: list[dict[str, Any]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")


def read_lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def make_data(data: Path, out: Path, size: Size) -> None:
    """Training pairs, requests about other passages, and target items; the same every time."""
    items = [item for item in read_items(data / "train") if item["topic"] in ("gsm8k", "Prealgebra", "Algebra")]
    pairs = list(make_pairs(items, size.rows + size.seeds, seed=0, longest=size.longest))
    write_lines(out / "pairs.jsonl", pairs[: size.rows])
    asked = pairs[size.rows :]
    requests = []
    for pair in asked:
        body = {
            "model": "synthesizer",
            "prompt": pair["prompt"],
            "temperature": 0.7,
            "top_p": 0.95,
            "max_tokens": size.tokens,
            "stop": ["\n## Passage", "\n## Problem"],
        }
        key = hashlib.sha256(json.dumps([body, 0], sort_keys=True).encode()).hexdigest()
        requests.append({"custom_id": key, "method": "POST", "url": "/v1/completions", "body": body})
    write_lines(out / "requests" / "requests-00000.jsonl", requests)
    used = {name for pair in pairs for name in pair["id"].split("→")}
    free = sorted((item for item in items if item["id"] not in used), key=lambda item: hashlib.sha256(item["id"].encode()).digest())
    for name, topics in (("gsm8k", ("gsm8k",)), ("math", ("Prealgebra", "Algebra"))):
        chosen = [item for item in free if item["topic"] in topics and len(item["problem"] + item["solution"]) <= 500][: size.targets]
        write_lines(out / f"targets-{name}.jsonl", chosen)


def make_candidates(out: Path) -> int:
    """Problems in what the synthesizer wrote: those with both parts. What has none is counted as such."""
    found = []
    for file in sorted((out / "synthesize").glob("responses-*.jsonl")):
        for line in read_lines(file):
            if line["error"] is not None:
                continue
            problem, heading, solution = line["response"]["body"]["choices"][0]["text"].partition("## Solution")
            if heading and problem.strip() and solution.strip():
                found.append({"id": line["custom_id"], "problem": problem.strip(), "solution": solution.strip()})
    write_lines(out / "candidates.jsonl", found)
    return len(found)


def specs(model: Path, data: Path, size: Size) -> list[tuple[str, dict[str, Any]]]:
    """The steps in order, each with its spec; paths are relative to the folder of the specs."""
    base = {"path": str(model)}
    # A model whose own weights were trained has nothing to merge.
    merged, trained = ({"export": ["merged"]}, "merged") if size.method == "lora" else ({}, "model")
    launch = {"device": "auto"}
    training = {
        "model": base,
        "method": size.method,
        "epochs": size.epochs,
        "batch_size": 8,
        "learning_rate": size.learning_rate,
        "max_length": size.length,
        "checkpoints": {"every_steps": size.checkpoint},
        "launch": launch,
    }
    values = {"model": base, "max_length": size.length, "lora": {"layers": "last:2"}, "warmup": {"epochs": 2}, "launch": launch}
    targets = {name: [{"path": f"targets-{name}.jsonl"}] for name in ("gsm8k", "math")}
    tests = [{"path": str(data / "tests" / f"{name}.jsonl"), "name": name, "limit": size.items} for name in ("gsm8k", "svamp")]
    return [
        ("train", {**training, "data": [{"path": "pairs.jsonl", "form": "writer"}], "held_out": 0.05, **merged}),
        (
            "synthesize",
            {"requests": "requests", "engine": "transformers", "model": {"path": f"train/{trained}"}, "batch_size": 16, "launch": launch},
        ),
        (
            "influence",
            {
                **values,
                "candidates": [{"path": "candidates.jsonl"}],
                "targets": targets,
                "tests": [{"path": str(data / "tests" / f"{name}.jsonl")} for name in ("gsm8k", "svamp")],
                "overlap": {"action": "drop"},
                "store": {"rows": 16},
            },
        ),
        ("select", {"candidates": [{"path": "candidates.jsonl"}], "scores": {"path": "influence/scores.jsonl"}, "k": size.keep}),
        ("student", {**training, "data": [{"path": "select/selected.jsonl"}], "held_out": 0.0, **merged}),
        (
            "evaluate",
            {
                "engine": "transformers",
                "model": {"path": f"student/{trained}"},
                "tests": tests,
                "sampling": {"max_tokens": size.tokens},
                "batch_size": 16,
                "launch": launch,
            },
        ),
    ]


def start(out: Path, name: str, spec: dict[str, Any]) -> subprocess.Popen[bytes]:
    task = "train" if name == "student" else name
    path = out / f"{name}.json"
    path.write_text(json.dumps({"task": task, **spec}, indent=1), encoding="utf-8")
    environment = {**os.environ, "PYTHONPATH": str(WORKER)}
    return subprocess.Popen(
        [sys.executable, "-m", "jiuzhang_worker", task, "--spec", str(path), "--out", str(out / name)],
        env=environment,
        stdout=subprocess.DEVNULL,
    )


def run_step(out: Path, name: str, spec: dict[str, Any], *, kill: bool) -> tuple[float, bool]:
    """Seconds, and whether the kill hit it while it ran. Ends the program with the step's exit code where it fails."""
    began = time.monotonic()
    killed = False
    if kill and not (out / name / "manifest.json").exists():
        child = start(out, name, spec)
        killed = _kill_at_first(child, out / name / "events.jsonl", "checkpoint" if name in ("train", "student") else "progress")
    code = start(out, name, spec).wait()
    if code != 0:
        sys.exit(code)
    return time.monotonic() - began, killed


def _kill_at_first(child: "subprocess.Popen[bytes]", events: Path, event: str) -> bool:
    while child.poll() is None:
        if events.exists() and f'"event": "{event}"' in events.read_text(encoding="utf-8"):
            child.kill()
            child.wait()
            return True
        time.sleep(0.02)
    return False


def run(model: Path, data: Path, out: Path, size: Size, *, kill: bool) -> list[dict[str, Any]]:
    """Runs every step and gives one line for each: name, seconds, whether it was killed, and its results."""
    out.mkdir(parents=True, exist_ok=True)
    make_data(data, out, size)
    lines = []
    for name, spec in specs(model.resolve(), data.resolve(), size):
        seconds, killed = run_step(out, name, spec, kill=kill)
        results = json.loads((out / name / "manifest.json").read_text(encoding="utf-8"))["run"]["results"]
        if name == "synthesize":
            results = {**results, "problems": make_candidates(out)}
        lines.append({"step": name, "seconds": round(seconds, 1), "killed": killed, "results": results})
        print(json.dumps(lines[-1], ensure_ascii=False), flush=True)
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    for name in ("rows", "seeds", "keep", "items"):
        parser.add_argument(f"--{name}", type=int, default=getattr(Size, name))
    parser.add_argument("--kill", action="store_true", help="kill every step once")
    options = parser.parse_args()
    size = Size(rows=options.rows, seeds=options.seeds, keep=options.keep, items=options.items)
    run(options.model, options.data, options.out, size, kill=options.kill)


if __name__ == "__main__":
    main()
