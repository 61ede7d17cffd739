r"""The final answer in a solution: in its last \boxed, behind its last “The answer is”, or its last number."""

import re

_BOX = re.compile(r"\\(?:boxed|fbox)\s*")
_PHRASE = re.compile(
    r"\banswer(?:\s+(?:to|of)\s+(?:the|this)\s+(?:problem|question))?\s*(?:\*\*)?\s*(?:is|are|:|=)(?![a-z])[ \t:*]*", re.IGNORECASE
)
_MARK = re.compile(r"^[ \t]*####(?!#)[ \t]*(.+)$", re.MULTILINE)
_NUMBER = re.compile(r"-?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?(?:/\d+)?|-?\.\d+")
#: Where the sentence ends: at a stop behind which there is a gap, unless it belongs to a title or a time of day, or at the line's end.
_END = re.compile(r"(?<!\bMr)(?<!\bMs)(?<!\bDr)(?<!\bMrs)(?<!\b[ap]\.m)[.!?](?=[\s*\"”)]|$)|\n")


def extract(text: str) -> tuple[str | None, str]:
    """The answer and where it was found: boxed, phrase, mark, number, or none."""
    boxed = last_boxed(text)
    if boxed is not None:
        return boxed, "boxed"
    phrase = _last_phrase(text)
    if phrase is not None:
        return phrase, "phrase"
    marks = _MARK.findall(text)
    if marks:
        return _clean(marks[-1]), "mark"
    numbers = _NUMBER.findall(text)
    return (numbers[-1], "number") if numbers else (None, "none")


def last_boxed(text: str) -> str | None:
    r"""Content of the last \boxed whose braces balance; `\boxed 5` without braces counts, too."""
    for match in reversed(list(_BOX.finditer(text))):
        rest = text[match.end() :]
        if not rest.startswith("{"):
            bare = re.match(r"[^\s$.,]+", rest)
            if bare:
                return bare[0]
            continue
        depth = 0
        for place, mark in _braces(rest):
            depth += mark
            if depth == 0:
                content = rest[1:place].strip()
                if content:
                    return content
                break
    return None


def _braces(text: str) -> list[tuple[int, int]]:
    r"""Places of braces and +1 or -1; `\{` and `\}` are letters."""
    return [(match.start(), 1 if match[0] == "{" else -1) for match in re.finditer(r"\\.|[{}]", text, re.DOTALL) if match[0] in "{}"]


def _last_phrase(text: str) -> str | None:
    found = None
    for match in _PHRASE.finditer(text):
        rest = text[match.end() : match.end() + 400]
        formula = re.match(r"\$\$?([^$]+)\$\$?|\\\((.+?)\\\)|\\\[(.+?)\\\]", rest, re.DOTALL)
        end = _END.search(rest)
        said = next(part for part in formula.groups() if part is not None) if formula else rest[: end.start()] if end else rest
        answer = _clean(said)
        found = answer or found
    return found


def _clean(text: str) -> str:
    bare = text.strip().strip("*").strip().rstrip(".,;:").strip()
    return re.sub(r"^(?:approximately|about|roughly)\s+", "", bare, flags=re.IGNORECASE)
