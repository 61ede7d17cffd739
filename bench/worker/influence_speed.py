"""How fast influence is: gradients by hooks against one by one and `vmap`, count-sketch against Rademacher, scores against their inputs.

Run by hand, with the worker's Python (`node scripts/worker-env.ts` prints it):

    PYTHONPATH=server/worker python bench/worker/influence_speed.py --model FOLDER_OR_GGUF --layers last:4
    PYTHONPATH=server/worker python bench/worker/influence_speed.py --random 1b --dtype bfloat16        # on a GPU

Everything that is compared runs in this one process on the same rows; the figure that lasts is the ratio.
"""

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

import torch
from jiuzhang_worker.influence.gradients import Batch, GradientTaker, collate, one_by_one, trained_weights
from jiuzhang_worker.influence.projection import Projection
from jiuzhang_worker.influence.scores import unit, whitened_targets
from jiuzhang_worker.models.lora import add_lora
from torch.nn.functional import cross_entropy

#: Random weights in the shapes of Llama: hidden, intermediate, layers, heads, key-value heads, vocabulary.
SHAPES = {
    "tiny": (256, 688, 6, 4, 4, 8_000),
    "135m": (576, 1_536, 30, 9, 3, 49_152),
    "1b": (2_048, 8_192, 16, 32, 8, 128_256),
    "7b": (4_096, 14_336, 32, 32, 8, 32_000),
}
#: bfloat16 without sparsity, TFLOP/s.
PEAKS = {"H200": 989, "H100": 989, "GH200": 989, "A100": 312, "L40S": 362, "4090": 165}


def main() -> None:
    options = arguments()
    torch.manual_seed(0)
    if options.threads:
        torch.set_num_threads(options.threads)
    device = torch.device(options.device or ("cuda" if torch.cuda.is_available() else "cpu"))
    base = random_model(options, device) if options.model is None else named_model(options, device)
    base.requires_grad_(False)
    lora = {"rank": options.rank, "alpha": 2 * options.rank, "dropout": 0, "targets": options.targets, "layers": options.layers}
    model = add_lora(base, lora, 0).to(device).eval()
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "lora_B" in name:
                parameter.normal_(std=0.02)
    say(f"{device_name(device)}, torch {torch.__version__}, {torch.get_num_threads()} threads, {options.dtype}")
    say(
        f"{sum(p.numel() for p in base.parameters()) / 1e6:.0f} M weights, LoRA {options.rank} on {options.layers}: {GradientTaker(model).dim / 1e6:.2f} M"
    )
    found = {
        "gradients": gradients(model, options, device),
        "projection": projections(model, options, device),
        "scores": growth(options, device),
    }
    if options.json:
        options.json.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, help="a folder in the layout of Hugging Face, or a .gguf file")
    parser.add_argument("--random", choices=SHAPES, default="tiny", help="random weights of this shape, where no model is named")
    parser.add_argument("--rank", type=int, default=16)
    parser.add_argument("--layers", default="all", help="all, or last:N")
    parser.add_argument("--targets", nargs="+", default=["q_proj", "k_proj", "v_proj", "o_proj"])
    parser.add_argument("--rows", type=int, default=32, help="examples that are timed")
    parser.add_argument("--length", type=int, default=160, help="their mean tokens; they are between half and one and a half of it")
    parser.add_argument("--batch-tokens", type=int, default=2_048)
    parser.add_argument("--dim", type=int, default=8_192)
    parser.add_argument("--dtype", default="float32", choices=["float32", "bfloat16"])
    parser.add_argument("--device")
    parser.add_argument("--threads", type=int)
    parser.add_argument("--repeat", type=int, default=3, help="the best of so many runs counts")
    parser.add_argument("--ways", nargs="+", default=["hooks", "one by one", "vmap"], help="which ways of taking gradients are timed")
    parser.add_argument("--pool", type=int, default=8_000, help="the largest pool of the scores")
    parser.add_argument("--json", type=Path, help="file for the figures")
    return parser.parse_args()


def random_model(options: argparse.Namespace, device: torch.device) -> Any:
    from transformers import LlamaConfig, LlamaForCausalLM

    hidden, inner, layers, heads, shared, vocabulary = SHAPES[options.random]
    config = LlamaConfig(
        vocab_size=vocabulary,
        hidden_size=hidden,
        intermediate_size=inner,
        num_hidden_layers=layers,
        num_attention_heads=heads,
        num_key_value_heads=shared,
        max_position_embeddings=4_096,
        tie_word_embeddings=True,
    )
    with torch.device(device):
        return LlamaForCausalLM(config).to(getattr(torch, options.dtype))


def named_model(options: argparse.Namespace, device: torch.device) -> Any:
    from jiuzhang_worker.job.files import sha256_of
    from jiuzhang_worker.models.gguf import converted
    from transformers import AutoModelForCausalLM

    folder = converted(options.model, sha256_of(options.model)) if options.model.suffix == ".gguf" else options.model
    return AutoModelForCausalLM.from_pretrained(folder, dtype=getattr(torch, options.dtype)).to(device)


