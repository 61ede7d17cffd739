"""What a model is asked: the item in the strings of training or as a message, behind examples where the spec names some."""

import hashlib
import json
from typing import Any

from jiuzhang_worker.data.examples import Example, read_examples
from jiuzhang_worker.engines.ask import CHAT, COMPLETION, Ask
from jiuzhang_worker.evaluate.items import Item, cluster_of
from jiuzhang_worker.job.files import sha256_json
from jiuzhang_worker.job.job import Job
from jiuzhang_worker.job.problem import Problem
from jiuzhang_worker.text.serialization import SERIALIZATION


def read_shots(job: Job, tests: set[str]) -> list[Example]:
    """The examples before every problem. tests: clusters of all test items, limits or not.

    Raises data/shots-are-tests, data/empty for fewer rows than `count`.
    """
    spec = job.spec.get("shots")
    if spec is None:
        return []
    source = {"path": spec["path"], "form": "solver", "limit": spec["count"], "columns": spec.get("columns")}
    shots = read_examples(job, [source])
    if len(shots) < spec["count"]:
        raise Problem(
            "data/empty", f"{spec['path']} has {len(shots)} rows, and {spec['count']} are to be shown", remedy="Lower shots.count."
        )
    for shot in shots:
        if cluster_of(shot.problem or "") in tests:
            raise Problem(
                "data/shots-are-tests",
                f"{shot.place} of {spec['path']} is also an item of a test set",
                remedy="Take examples from training data.",
            )
    return shots


def ask_of(spec: dict[str, Any], item: Item, shots: list[Example], sample: int) -> Ask:
    """The request for one sample of one item. Its key is a hash of everything that makes the answer, and of the item's place."""
    sampling = spec["sampling"]
    url, asked = _chat(spec, item, shots) if spec["prompt"] == "chat" else _solver(item, shots)
    body = {
        "model": spec["served_model"],
        **asked,
        "temperature": sampling["temperature"],
        "max_tokens": sampling["max_tokens"],
        "top_p": sampling["top_p"],
        "seed": _seed(sampling["seed"], item, sample),
        **({"stop": sampling["stop"]} if sampling["stop"] else {}),
    }
    return Ask(sha256_json([item.set, item.id, sample, body]), url, body)


def prompt_hash(ask: Ask) -> str:
    return sha256_json(ask.body.get("prompt", ask.body.get("messages")))


def _seed(base: int, item: Item, sample: int) -> int:
    """Another seed for every sample, by the rule of `sampleSeed` on the other side: 31 bits, which every server takes."""
    text = json.dumps([base, item.set, item.id, sample])
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big") >> 1


def _solver(item: Item, shots: list[Example]) -> tuple[str, dict[str, Any]]:
    asked = Example(id=item.id, place="", problem=item.problem)
    shown = "".join(f"{_solver_prompt(shot)}{shot.solution}\n\n" for shot in shots)
    return COMPLETION, {"prompt": shown + _solver_prompt(asked)}


def _solver_prompt(example: Example) -> str:
    # A prompt of problem and solution needs no tokenizer.
    return SERIALIZATION.prompt_of(example, None)  # type: ignore[arg-type]


def _chat(spec: dict[str, Any], item: Item, shots: list[Example]) -> tuple[str, dict[str, Any]]:
    messages: list[dict[str, str]] = []
    for shot in shots:
        messages += [_user(spec, shot.problem or ""), {"role": "assistant", "content": shot.solution or ""}]
    return CHAT, {"messages": [*messages, _user(spec, item.problem)]}


def _user(spec: dict[str, Any], problem: str) -> dict[str, str]:
    instruction = spec["instruction"].strip()
    return {"role": "user", "content": f"{instruction}\n\n{problem}" if instruction else problem}
