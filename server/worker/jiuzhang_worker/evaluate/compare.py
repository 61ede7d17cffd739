"""Whether an answer is the right one, as far as text and numbers tell. What is left is for math-verify."""

import re
from fractions import Fraction

#: Longer texts are no numbers that anybody writes, and reading them would take long.
_LONGEST = 200
_DROPPED = re.compile(
    r"\\(?:left|right|big|Big|bigl|bigr|displaystyle|textstyle|limits|,|!|;|:|quad|qquad)(?![a-zA-Z])|\\ |\^\{?\\circ\}?|\\degree|[$~]"
)
_TEXT = re.compile(r"\\(?:text|textbf|textit|mathrm|mathbf|mathit|mbox|operatorname)\s*\{([^{}]*)\}")
_FRACTION = re.compile(r"(-?)\\[dtc]?frac\s*(?:\{(-?\d+)\}|(\d))\s*(?:\{(-?\d+)\}|(\d))")
#: A number, and behind a space perhaps a unit: a word of two letters or more. One letter is a variable, and some words say another number.
_NUMBER = re.compile(
    r"([-+]?)\$?\s*((?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d*)?|\.\d+)(?:e([-+]?\d{1,2}))?(?:\s*/\s*(\d+))?\s*(%?)(?:\s+(?!(?:pi|hundred|thousand|million|billion|trillion|dozen|[ap]\.?m|is|are|and|or|plus|minus|times|over)\b)[A-Za-z]{2}[A-Za-z .'-]*)?\s*",
    re.IGNORECASE,
)


def normal(text: str) -> str:
    """A text in which equal answers are mostly equal: without spaces, dollar signs, sizes of brackets and fonts."""
    plain = _TEXT.sub(lambda match: match[1], text.strip().replace("\\%", "%").replace("\\$", "$").replace("−", "-"))
    plain = re.sub(r"\\[dtc]frac", r"\\frac", plain)
    plain = _DROPPED.sub("", plain)
    # Two numbers side by side are not one: 1 1/2 is not 11/2.
    plain = re.sub(r"(?<!\d)\s+|\s+(?!\d)", "", re.sub(r"\s+", " ", plain)).rstrip(".")
    # Words are the same in any case and without their stops, letters of formulas are not.
    return re.sub(r"(?<!\d)\.|\.(?!\d)", "", plain.casefold()) if is_words(text) else plain


def is_words(text: str) -> bool:
    """Whether an answer is a word or a sentence, of which a parser of formulas would make products of letters."""
    bare = re.sub(r"\\[a-zA-Z]+", " ", _TEXT.sub(lambda match: match[1], text))
    return re.search(r"[A-Za-z]{3,}|\d\s*[AaPp]\.?[Mm]\b", bare) is not None


def number(text: str) -> tuple[Fraction, bool] | None:
    """The number that a text is, with or without a unit behind it, and whether it is a percentage."""
    plain = _DROPPED.sub("", _TEXT.sub(lambda match: " " + match[1], text.replace("\\%", "%").replace("\\$", "").replace("−", "-")))
    plain = plain.strip().rstrip(".")
    if len(plain) > _LONGEST:
        return None
    fraction = _FRACTION.fullmatch(plain)
    if fraction:
        sign, *parts = fraction.groups()
        over, under = (int(part) for part in parts if part is not None)
        return (Fraction(over, under) * (-1 if sign else 1), False) if under else None
    found = _NUMBER.fullmatch(plain)
    if found is None or (found[4] is not None and int(found[4]) == 0):
        return None
    value = Fraction(found[2].replace(",", "")) * Fraction(10) ** int(found[3] or 0) / int(found[4] or 1)
    return (-value if found[1] == "-" else value), bool(found[5])


def compare(gold: str, answer: str, tolerance: float) -> tuple[bool | None, str]:
    """The verdict and what it rests on: text, number; None where a parser of formulas has to look."""
    if normal(gold) == normal(answer):
        return True, "text"
    right, given = number(gold), number(answer)
    if right is not None and given is not None:
        return _equal(right, given, tolerance), "number"
    if is_words(gold) or not answer.strip():
        return False, "text"
    return None, "text"


def _equal(right: tuple[Fraction, bool], given: tuple[Fraction, bool], tolerance: float) -> bool:
    """Whole numbers are equal or not. Half of the sets write 50 for 50 %, the other half 0.5."""
    (gold, gold_percent), (value, percent) = right, given
    candidates = [value, value / 100] if percent and not gold_percent else [value]
    golds = [gold, gold / 100] if gold_percent and not percent else [gold]
    return any(_near(one, other, tolerance) for one in golds for other in candidates)


def _near(gold: Fraction, value: Fraction, tolerance: float) -> bool:
    if gold == value or (gold.denominator == value.denominator == 1):
        return gold == value
    return abs(gold - value) <= Fraction(tolerance) * abs(gold)


def vote(answer: str) -> str:
    """What counts as the same answer when answers are counted."""
    value = number(answer)
    return normal(answer) if value is None else f"{value[0]}{'%' if value[1] else ''}"
