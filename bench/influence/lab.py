"""The model of the benchmark: an adapter on its last layers, and the states below them kept, so that a seed takes minutes."""

import hashlib
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import torch
from jiuzhang_worker.data.examples import Example
from jiuzhang_worker.influence.gradients import Batch, GradientTaker, collate, token_losses
from jiuzhang_worker.influence.hidden import first_trained_layer, only_from, states_below
from jiuzhang_worker.influence.projection import Projection
from jiuzhang_worker.models.load import Source, load_model, load_tokenizer
from jiuzhang_worker.models.lora import add_lora
from jiuzhang_worker.text.serialization import SERIALIZATION, Tokens
from safetensors.torch import load_file, save_file
from torch import Tensor

LORA = {"rank": 16, "alpha": 32, "dropout": 0.0, "targets": ["q_proj", "k_proj", "v_proj", "o_proj"], "layers": "last:4"}


@dataclass(frozen=True)
class Training:
    """Of a warm-up or a proxy: linear decay after a rise over 3 % of the steps, Adam without weight decay."""

    epochs: int
    learning_rate: float
    batch_size: int


@dataclass(frozen=True)
class Checkpoint:
    """weights: of the adapter. m, v: Adam's moments in the order of the gradients' coordinates. rate: mean learning rate of the epoch."""

    weights: list[Tensor]
    m: Tensor
    v: Tensor
    rate: float


