"""The life of a task: bad specs, folders, events and manifests. `doctor` is enough to hold all of that."""

import json
from pathlib import Path

import pytest
from jiuzhang_worker.job.schemas import validator
from jiuzhang_worker.job.spec import fill_defaults
from processes import events_of, run_task


def test_a_task_begins_ends_and_leaves_a_manifest(tmp_path: Path) -> None:
    done = run_task("doctor", tmp_path, {"task": "doctor"})
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["versions"]["python"]
    assert [event["event"] for event in events_of(tmp_path / "out")] == ["begin", "end"]
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    validator("manifest").validate(manifest)
    assert manifest["run"]["settings"] == {"task": "doctor"}


@pytest.mark.parametrize(
    ("text", "code", "words"),
    [
        ('{"task": "doctor", "tsak": 1}', "spec/unknown-field", "no member `tsak`. Did you mean `task`?"),
        ('{"task": "train"}', "spec/wrong", "a spec of `train`, and `doctor` was asked for"),
        ('{"task": 3}', "spec/wrong", "a spec of `3`"),
        ("[]", "spec/not-json", "does not hold an object"),
        ("{", "spec/not-json", "is not JSON"),
        ("\ufeff{}", "spec/not-json", "is not JSON"),
    ],
)
def test_a_bad_spec_says_what_and_where(tmp_path: Path, text: str, code: str, words: str) -> None:
    done = run_task("doctor", tmp_path, text)
    assert done.returncode == 64
    assert done.stderr.count("\n") == 1, done.stderr
    assert code in done.stderr
    assert words in done.stderr


def test_defaults_reach_into_members_lists_and_records() -> None:
    part = {"properties": {"a": {"default": 1}}}
    value = {"list": [{}], "named": {"x": {}}, "either": {"kind": "b"}}
    fill_defaults(
        value,
        {
            "properties": {
                "list": {"items": part},
                "named": {"additionalProperties": part},
                "either": {"anyOf": [{"type": "string"}, {"properties": {"kind": {"const": "b"}, "c": {"default": 2}}}]},
                "whole": {"default": {}, "properties": {"d": {"default": 3}}},
            }
        },
    )
    assert value == {"list": [{"a": 1}], "named": {"x": {"a": 1}}, "either": {"kind": "b", "c": 2}, "whole": {"d": 3}}
