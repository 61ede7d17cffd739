"""One request over HTTP: its tries, its waits, and what a refusal means for the row, for the next try, or for the whole run."""

import json
import random
import re
import threading
import time
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from typing import Any

import urllib3

from jiuzhang_worker.engines.ask import Answer, Ask
from jiuzhang_worker.job.events import now
from jiuzhang_worker.job.problem import Problem, Stopped

#: Seconds of the first and the longest pause between tries.
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 60.0
#: A rate limit does not use up the tries of a request; one that is limited this often is about the request itself.
MOST_LIMITED = 50

_CONTEXT = re.compile(
    r"context.?(length|size|window)|maximum (model|context) length|max_model_len|prompt (is )?too long|reduce the length", re.IGNORECASE
)


class Retry(Exception):
    """It may succeed later. wait: seconds that the server asked for. limited: it was a rate limit."""

    def __init__(self, message: str, *, wait: float | None = None, limited: bool = False) -> None:
        super().__init__(message)
        self.wait, self.limited = wait, limited


class Final(Exception):
    """It never will succeed; others may."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class Post:
    """Sends bodies to one server. over: tells that nobody waits for answers any more."""

    def __init__(self, base_url: str, key: str | None, connections: int, stall: float, over: Callable[[], bool]) -> None:
        # Requests name the whole path, and people give the address with or without its version.
        self._base = re.sub(r"/v1/?$", "", base_url.rstrip("/"))
        self._key, self._over = key, over
        self._headers = {"content-type": "application/json", **({"authorization": f"Bearer {key}"} if key else {})}
        self._pool = urllib3.PoolManager(maxsize=connections, retries=False, timeout=urllib3.Timeout(connect=30, read=stall))
        self._pause = threading.Lock()
        self._paused_until = 0.0

    def ask(self, ask: Ask, retries: int) -> Answer:
        """Raises Final, Retry when the tries are used up, Problem where no request can succeed, Stopped."""
        began = time.monotonic()
        failures = limited = tries = 0
        pause = FIRST_PAUSE
        while True:
            self._wait(max(0.0, self._paused_until - time.monotonic()))
            tries += 1
            try:
                status, request_id, body = self._once(ask)
            except Retry as failure:
                failures += not failure.limited
                limited += failure.limited
                if failures > retries or limited > MOST_LIMITED:
                    raise
                # Decorrelated jitter (M. Brooker, AWS, 2015), and never sooner than the server asked for.
                pause = min(LONGEST_PAUSE, random.uniform(FIRST_PAUSE, max(FIRST_PAUSE, 3 * pause)))
                if failure.wait is not None:
                    self._hold(failure.wait)
                self._wait(max(pause, failure.wait or 0.0))
                continue
            timing = {"received": now(), "milliseconds": round((time.monotonic() - began) * 1000), "tries": tries}
            return Answer(ask.key, body, status, request_id, timing=timing)

    def _hold(self, seconds: float) -> None:
        """A server that asks to wait asks all."""
        with self._pause:
            self._paused_until = max(self._paused_until, time.monotonic() + seconds)

    def _wait(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            if self._over():
                raise Stopped
            time.sleep(min(left, 0.25))

    def _once(self, ask: Ask) -> tuple[int, str | None, dict[str, Any]]:
        try:
            response = self._pool.request("POST", self._base + ask.url, body=json.dumps(ask.body).encode(), headers=self._headers)
        except urllib3.exceptions.HTTPError as error:
            raise Retry(self._plain(f"{type(error).__name__}: {error}")) from None
        text = response.data.decode("utf-8", "replace")
        if response.status >= 300:
            raise self._refusal(response.status, text, response.headers)
        try:
            body = json.loads(text, parse_constant=_not_json)
        except ValueError:
            raise Retry("what it answered is not JSON") from None
        if not isinstance(body, dict) or not isinstance(body.get("choices"), list):
            raise Retry("what it answered is no completion")
        return response.status, response.headers.get("x-request-id"), body

    def _refusal(self, status: int, text: str, headers: Any) -> Exception:
        """By the same rules as `server/src/endpoints/retry.ts`."""
        said = self._plain(words_of(text))
        if status in (401, 403, 402, 407):
            return Problem(
                "host/endpoint",
                f"{self._base} refuses us with status {status}: {said}",
                remedy="Check api_key_env and what the key may do.",
            )
        if status in (404, 405, 410):
            return Problem(
                "host/endpoint",
                f"{self._base} answers with status {status}: {said}",
                remedy="Check base_url and the name of the model in the requests against the server's list.",
            )
        wait = wait_of(headers) if status == 429 or status >= 500 else None
        if status == 429:
            return Retry(f"status 429: {said}", wait=wait, limited=True)
        if status in (408, 409, 425) or (status >= 500 and status not in (501, 505)):
            return Retry(f"status {status}: {said}", wait=wait)
        if status == 413 or (status < 500 and _CONTEXT.search(said)):
            return Final("model/context-too-long", f"The server refuses the request with status {status}: {said}")
        return Final("model/bad-request", f"The server refuses the request with status {status}: {said}")

    def _plain(self, text: str) -> str:
        """Some servers repeat the key in what they say."""
        hidden = text.replace(self._key, "[key]") if self._key else text
        line = " ".join(re.sub(r"<[^>]*>", " ", hidden).split())
        return line if len(line) <= 300 else line[:299] + "…"


def words_of(text: str) -> str:
    """The sentence of an error answer, from wherever its server keeps it."""
    try:
        body = json.loads(text)
    except ValueError:
        return text
    error = body.get("error", body) if isinstance(body, dict) else body
    if isinstance(error, dict):
        error = error.get("message") or error.get("detail") or error
    return error if isinstance(error, str) else json.dumps(error)


def wait_of(headers: Any) -> float | None:
    """Seconds that `Retry-After` asks for: a number, or a date (RFC 9110, section 10.2.3)."""
    value = headers.get("retry-after")
    if value is None:
        return None
    try:
        return max(0.0, float(value))
    except ValueError:
        pass
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - time.time())
    except ValueError:
        return None


def _not_json(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")
