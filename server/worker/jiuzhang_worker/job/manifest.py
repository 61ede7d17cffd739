"""`manifest.json`: what a run made, and everything that it was made of. Written when the task is done, never before."""

import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from jiuzhang_worker import __version__
from jiuzhang_worker.job.files import sha256_of, write_json
from jiuzhang_worker.job.lines import line_bytes, read_objects
from jiuzhang_worker.job.problem import Problem

PACKAGES = ("torch", "transformers", "trl", "peft", "accelerate", "datasets", "numpy", "pyarrow", "math-verify", "vllm", "gguf")


class Manifest:
    """Collects files, inputs, models and results while a task runs."""

    def __init__(self, out: Path, spec: dict[str, Any]) -> None:
        self._out = out
        self._files: dict[str, dict[str, Any]] = {}
        self._spec = spec
        self._inputs: dict[str, dict[str, Any]] = {}
        self._models: dict[str, dict[str, Any]] = {}
        self.results: dict[str, Any] = {}
        self._identities = out / "work" / "identities.jsonl"
        self._begun_with: dict[tuple[str, str], Any] = {(line["what"], line["name"]): line["is"] for line in read_objects(self._identities)}

    def add(self, path: Path, rows: int | None = None) -> dict[str, Any]:
        """A file under `out`. rows: 0 for what has none."""
        name = path.relative_to(self._out).as_posix()
        entry = {"path": name, "sha256": sha256_of(path), "bytes": path.stat().st_size, "rows": rows or 0}
        self._files[name] = entry
        return entry

    def input(self, path: Path, sha256: str, rows: int) -> None:
        """Raises out/other-data where an earlier run in this folder read something else under this path."""
        self._same("input", str(path), sha256)
        self._inputs[str(path)] = {"path": str(path), "sha256": sha256, "rows": rows}

    def rows_of(self, path: str) -> int:
        """Rows that were read of an input so far."""
        entry = self._inputs.get(path)
        return 0 if entry is None else int(entry["rows"])

    def model(self, role: str, **identity: Any) -> None:
        """Which model played a role: its path or hub id, revision, and the hash of its weights.

        Raises out/other-data where an earlier run in this folder had another one.
        """
        self._same("model", role, identity)
        self._models[role] = identity

    def _same(self, what: str, name: str, value: Any) -> None:
        """Results of two contents under one name must not be mixed. What a run is made of is noted when it is first read."""
        if (what, name) not in self._begun_with:
            self._begun_with[what, name] = value
            self._identities.parent.mkdir(parents=True, exist_ok=True)
            with self._identities.open("ab") as file:
                file.write(line_bytes({"what": what, "name": name, "is": value}))
        elif self._begun_with[what, name] != value:
            raise other_data(self._out, name)

    def write(self) -> None:
        write_json(
            self._out / "manifest.json",
            {
                "version": 1,
                "files": [self._files[name] for name in sorted(self._files)],
                "run": {
                    "task": self._spec["task"],
                    "settings": self._spec,
                    "versions": versions(),
                    "inputs": [self._inputs[name] for name in sorted(self._inputs)],
                    "models": self._models,
                    "results": self.results,
                },
            },
        )


def other_data(out: Path, name: str) -> Problem:
    return Problem(
        "out/other-data",
        f"{out} was begun with another content of {name}",
        remedy="Name another folder after --out, or bring back what was there.",
        file=name,
    )


def versions() -> dict[str, str]:
    found = {"python": platform.python_version(), "jiuzhang_worker": __version__}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
