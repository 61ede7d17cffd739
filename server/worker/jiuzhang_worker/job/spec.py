"""Reads a task's spec: checked against its schema, with defaults filled in, and paths made absolute."""

import difflib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from jsonschema.exceptions import ValidationError

from jiuzhang_worker.job.problem import Problem
from jiuzhang_worker.job.schemas import first_error, schema


def read_spec(task: str, path: Path | None) -> dict[str, Any]:
    """The spec with every default filled in.

    Paths in it are relative to the spec's own folder.
    Raises spec/missing-file, spec/not-json, spec/wrong (says which member, and what it should be).
    """
    value = {"task": task} if path is None else _load(path)
    if not isinstance(value, dict):
        raise Problem("spec/not-json", f"{path} does not hold an object", remedy='Write { "task": … }.')
    value.setdefault("task", task)
    if value["task"] != task:
        raise Problem(
            "spec/wrong", f"{path} is a spec of `{value['task']}`, and `{task}` was asked for", remedy="Name the task that the spec is for."
        )
    error = first_error(f"spec-{task}", value)
    if error is not None:
        raise _explained(error, path)
    fill_defaults(value, schema(f"spec-{task}"))
    return value


def _load(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise Problem("spec/missing-file", f"There is no spec {path}", remedy="Check the path after --spec.") from None
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise Problem("spec/not-json", f"{path} is not JSON: {error}", remedy="Mend it at that place.") from None
    except OSError as error:
        raise Problem("spec/missing-file", f"{path} cannot be read: {error.strerror}") from None


def _explained(error: ValidationError, path: Path | None) -> Problem:
    place = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in error.absolute_path).lstrip(".")
    where = f"{path}: `{place}`" if place else f"{path}"
    if error.validator == "additionalProperties" and isinstance(error.schema, dict):
        known = list(error.schema.get("properties", {}))
        unknown = [name for name in error.instance if name not in known]
        near = difflib.get_close_matches(unknown[0], known, n=1)
        guess = f"Did you mean `{near[0]}`?" if near else f"Known are: {', '.join(known)}."
        return Problem("spec/unknown-field", f"{where} has no member `{unknown[0]}`", remedy=guess, place=place)
    return Problem("spec/wrong", f"{where}: {error.message[:500]}", remedy=_expected(error), place=place)


def _expected(error: ValidationError) -> str | None:
    description = error.schema.get("description") if isinstance(error.schema, dict) else None
    return f"Expected: {description}." if description else None


def fill_defaults(value: Any, of: dict[str, Any]) -> None:
    """Writes the defaults of a schema into a value that it has accepted, so that a manifest says every setting."""
    if isinstance(value, list):
        for item in value:
            fill_defaults(item, of.get("items", {}))
    if not isinstance(value, dict):
        return
    for name, part in of.get("properties", {}).items():
        if name not in value and "default" in part:
            value[name] = json.loads(json.dumps(part["default"]))
        if name in value:
            for form in _forms(part, value[name]):
                fill_defaults(value[name], form)
    extra = of.get("additionalProperties")
    if isinstance(extra, dict):
        for name in value:
            if name not in of.get("properties", {}):
                fill_defaults(value[name], extra)


def _forms(part: dict[str, Any], value: Any) -> Iterator[dict[str, Any]]:
    """Of alternatives, the one that accepts the value."""
    from jsonschema import Draft202012Validator

    alternatives = part.get("anyOf") or part.get("oneOf")
    if alternatives is None:
        yield part
        return
    for alternative in alternatives:
        if Draft202012Validator(alternative).is_valid(value):
            yield alternative
            return
