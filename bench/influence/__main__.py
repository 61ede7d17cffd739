"""`python bench/influence --help`."""

import argparse
import os
import platform
import sys
from dataclasses import asdict
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE.parents[1] / "server" / "worker")]


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python bench/influence",
        description="Does influence beat random? Plants the answer, scores, trains proxies, and tests over seeds. Stop it at any time: started "
        "again with the same --out, it goes on.",
    )
    shared = Path(os.environ.get("JIUZHANG_SHARED_DATA") or HERE.parents[2] / "shared" / "data")
    parser.add_argument("--out", type=Path, required=True, help="folder for results.jsonl, scores, states that are kept, RESULTS.md")
    parser.add_argument("--model", type=Path, help="a folder or .gguf file; the embedded model of the user's cache unless told")
    parser.add_argument("--questions", nargs="+", help="of Q, T-easy, T-hard-1, T-hard-2, B, N; all unless told")
    parser.add_argument("--seeds", type=int, nargs="+", default=list(range(6)))
    train = shared / "train"
    parser.add_argument("--rows", type=Path, nargs="+", default=[train / "gsm8k.jsonl"], help="clean rows of Q, B and N (never of tests/)")
    parser.add_argument("--topics", type=Path, nargs="+", default=[train / "math.jsonl"], help="clean rows of T, with `subject`")
    parser.add_argument("--clean-warmup", action="store_true", help="warm up on clean rows, in place of rows as dirty as the pool")
    parser.add_argument("--easy", default="Counting & Probability", help="`subject` of the easy topic")
    parser.add_argument("--hard", nargs="+", default=["Prealgebra", "Intermediate Algebra"], help="`subject`s of the hard topics")
    parser.add_argument(
        "--length", type=int, nargs=2, default=[48, 256], help="least and most tokens of a row; what is longer is left out, never cut"
    )
    parser.add_argument("--candidates", type=int, default=300)
    parser.add_argument("--kept", type=int, default=48)
    parser.add_argument("--planted", type=int, default=60, help="candidates of the topic")
    parser.add_argument("--targets", type=int, default=48)
    parser.add_argument("--judged", type=int, default=96)
    parser.add_argument("--warmup", type=int, default=200)
    parser.add_argument("--warmup-epochs", type=int, default=4)
    parser.add_argument("--proxy-epochs", type=int, default=4)
    parser.add_argument("--learning-rate", type=float, default=1e-3)
    parser.add_argument("--checkpoints", type=int, default=1, help="the warm-up's last epochs that are used")
    parser.add_argument("--rank", type=int, default=16)
    parser.add_argument("--layers", default="last:4")
    parser.add_argument("--arms", nargs="*", help="train proxies for these alone, beside random and oracle")
    parser.add_argument("--draws", type=int, default=3, help="averaged for arms in which chance has a part")
    parser.add_argument(
        "--dtype", choices=["auto", "float32", "bfloat16"], default="auto", help="auto: bfloat16 where the processor has it"
    )
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument(
        "--scores", type=Path, nargs="+", default=[], help="files of {id, score} for exported candidates, judged like our own"
    )
    parser.add_argument("--export", action="store_true", help="only write the worlds' candidates, targets and warm-up into --out/worlds")
    parser.add_argument("--write", type=Path, help="also write RESULTS.md and results.json into this folder")
    options = parser.parse_args()

    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    import torch
    from jiuzhang_worker.data.source import read_rows
    from jiuzhang_worker.job.files import sha256_of, whole_file, write_json
    from jiuzhang_worker.models.cache import cache_folder
    from jiuzhang_worker.models.gguf import converted

    from influence.lab import LORA, Lab, Training
    from influence.report import goals, markdown, summarize
    from influence.rows import of_length, rows_of
    from influence.run import Results, Settings, export, run
    from influence.worlds import Sizes, make_world, questions

    files = {"one": options.rows, "topics": options.topics}
    if any("tests" in path.resolve().parts for paths in files.values() for path in paths):
        parser.error("rows of tests/ are for measuring only")
    torch.set_num_threads(options.threads)
    model = options.model or next(iter(sorted((cache_folder() / "models").glob("*.gguf"))), None)
    if model is None:
        parser.error("there is no embedded model in the cache; name one as --model")
    sizes = Sizes(options.candidates, options.kept, options.planted, options.targets, options.judged, options.warmup)
    lora = {**LORA, "rank": options.rank, "alpha": 2 * options.rank, "layers": options.layers}
    dtype = options.dtype
    if dtype == "auto":
        dtype = "bfloat16" if torch.backends.cpu.get_cpu_capability().startswith("AVX512") else "float32"
    settings = Settings(
        model.name,
        {source: [path.name for path in paths] for source, paths in files.items()},
        sizes,
        warmup=Training(options.warmup_epochs, options.learning_rate, 16),
        proxy=Training(options.proxy_epochs, options.learning_rate, 8),
        lora=lora,
        dtype=dtype,
        checkpoints=options.checkpoints,
        draws=options.draws,
        dirty_warmup=not options.clean_warmup,
        contents={path.name: sha256_of(path) for paths in files.values() for path in paths},
        topics=[options.easy, *options.hard],
        length=options.length,
    )
    every = questions(options.easy, options.hard, dirty_warmup=not options.clean_warmup)
    wanted = [every[name] for name in options.questions or every]

    folder = converted(model, sha256_of(model)) if model.suffix == ".gguf" else model
    lab = Lab(folder, lora=lora, dtype=dtype, cache=options.out / "states")
    clean = {
        source: of_length([row for path in files[source] for row in rows_of(path)], lab.tokenizer, *options.length)
        for source in {question.source for question in wanted}
    }
    if options.export:
        for seed in options.seeds:
            for question in wanted:
                if question.name != "Q":
                    export(make_world(question, clean[question.source], sizes, seed), options.out / "worlds")
        return 0
    given = {f"file:{path.stem}": {str(row.cells["id"]): float(row.cells["score"]) for row in read_rows(path)} for path in options.scores}
    results = Results(options.out, settings)
    run(lab, clean, wanted, options.seeds, settings, results, lambda line: print(line, flush=True), given, options.arms)
    found = summarize(results.lines, every)
    seconds = [line["seconds"] for line in results.lines if line["what"] == "seconds"]
    machine = f"{options.threads} thread(s) of {platform.processor() or platform.machine()}"
    for place in {options.out, options.write or options.out}:
        with whole_file(place / "RESULTS.md") as file:
            file.write(markdown(found, every, asdict(settings), seconds, machine))
        write_json(place / "results.json", {"settings": asdict(settings), "goals": goals(found), "questions": found})
    return 0


if __name__ == "__main__":
    sys.exit(main())
