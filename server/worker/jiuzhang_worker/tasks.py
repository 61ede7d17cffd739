"""Which function runs a task. Imported only when its task runs: torch alone takes seconds to import."""

from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jiuzhang_worker.job.job import Job

Task = Callable[["Job"], None]

TASKS: dict[str, str] = {
    "doctor": "jiuzhang_worker.doctor.task:doctor",
    "evaluate": "jiuzhang_worker.evaluate.task:evaluate",
    "influence": "jiuzhang_worker.influence.task:influence",
    "select": "jiuzhang_worker.select.task:select",
    "synthesize": "jiuzhang_worker.synthesize.task:synthesize",
    "train": "jiuzhang_worker.train.task:train",
}


def load_task(name: str) -> Task:
    module, function = TASKS[name].split(":")
    task: Task = getattr(import_module(module), function)
    return task
