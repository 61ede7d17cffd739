"""Answers: where they are found, when they are equal, and what never gets an answer out of a parser."""

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jiuzhang_worker.evaluate.compare import compare, normal, number, vote
from jiuzhang_worker.evaluate.extract import extract, last_boxed
from jiuzhang_worker.evaluate.symbolic import Comparers
from processes import PACKAGE


@pytest.mark.parametrize(
    ("text", "answer", "place"),
    [
        (r"So $x = \boxed{4}$. The answer is 5.", "4", "boxed"),
        (r"\boxed{1} and then $\boxed{\frac{1}{2}}$", r"\frac{1}{2}", "boxed"),
        (r"\boxed{\{1, 2\}}", r"\{1, 2\}", "boxed"),
        (r"\boxed 7 apples", "7", "boxed"),
        (r"\boxed{never closed. The answer is 3.", "3", "phrase"),
        ("The answer is 42.", "42", "phrase"),
        ("The answer is $1,234.50.", "1,234.50", "phrase"),
        ("The answer is $x = 3$, as was to be shown.", "x = 3", "phrase"),
        ("**Answer:** 3.5\nBut 7 is not.", "3.5", "phrase"),
        ("The answer is 3. No, the answer is 4 apples.\n## Question\n9", "4 apples", "phrase"),
        ("The answer is Mrs. Hilt. She won.", "Mrs. Hilt", "phrase"),
        ("Work.\n#### 72", "72", "mark"),
        ("There are 6 rows of 9, so 54 tulips", "54", "number"),
        ("It costs 1,250.5 dollars", "1,250.5", "number"),
        ("About -3/4 of it", "-3/4", "number"),
        ("No idea at all.", None, "none"),
        ("", None, "none"),
    ],
)
def test_the_final_answer_is_found(text: str, answer: str | None, place: str) -> None:
    found, where = extract(text)
    assert where == place
    assert found == answer or (found or "").lstrip("$") == answer


@pytest.mark.parametrize(
    ("gold", "answer", "verdict", "why"),
    [
        ("18", "18", True, "text"),
        ("18", "$18", True, "text"),
        ("18", "18 dollars", True, "number"),
        ("18", r"18\text{ apples}", True, "number"),
        ("18", "18.0", True, "number"),
        ("18", "18.0001", True, "number"),
        ("18", "18.01", False, "number"),
        ("18", "81", False, "number"),
        ("2125", "2,125", True, "number"),
        ("0.6666666667", "2/3", True, "number"),
        ("0.5", "50%", True, "number"),
        ("50", "50%", True, "number"),
        ("50", r"50\%", True, "number"),
        ("50", "0.5", False, "number"),
        (r"\frac{1}{2}", r"\dfrac{1}{2}", True, "text"),
        (r"\frac12", "0.5", True, "number"),
        (r"-\frac{3}{4}", "-0.75", True, "number"),
        (r"\left( 3, \frac{\pi}{2} \right)", r"(3,\frac{\pi}{2})", True, "text"),
        ("Mrs. Hilt", "mrs. hilt", True, "text"),
        ("Sara", "Aras", False, "text"),
        (r"\text{east}", "East", True, "text"),
        ("3:30 p.m.", "3:30 PM", True, "text"),
        ("p - q", "q - p", None, "text"),
        ("5:6", "5:6", True, "text"),
        ("9" * 5000, "9" * 5000, True, "text"),
        ("9" * 5000, "9" * 4999 + "8", None, "text"),
        ("1", "1/0", None, "text"),
        ("1", "1e99999999", None, "text"),
    ],
)
def test_answers_are_compared_by_text_and_then_by_number(gold: str, answer: str, verdict: bool | None, why: str) -> None:
    assert compare(gold, answer, 1e-4) == (verdict, why)


@given(st.text(max_size=60))
def test_no_text_breaks_what_reads_answers(text: str) -> None:
    extract(text)
    last_boxed("\\boxed{" + text)
    number(text)
    assert normal(text) == normal(text + " ")
    assert compare(text, text, 0)[0] is True


@given(st.integers(-(10**9), 10**9), st.sampled_from(["{}", "{} apples", "${}", "{}.0", "{}."]))
def test_the_same_number_is_equal_and_votes_alike_in_every_dress(value: int, dress: str) -> None:
    dressed = dress.format(value).replace("$-", "-$")
    assert compare(str(value), dressed, 0)[0] is True
    assert compare(str(value + 1), dressed, 1e-4)[0] is False
    assert vote(dressed) == vote(str(value))