class Lab:
    """One model with one adapter that is set back for every training. cache: folder of states, or None to keep them in memory only."""

    def __init__(
        self, folder: Path, *, lora: dict[str, Any] = LORA, dtype: str = "float32", batch_tokens: int = 2_048, cache: Path | None = None
    ) -> None:
        source = Source(folder, {}, None)
        self.tokenizer = load_tokenizer(source)
        self.model = add_lora(load_model(source, {"dtype": dtype}, torch.device("cpu")), lora, seed=0)
        self.model.eval()
        self.taker = GradientTaker(self.model)
        self.first = first_trained_layer(self.model)
        self._trained = [parameter for parameter in self.model.parameters() if parameter.requires_grad]
        self._start = self.weights()
        self._batch_tokens = batch_tokens
        self._cache = cache
        self._states: dict[str, Tensor] = {}
        self._encoded: dict[tuple[str | None, str | None], Tokens] = {}
        self._read()

    def weights(self) -> list[Tensor]:
        return [parameter.detach().clone() for parameter in self._trained]

    def put(self, weights: list[Tensor]) -> None:
        with torch.no_grad():
            for parameter, value in zip(self._trained, weights, strict=True):
                parameter.copy_(value)

    def encode(self, examples: list[Example]) -> list[Tokens]:
        """The tokens of examples, each encoded once."""
        texts = [(example.problem, example.solution) for example in examples]
        for example, text in zip(examples, texts, strict=True):
            if text not in self._encoded:
                self._encoded[text] = SERIALIZATION.encode(example, self.tokenizer)
        return [self._encoded[text] for text in texts]

    def lengths(self, examples: list[Example]) -> tuple[list[int], list[int]]:
        """Tokens of whole examples, which budgets count, and of their completions."""
        encoded = self.encode(examples)
        return [len(tokens) for tokens in encoded], [len(tokens) - tokens.prompt for tokens in encoded]

    def train(self, examples: list[Example], training: Training, seed: int, *, keep: bool = False) -> list[Checkpoint]:
        """Trains the adapter from its first weights. keep: gives a checkpoint after each epoch; the weights stay as they are at the end."""
        self.put(self._start)
        steps_per_epoch = math.ceil(len(examples) / training.batch_size)
        steps = training.epochs * steps_per_epoch
        optimizer = torch.optim.Adam(self._trained, lr=training.learning_rate)
        rise = max(1, round(0.03 * steps))
        schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: min((step + 1) / rise, (steps - step) / max(1, steps - rise)))
        random = Random(seed)
        kept = []
        self.states(examples)
        for _ in range(training.epochs):
            rates = []
            order = random.sample(examples, len(examples))
            for at in range(0, len(order), training.batch_size):
                self._step(order[at : at + training.batch_size])
                torch.nn.utils.clip_grad_norm_(self._trained, 1.0)
                rates.append(schedule.get_last_lr()[0])
                optimizer.step()
                schedule.step()
                optimizer.zero_grad()
            if keep:
                moments = [torch.cat([optimizer.state[one][name].flatten() for one in self._trained]) for name in ("exp_avg", "exp_avg_sq")]
                kept.append(Checkpoint(self.weights(), moments[0], moments[1], sum(rates) / len(rates)))
        return kept

    def _step(self, examples: list[Example]) -> None:
        """Gradients of the mean over all completion tokens of a step, part by part."""
        encoded = self.encode(examples)
        whole = sum(len(tokens) - tokens.prompt for tokens in encoded)
        for _, batch in self._batches(examples):
            losses, _, _ = self._run(batch)
            (losses.sum() / whole).backward()

    def losses(self, examples: list[Example]) -> tuple[list[float], list[int]]:
        """Of each example: the mean cross-entropy over its completion tokens, and their number."""
        found, counts = [math.nan] * len(examples), [0] * len(examples)
        with torch.no_grad():
            for places, batch in self._batches(examples):
                losses, rows, count = self._run(batch)
                sums = torch.zeros(len(count)).index_add(0, rows, losses)
                for line, place in enumerate(places):
                    found[place], counts[place] = float(sums[line] / count[line]), int(count[line])
        return found, counts

    def loss(self, examples: list[Example]) -> float:
        """Mean cross-entropy over all completion tokens of all examples."""
        means, counts = self.losses(examples)
        return sum(mean * count for mean, count in zip(means, counts, strict=True)) / sum(counts)

    def gradients(self, examples: list[Example], projection: Projection, direction: Any = None) -> tuple[Tensor, Tensor, Tensor | None]:
        """Projected gradients (n, dim), losses (n,), and the projections of `direction(gradients)` where one is given."""
        plain = projection.empty(len(examples), "cpu")
        turned = projection.empty(len(examples), "cpu") if direction is not None else None
        losses = torch.zeros(len(examples))
        for places, batch in self._batches(examples):
            with only_from(self.model, self.first):
                gradients, losses[places] = self.taker.take(batch)
            into = projection.empty(len(places), "cpu")
            projection.add(into, gradients, 0)
            plain[places] = into
            if turned is not None:
                into = projection.empty(len(places), "cpu")
                projection.add(into, direction(gradients), 0)
                turned[places] = into
        return plain, losses, turned

    def pooled(self, examples: list[Example]) -> Tensor:
        """Mean of the last hidden states over the tokens, of the model as it came: (n, width) of unit length."""
        self.put(self._start)
        lengths, _ = self.lengths(examples)
        found = torch.zeros(len(examples), self.model.config.hidden_size)
        for places, batch in self._batches(examples):
            with torch.no_grad(), only_from(self.model, self.first):
                states = self.model.get_base_model().model(inputs_embeds=batch.hidden, use_cache=False).last_hidden_state.float()
            for line, place in enumerate(places):
                found[place] = states[line, : lengths[place]].mean(0)
        return found / found.norm(dim=1, keepdim=True)

    def _run(self, batch: Batch) -> tuple[Tensor, Tensor, Tensor]:
        with only_from(self.model, self.first):
            return token_losses(self.model, batch)

    def _batches(self, examples: list[Example]) -> Iterator[tuple[list[int], Batch]]:
        """Places and batch, of neighbours in length."""
        self.states(examples)
        encoded = self.encode(examples)
        for places in by_length([len(tokens) for tokens in encoded], self._batch_tokens):
            batch = collate([(encoded[place].ids, encoded[place].prompt) for place in places])
            states = [self._states[key_of(encoded[place].ids)] for place in places]
            hidden = torch.nn.utils.rnn.pad_sequence(states, batch_first=True)
            yield places, batch._replace(hidden=hidden)

    def states(self, examples: list[Example]) -> None:
        """Computes what is not known yet of the states below the trained layers, and keeps it."""
        wanted = {key_of(tokens.ids): tokens.ids for tokens in self.encode(examples)}
        missing = [(key, ids) for key, ids in wanted.items() if key not in self._states]
        fresh: dict[str, Tensor] = {}
        for places in by_length([len(ids) for _, ids in missing], self._batch_tokens):
            batch = collate([(missing[place][1], 0) for place in places])
            found = states_below(self.model, batch.ids, self.first)
            for line, place in enumerate(places):
                key, ids = missing[place]
                fresh[key] = found[line, : len(ids)].clone()
        self._states.update(fresh)
        if self._cache is not None and fresh:
            self._cache.mkdir(parents=True, exist_ok=True)
            name = hashlib.sha256("".join(sorted(fresh)).encode()).hexdigest()[:16]
            partial = self._cache / f".{name}.partial"
            save_file(fresh, partial)
            partial.replace(self._cache / f"{name}.safetensors")

    def _read(self) -> None:
        for file in sorted(self._cache.glob("*.safetensors")) if self._cache is not None and self._cache.is_dir() else ():
            self._states.update(load_file(file))

    def forget(self) -> None:
        """Lets go of all states, on disk too: the next seed has other rows."""
        self._states, self._encoded = {}, {}
        for file in self._cache.glob("*.safetensors") if self._cache is not None else ():
            file.unlink()


def key_of(ids: list[int]) -> str:
    return hashlib.sha256(str(ids).encode()).hexdigest()[:24]


def by_length(lengths: list[int], batch_tokens: int) -> list[list[int]]:
    """Places in batches of neighbours in length, as many as fit when padded; at least one."""
    batches: list[list[int]] = []
    for place in sorted(range(len(lengths)), key=lambda place: lengths[place]):
        if batches and (len(batches[-1]) + 1) * lengths[place] <= batch_tokens:
            batches[-1].append(place)
        else:
            batches.append([place])
    return batches
