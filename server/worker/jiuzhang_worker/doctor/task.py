"""What this environment can do: Python, packages, devices, memory, disk. Changes nothing."""

import json
import os
import shutil
from typing import Any

from jiuzhang_worker.job.job import Job
from jiuzhang_worker.job.manifest import versions


def doctor(job: Job) -> None:
    """Prints one JSON object."""
    print(json.dumps(report(job), indent=2))


def report(job: Job) -> dict[str, Any]:
    return {
        "versions": versions(),
        "cpus": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "free_disk_bytes": shutil.disk_usage(job.out if job.out.exists() else job.base).free,
        "devices": _devices(),
    }


def _devices() -> list[dict[str, Any]]:
    try:
        import torch
    except ImportError:
        return []
    if not torch.cuda.is_available():
        return []
    found = []
    for index in range(torch.cuda.device_count()):
        free, total = torch.cuda.mem_get_info(index)
        found.append(
            {"name": torch.cuda.get_device_name(index), "memory_bytes": total, "free_bytes": free, "bf16": torch.cuda.is_bf16_supported()}
        )
    return found