def judge_that_hangs(gold: str, answer: str) -> bool:
    """Stands for a parser that some answers keep busy for ever, or kill."""
    if answer == "hang":
        while True:
            time.sleep(1)
    if answer == "die":
        import os

        os._exit(3)
    if answer == "raise":
        raise ValueError(answer)
    return gold == answer


def test_an_answer_that_hangs_a_comparer_or_kills_it_is_wrong_and_the_others_are_judged() -> None:
    comparers = Comparers(2, 1.0, judge_that_hangs)
    try:
        answers = ["hang", "a", "die", "b", "raise", "hang 2", "g"]
        verdicts: dict[Any, Any] = dict(comparers.compare_all([("g", answer) for answer in answers]))
    finally:
        comparers.close()
    assert {answer: verdicts["g", answer] for answer in answers} == {
        "hang": (False, "timeout"),
        "a": (False, "symbolic"),
        "die": (False, "error"),
        "b": (False, "symbolic"),
        "raise": (False, "error"),
        "hang 2": (False, "symbolic"),
        "g": (True, "symbolic"),
    }


def test_processes_of_ours_end_with_a_parent_that_is_killed(tmp_path: Path) -> None:
    program = tmp_path / "parent.py"
    program.write_text(
        "from evaluate_answers_test import judge_that_hangs\n"
        "from jiuzhang_worker.evaluate.symbolic import Comparers\n"
        "if __name__ == '__main__':\n"
        "    for pair, verdict in Comparers(1, 600, judge_that_hangs).compare_all([('g', 'a'), ('g', 'hang')]):\n"
        "        print(pair[1], flush=True)\n"
    )
    paths = os.pathsep.join([str(PACKAGE), str(Path(__file__).parent)])
    parent = subprocess.Popen([sys.executable, str(program)], env={**os.environ, "PYTHONPATH": paths}, stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None and parent.stdout.readline() == "a\n"
    children = psutil.Process(parent.pid).children()
    parent.kill()
    parent.wait()
    assert children and psutil.wait_procs(children, timeout=60)[1] == []


def test_math_verify_judges_formulas_and_no_monster_holds_it_up() -> None:
    pairs = {
        ("p - q", "-q + p"): True,
        ("p - q", "q - p"): False,
        (r"(-\infty, 3)", r"(-\infty,3)"): True,
        (r"2\sqrt{3}", r"\sqrt{12}"): True,
        (r"\{1,2\}", r"\{2,1\}"): True,
        ("x^2+2x+1", "(x+1)^2"): True,
    }
    monsters = [
        ("1", "9" + "^{9" * 6 + "}" * 6),
        ("1", r"\frac{" * 200 + "1"),
        ("7", "10^{10^{10^{10}}}"),
        ("1", "(" * 3_000 + ")" * 3_000),
    ]
    comparers = Comparers(2, 5.0)
    try:
        verdicts = dict(comparers.compare_all([*monsters, *pairs]))
    finally:
        comparers.close()
    assert {pair: verdicts[pair] for pair in pairs} == {pair: (right, "symbolic") for pair, right in pairs.items()}
    for monster in monsters:
        assert not verdicts[monster][0]


@pytest.mark.parametrize(
    ("gold", "answer"),
    [
        ("2i", "2"),
        ("292i", "292"),
        ("2x", "2"),
        ("5", "5x"),
        ("11/2", "1 1/2"),
        ("12", "1 2"),
        ("5.4 \\text{ cents}", "54 cents"),
        ("10 a.m.", "10 p.m."),
        ("12", "12 thousand"),
        ("2", "2 pi"),
    ],
)
def test_what_only_looks_alike_is_not_equal(gold: str, answer: str) -> None:
    assert compare(gold, answer, 1e-4)[0] is not True
    assert vote(gold) != vote(answer)


@pytest.mark.parametrize(
    ("gold", "answer"), [("12", "12 apples"), ("5.4 \\text{ cents}", "5.4 cents"), ("3 \\text{ cm}", "3"), ("18", "$18.00")]
)
def test_units_do_not_count(gold: str, answer: str) -> None:
    assert compare(gold, answer, 1e-4)[0] is True
