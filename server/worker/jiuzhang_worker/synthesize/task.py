"""synthesize: answers every request of the shards once, with whichever engine the spec names."""

from jiuzhang_worker.engines.drive import drive
from jiuzhang_worker.engines.open import note_model, open_engine
from jiuzhang_worker.job.job import Job
from jiuzhang_worker.job.problem import Problem
from jiuzhang_worker.synthesize.requests import Requests
from jiuzhang_worker.synthesize.responses import Responses


def synthesize(job: Job) -> None:
    """Writes `responses-NNNNN.jsonl` into the folder of the run. A request that can never be answered gets a line with its error.

    Raises data/empty where there is nothing to ask, and what the engine raises.
    """
    requests = Requests(job)
    if requests.rows == 0:
        raise Problem("data/empty", f"There are no requests in {job.spec['requests']}", remedy="Check the path.")
    responses = Responses(job, requests.keys)
    done = len(responses.keys)
    if done < len(requests.keys):
        engine = open_engine(job)
        try:
            drive(job, engine, requests, answered=responses.answered, record=responses.record, total=len(requests.keys), done=done)
        finally:
            responses.close()
    else:
        note_model(job)
    responses.finish(job)
    _tell(job, requests, responses)


def _tell(job: Job, requests: Requests, responses: Responses) -> None:
    tally = responses.tally
    refused = sum(tally.errors.values())
    job.manifest.results.update(
        requests=len(requests.keys),
        repeated=requests.repeated,
        answered=tally.answered,
        errors=dict(sorted(tally.errors.items())),
        finish_reasons=dict(sorted(tally.finished.items())),
        prompt_tokens=tally.prompt_tokens,
        completion_tokens=tally.completion_tokens,
    )
    for name, value in [("answered", tally.answered), ("errors", refused), ("completion_tokens", tally.completion_tokens)]:
        job.events.metric(name, value)
    if refused:
        most = tally.errors.most_common(1)[0]
        job.warn("data/bad-row", f"{refused:,} of {len(requests.keys):,} requests have no answer but an error, most of them {most[0]}")
