"""`python -m jiuzhang_worker TASK --spec spec.json --out DIR`: runs one task; every task resumes when it is started again."""

import argparse
import sys
from pathlib import Path

from jiuzhang_worker.tasks import TASKS


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m jiuzhang_worker",
        description="Runs one task of JiuZhang over files. Started again with the same --out, it goes on where it stopped.",
        epilog="Exit codes: 0 done, 75 stopped on request (start it again to go on), 64 the spec is wrong, 65 the data is, "
        "69 something needed is missing, 73 the folder cannot be used, 70 a fault of the program.",
    )
    parser.add_argument("task", choices=sorted(TASKS), help="what to do")
    parser.add_argument("--spec", type=Path, help="JSON file with the settings of the task; none are needed by doctor")
    parser.add_argument("--out", type=Path, help="folder for results, manifest.json and checkpoints; made if it is not there")
    parser.add_argument("--events", type=Path, help="file that events are appended to; DIR/events.jsonl unless told")
    options = parser.parse_args(argv)
    if options.task != "doctor" and (options.spec is None or options.out is None):
        parser.error(f"{options.task} needs --spec and --out")
    try:
        from jiuzhang_worker.job.life import run
    except ModuleNotFoundError as error:
        remedy = "Install the packages of one of the worker's locks (locks/cpu.txt, cuda.txt, vllm.txt), or name a Python that has them."
        print(f"jiuzhang_worker: host/missing-package: This Python has no package {error.name}. {remedy}", file=sys.stderr)
        return 69
    return run(options.task, options.spec, options.out, options.events)


if __name__ == "__main__":
    sys.exit(main())