def device_name(device: torch.device) -> str:
    return torch.cuda.get_device_name(device) if device.type == "cuda" else "CPU"


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def table(title: str, head: list[str], rows: list[list[str]]) -> None:
    widths = [max(len(row[column]) for row in [head, *rows]) for column in range(len(head))]
    say(f"\n{title}")
    for row in [head, *rows]:
        say(
            "  ".join(
                cell.ljust(width) if column == 0 else cell.rjust(width)
                for column, (cell, width) in enumerate(zip(row, widths, strict=True))
            )
        )


def best_of(times: int, device: torch.device, work: Callable[[], Any]) -> float:
    """Seconds: of the clock on a GPU, of the processor's time on a CPU, which others may be using, too."""
    clock = perf_counter if device.type == "cuda" else process_time
    found = float("inf")
    for _ in range(times):
        began = clock()
        work()
        if device.type == "cuda":
            torch.cuda.synchronize(device)
        found = min(found, clock() - began)
    return found


def batches(options: argparse.Namespace, vocabulary: int, device: torch.device) -> list[Batch]:
    """Batches as the task makes them of a shard of 1,024 rows sorted by length; of these, some at even distances, about `rows` rows."""
    draw = torch.Generator().manual_seed(1)
    lengths = sorted(torch.randint(options.length // 2, options.length * 3 // 2, (1_024,), generator=draw).tolist(), reverse=True)
    planned: list[list[int]] = []
    for length in lengths:
        if planned and planned[-1][0] * (len(planned[-1]) + 1) <= options.batch_tokens:
            planned[-1].append(length)
        else:
            planned.append([length])
    count = max(1, round(options.rows * len(planned) / 1_024))
    chosen = [planned[(2 * number + 1) * len(planned) // (2 * count)] for number in range(count)]
    return [
        collate([(torch.randint(0, vocabulary, (length,), generator=draw).tolist(), length // 3) for length in some]).to(device)
        for some in chosen
    ]


def gradients(model: Any, options: argparse.Namespace, device: torch.device) -> list[dict[str, Any]]:
    taker = GradientTaker(model)
    some = batches(options, model.config.vocab_size, device)
    rows = sum(len(batch.ids) for batch in some)
    learnt = [batch.labels != -100 for batch in some]
    tokens = sum(int(each.sum()) + int(each.int().argmax(1).sum()) for each in learnt)
    ways = {
        "hooks": lambda: [drain(taker, batch) for batch in some],
        "one by one": lambda: [one_by_one(model, batch) for batch in some],
        "vmap": lambda: [by_vmap(model, batch) for batch in some],
    }
    wanted = one_by_one(model, some[-1])[0]
    scale = wanted.norm(dim=1).max()
    found = []
    for name in options.ways:
        check = {"hooks": taker.take, "one by one": lambda batch: one_by_one(model, batch), "vmap": lambda batch: by_vmap(model, batch)}[
            name
        ]
        # Reads like a test: what is timed must be right, and this warms up.
        difference = float((check(some[-1])[0] - wanted).norm(dim=1).max() / scale)
        if device.type == "cuda":
            torch.cuda.reset_peak_memory_stats(device)
            before = torch.cuda.memory_allocated(device)
        seconds = best_of(options.repeat, device, ways[name])
        row: dict[str, Any] = {
            "way": name,
            "seconds": seconds,
            "tokens_per_second": tokens / seconds,
            "rows_per_second": rows / seconds,
        }
        row["difference"] = difference
        if device.type == "cuda":
            row["bytes_per_token"] = (torch.cuda.max_memory_allocated(device) - before) / max(batch.ids.numel() for batch in some)
            peak = next((value for key, value in PEAKS.items() if key in torch.cuda.get_device_name(device)), None)
            if peak is not None:
                # Forward and the backward of the activations; weights that are not trained have no gradient. Head included once.
                row["share_of_peak"] = 4 * sum(p.numel() for p in model.parameters()) * tokens / seconds / (peak * 1e12)
        elif name == "hooks":
            row["bytes_per_token"] = saved_bytes(model, some[0]) / some[0].ids.numel()
        found.append(row)
    slowest = next((row["seconds"] for row in found if row["way"] == "one by one"), None)
    table(
        f"Gradients: {rows} rows, {tokens} tokens in {len(some)} batches",
        ["way", "s", "tokens/s", "rows/s", "× one by one", "difference", "kB/token", "of peak"],
        [
            [
                row["way"],
                f"{row['seconds']:.3f}",
                f"{row['tokens_per_second']:,.0f}",
                f"{row['rows_per_second']:.1f}",
                f"{slowest / row['seconds']:.2f}" if slowest else "",
                f"{row['difference']:.0e}",
                f"{row['bytes_per_token'] / 1e3:,.0f}" if "bytes_per_token" in row else "",
                f"{row['share_of_peak']:.0%}" if "share_of_peak" in row else "",
            ]
            for row in found
        ],
    )
    return found


def drain(taker: GradientTaker, batch: Batch) -> None:
    """As the task uses them: weight by weight."""
    _, blocks = taker.blocks(batch)
    for _ in blocks:
        pass


def by_vmap(model: Any, batch: Batch) -> tuple[torch.Tensor, torch.Tensor]:
    """`vmap(grad)` over a padded batch, as functorch's tutorial on per-sample gradients does."""
    from torch.func import functional_call, grad_and_value, vmap
    from torch.nn.attention import SDPBackend, sdpa_kernel

    weights = trained_weights(model)
    parameters = {weight.name: weight.linear.weight.detach() for weight in weights}

    def loss(parameters: dict[str, torch.Tensor], ids: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        logits = functional_call(model, parameters, (), {"input_ids": ids[None], "use_cache": False}).logits[0, :-1].float()
        each = cross_entropy(logits, labels[1:], ignore_index=-100, reduction="none")
        return each.sum() / (labels[1:] != -100).sum()

    with sdpa_kernel(SDPBackend.MATH):
        found, losses = vmap(grad_and_value(loss), in_dims=(None, 0, 0), randomness="error")(parameters, batch.ids, batch.labels)
    return torch.cat([found[weight.name].flatten(1).float() for weight in weights], 1), losses


def saved_bytes(model: Any, batch: Batch) -> int:
    """What is held between forward and backward, weights aside."""
    held: dict[int, int] = {}
    weights = {parameter.untyped_storage().data_ptr() for parameter in model.parameters()}

    def pack(tensor: torch.Tensor) -> torch.Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in weights:
            held[storage.data_ptr()] = storage.nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        drain(GradientTaker(model), batch)
    return sum(held.values())


def projections(model: Any, options: argparse.Namespace, device: torch.device) -> list[dict[str, Any]]:
    """Rows with a shared direction, as gradients have, so that their cosines differ."""
    coordinates = min(GradientTaker(model).dim, 1_000_000 if device.type == "cuda" else 200_000)
    draw = torch.Generator().manual_seed(2)
    vectors = torch.randn(16, coordinates, generator=draw) + torch.rand(16, 1, generator=draw) * torch.randn(coordinates, generator=draw)
    vectors = vectors.to(device)
    exact = unit(vectors) @ unit(vectors).T
    found: list[dict[str, Any]] = []
    for kind in ("count-sketch", "rademacher"):
        projection = Projection(kind, options.dim, 3, coordinates)

        def work(projection: Projection = projection) -> torch.Tensor:
            into = projection.empty(len(vectors), device)
            projection.add(into, vectors, 0)
            return into

        projected = unit(work())
        seconds = best_of(options.repeat if kind == "count-sketch" else 1, device, work)
        off = (projected @ projected.T - exact)[~torch.eye(len(vectors), dtype=torch.bool, device=device)]
        found.append(
            {"kind": kind, "seconds": seconds, "coordinates_per_second": 16 * coordinates / seconds, "cosine_error": float(off.std())}
        )
    table(
        f"Projection of 16 × {coordinates:,} to {options.dim:,}",
        ["kind", "s", "M coordinates/s", "× rademacher", "error of cosines (sd)"],
        [
            [
                row["kind"],
                f"{row['seconds']:.4f}",
                f"{row['coordinates_per_second'] / 1e6:,.0f}",
                f"{found[1]['seconds'] / row['seconds']:.0f}",
                f"{row['cosine_error']:.4f}",
            ]
            for row in found
        ],
    )
    return found


def growth(options: argparse.Namespace, device: torch.device) -> list[dict[str, Any]]:
    """Whitening and scoring of random gradients. Each further checkpoint costs the same again."""
    draw = torch.Generator().manual_seed(4)
    found = []
    for count in [options.pool // 8, options.pool // 4, options.pool // 2, options.pool]:
        for items in (64, 512):
            pool = torch.randn(count, options.dim, generator=draw).half().to(device)
            targets = torch.randn(items, options.dim, generator=draw).to(device)

            def work(pool: torch.Tensor = pool, targets: torch.Tensor = targets) -> None:
                towards = whitened_targets(lambda: pool.split(1_024), targets)
                for block in pool.split(1_024):
                    unit(block) @ towards.T

            found.append({"candidates": count, "targets": items, "seconds": best_of(1, device, work)})
    table(
        f"Whitened scores in {options.dim:,} dimensions, one checkpoint",
        ["candidates", "target items", "s"],
        [[f"{row['candidates']:,}", str(row["targets"]), f"{row['seconds']:.2f}"] for row in found],
    )
    return found


if __name__ == "__main__":
    sys.exit(main())
