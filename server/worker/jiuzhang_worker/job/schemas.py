"""The JSON Schemas that both sides share. They are written from the zod schemas of `server/src/protocol/files/`."""

import json
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from jiuzhang_worker.job.problem import Problem

_HERE = Path(__file__).resolve().parent.parent
#: Beside the package where it was staged to a host; in the checkout they lie in the room of the contract.
_FOLDERS = (_HERE / "schemas", _HERE.parent.parent / "src" / "protocol" / "files")


@cache
def schema(name: str) -> dict[str, Any]:
    for folder in _FOLDERS:
        path = folder / f"{name}.v1.schema.json"
        if path.is_file():
            value: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
            return value
    raise Problem("host/incomplete", f"The schema {name}.v1.schema.json is not in the package", remedy="Stage the worker again.")


@cache
def validator(name: str) -> Draft202012Validator:
    return Draft202012Validator(schema(name))


def first_error(name: str, value: Any) -> ValidationError | None:
    """The error that lies deepest: of several forms that do not fit, the nearest one explains most."""
    from jsonschema.exceptions import best_match

    return best_match(validator(name).iter_errors(value))
