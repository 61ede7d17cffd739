"""The engine of an OpenAI-compatible server: bodies as they were made, waits that are kept, nothing asked twice."""

import json
import os
import signal
import subprocess
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from time import monotonic
from typing import Any

from jiuzhang_worker.engines.ask import CHAT, Ask
from jiuzhang_worker.engines.http import wait_of, words_of
from jiuzhang_worker.engines.server import ServerEngine, ServerSettings
from processes import command, environment, read_lines, write_lines, write_spec

Reply = tuple[int, dict[str, str], str]
COMPLETION = {
    "object": "text_completion",
    "choices": [{"index": 0, "text": "an answer", "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 3, "completion_tokens": 2},
}


class Server:
    """Counts how often each prompt was asked. answer: prompt and how many times it came before → status, headers, body; None never answers."""

    def __init__(self, answer: Callable[[str, int], Reply | None]) -> None:
        self.asked: Counter[str] = Counter()
        self.bodies: dict[str, Any] = {}
        self.headers: list[dict[str, str]] = []
        self.times: list[float] = []
        self.event = threading.Event()
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                server.times.append(monotonic())
                server.headers.append({**self.headers, "path": self.path})
                server.bodies[body["prompt"]] = body
                reply = answer(body["prompt"], server.asked[body["prompt"]])
                server.asked[body["prompt"]] += 1
                if reply is None:
                    server.event.set()
                    self.rfile.read(1)
                    return
                status, headers, text = reply
                self.send_response(status)
                for name, value in {"content-length": str(len(text.encode())), **headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(text.encode())

            def log_message(self, *_: Any) -> None:
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.http.server_port}/v1"


@contextmanager
def serving(answer: Callable[[str, int], Reply | None]) -> Iterator[Server]:
    server = Server(answer)
    threading.Thread(target=server.http.serve_forever, daemon=True).start()
    try:
        yield server
    finally:
        server.http.shutdown()
        server.http.server_close()


def good(text: str = "an answer") -> Reply:
    choice = {"index": 0, "text": text, "finish_reason": "stop"}
    return 200, {"x-request-id": "r-1"}, json.dumps({**COMPLETION, "choices": [choice]})


def requests(folder: Path, count: int, **body: Any) -> None:
    rows = [
        {
            "custom_id": f"{number:064x}",
            "method": "POST",
            "url": "/v1/completions",
            "body": {"model": "m", "prompt": f"p{number}", "temperature": 1, "top_p": 0.95, "unheard_of": [1.0, None], **body},
        }
        for number in range(count)
    ]
    write_lines(folder / "requests.jsonl", rows)


def spec_of(server: Server, **more: Any) -> dict[str, Any]:
    return {"task": "synthesize", "requests": "requests.jsonl", "engine": "server", "base_url": server.url, "concurrency": 4, **more}


def start(folder: Path, spec: dict[str, Any], **more: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        command("synthesize", write_spec(folder, spec), folder / "out"),
        env={**environment(), **more},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(process: "subprocess.Popen[str]") -> tuple[int, str]:
    _, stderr = process.communicate(timeout=120)
    return process.returncode, stderr


def answers(folder: Path) -> dict[str, dict[str, Any]]:
    return {f"p{int(line['custom_id'], 16)}": line for line in read_lines(folder / "out" / "responses-00000.jsonl")}


def test_bodies_go_out_as_they_were_made_and_answers_come_in_whole(tmp_path: Path) -> None:
    requests(tmp_path, 6)
    with serving(lambda prompt, _: good(f"to {prompt}")) as server:
        code, stderr = finish(start(tmp_path, spec_of(server, api_key_env="TEST_KEY"), TEST_KEY="sesame-opens"))
    assert code == 0, stderr
    assert server.bodies["p3"] == {"model": "m", "prompt": "p3", "temperature": 1, "top_p": 0.95, "unheard_of": [1.0, None]}
    assert {headers["authorization"] for headers in server.headers} == {"Bearer sesame-opens"}
    assert {headers["path"] for headers in server.headers} == {"/v1/completions"}
    line = answers(tmp_path)["p3"]
    assert line["response"]["body"]["choices"][0]["text"] == "to p3" and line["response"]["request_id"] == "r-1"
    assert line["timing"]["tries"] == 1
    written = b"".join(path.read_bytes() for path in (tmp_path / "out").rglob("*") if path.is_file())
    assert b"sesame" not in written


def test_failures_are_tried_again_waits_are_kept_and_refusals_are_rows(tmp_path: Path) -> None:
    requests(tmp_path, 6)

    def answer(prompt: str, before: int) -> Reply:
        if prompt == "p1" and before == 0:
            return 429, {"retry-after": "1"}, '{"error": {"message": "slow down"}}'
        if prompt == "p2" and before < 2:
            return 500, {}, "<html>broken</html>"
        if prompt == "p3":
            return 400, {}, '{"error": {"message": "unheard_of is not permitted"}}'
        if prompt == "p4":
            return 400, {}, '{"error": {"message": "This model\'s maximum context length is 10 tokens"}}'
        if prompt == "p5" and before == 0:
            return 200, {}, "{not json"
        return good()

    with serving(answer) as server:
        code, stderr = finish(start(tmp_path, spec_of(server, concurrency=1)))
    assert code == 0, stderr
    lines = answers(tmp_path)
    assert server.asked == {"p0": 1, "p1": 2, "p2": 3, "p3": 1, "p4": 1, "p5": 2}
    assert server.times[2] - server.times[1] >= 1
    assert lines["p3"]["error"] == {
        "code": "model/bad-request",
        "message": "The server refuses the request with status 400: unheard_of is not permitted",
    }
    assert lines["p4"]["error"]["code"] == "model/context-too-long"
    assert lines["p2"]["timing"]["tries"] == 3 and lines["p2"]["error"] is None


def test_what_is_hopeless_ends_the_run_and_what_came_is_kept(tmp_path: Path) -> None:
    requests(tmp_path, 5)
    with serving(lambda prompt, _: (401, {}, "key sesame-opens is wrong") if prompt == "p4" else good()) as server:
        code, stderr = finish(start(tmp_path, spec_of(server, concurrency=1, api_key_env="TEST_KEY"), TEST_KEY="sesame-opens"))
    assert code == 69 and "host/endpoint" in stderr and "status 401" in stderr
    assert "sesame" not in stderr and "[key]" in stderr
    assert set(answers(tmp_path)) == {"p0", "p1", "p2", "p3"}
    with serving(lambda *_: good()) as server:
        code, stderr = finish(start(tmp_path, spec_of(server, concurrency=1, api_key_env="TEST_KEY"), TEST_KEY="other"))
        assert code == 0, stderr
        assert server.asked == {"p4": 1}
        os.environ.pop("UNSET_KEY", None)
        (tmp_path / "out2").mkdir()
        code, stderr = finish(start(tmp_path / "out2", {**spec_of(server, api_key_env="UNSET_KEY"), "requests": "../requests.jsonl"}))
    assert code == 69 and "UNSET_KEY" in stderr


def test_a_killed_run_asks_again_only_what_was_in_flight(tmp_path: Path) -> None:
    requests(tmp_path, 12)
    with serving(lambda prompt, before: None if prompt == "p7" and before == 0 else good()) as server:
        task = start(tmp_path, spec_of(server, concurrency=1))
        assert server.event.wait(60)
        task.send_signal(signal.SIGKILL)
        finish(task)
        assert set(answers(tmp_path)) == {f"p{number}" for number in range(7)}
        code, stderr = finish(start(tmp_path, spec_of(server, concurrency=1)))
        assert code == 0, stderr
        assert server.asked == {f"p{number}": 2 if number == 7 else 1 for number in range(12)}
    assert len(read_lines(tmp_path / "out" / "responses-00000.jsonl")) == 12


def test_a_stopped_run_leaves_in_order(tmp_path: Path) -> None:
    requests(tmp_path, 4)
    with serving(lambda prompt, _: None if prompt == "p2" else good()) as server:
        task = start(tmp_path, spec_of(server, concurrency=1))
        assert server.event.wait(60)
        task.terminate()
        assert finish(task)[0] == 75
    assert set(answers(tmp_path)) == {"p0", "p1"}


def test_what_no_server_could_answer_in_one_piece_is_not_sent() -> None:
    engine = ServerEngine(ServerSettings("http://127.0.0.1:9", None, 2, 0, 1), lambda: False)
    asks = [Ask("a", "", {}), Ask("b", "/v1/embeddings", {"input": "x"}), Ask("c", CHAT, {"stream": True})]
    answers = {answer.key: answer for answers in engine.run([ask] for ask in asks) for answer in answers}
    engine.close()
    assert {key: (answer.error or {})["code"] for key, answer in answers.items()} == dict.fromkeys("abc", "model/bad-request")
    assert "stream" in (answers["c"].error or {})["message"]


def test_waits_and_words_are_read_from_wherever_they_stand() -> None:
    assert wait_of({"retry-after": "2.5"}) == 2.5
    assert wait_of({"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}) == 0
    assert wait_of({}) is None and wait_of({"retry-after": "soon"}) is None
    assert words_of('{"error": {"message": "a"}}') == words_of('{"message": "a"}') == words_of('{"error": "a"}') == words_of("a") == "a"


def test_a_request_that_always_fails_is_a_row_with_an_error_and_stops_no_run(tmp_path: Path) -> None:
    """Also where it is the first, and nothing else is on its way: else every run would stop at the same place."""
    requests(tmp_path, 6)
    poison = (500, {}, "it broke")
    with serving(lambda prompt, _: poison if prompt in ("p0", "p3") else good()) as server:
        run = start(tmp_path, spec_of(server, concurrency=1, retries=0))
        _, errors = run.communicate(timeout=120)
    assert run.returncode == 0, errors
    rows = {row["custom_id"]: row for file in (tmp_path / "out").glob("responses-*.jsonl") for row in read_lines(file)}
    codes = [None if rows[f"{number:064x}"]["error"] is None else rows[f"{number:064x}"]["error"]["code"] for number in range(6)]
    assert codes == ["model/server-error", None, None, "model/server-error", None, None]


def test_a_server_that_fails_at_everything_ends_the_run_and_spoils_no_row(tmp_path: Path) -> None:
    requests(tmp_path, 2)
    with serving(lambda *_: (500, {}, "it broke")) as server:
        run = start(tmp_path, spec_of(server, concurrency=1, retries=0))
        _, errors = run.communicate(timeout=120)
        assert (run.returncode, "host/endpoint" in errors) == (69, True), errors
    with serving(lambda *_: good()) as server:
        again = start(tmp_path, spec_of(server, concurrency=1, retries=0))
        _, errors = again.communicate(timeout=120)
    assert again.returncode == 0, errors
    rows = [row for file in (tmp_path / "out").glob("responses-*.jsonl") for row in read_lines(file)]
    assert [row["error"] for row in rows] == [None, None]
