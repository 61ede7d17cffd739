"""Gradients of batches against plain autograd, one example after the other; projections against what they promise."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from jiuzhang_worker.influence.gradients import Batch, GradientTaker, collate, one_by_one, trained_weights
from jiuzhang_worker.influence.hidden import first_trained_layer, only_from, states_below
from jiuzhang_worker.influence.projection import Projection, count_sketch, count_sketch_back, hashed, rademacher, rademacher_signs
from jiuzhang_worker.models.lora import add_lora

LORA = {"rank": 4, "alpha": 8, "dropout": 0, "targets": ["q_proj", "k_proj", "v_proj", "o_proj"], "layers": "all"}


def with_lora(folder: Path, **changes: Any) -> Any:
    from transformers import AutoModelForCausalLM

    model = add_lora(AutoModelForCausalLM.from_pretrained(folder), {**LORA, **changes}, seed=1)
    random = torch.Generator().manual_seed(2)
    with torch.no_grad():
        # A fresh B is zero, and then A has no gradient.
        for name, parameter in model.named_parameters():
            if "lora_B" in name:
                parameter.copy_(torch.randn(parameter.shape, generator=random) * 0.1)
    return model.eval()


@pytest.fixture(scope="module")
def model(tiny_model: Path) -> Iterator[Any]:
    yield with_lora(tiny_model)


def batch_of(*shapes: tuple[int, int]) -> Batch:
    """Examples of (tokens, length of the prompt)."""
    random = torch.Generator().manual_seed(len(shapes))
    return collate([(torch.randint(0, 300, (tokens,), generator=random).tolist(), prompt) for tokens, prompt in shapes])


def close(got: torch.Tensor, wanted: torch.Tensor, tolerance: float = 1e-5) -> None:
    assert float((got - wanted).norm(dim=-1).max() / wanted.norm(dim=-1).max()) < tolerance


def test_a_batch_gives_what_one_by_one_gives(model: Any) -> None:
    batch = batch_of((12, 5), (30, 3), (7, 6), (19, 1))
    taker = GradientTaker(model)
    gradients, losses = taker.take(batch)
    wanted, wanted_losses = one_by_one(model, batch)
    assert gradients.shape == (4, taker.dim)
    assert (wanted.norm(dim=1) > 1e-3).all()
    close(gradients, wanted, 1e-5)
    torch.testing.assert_close(losses, wanted_losses)


def test_coordinates_stand_in_the_order_of_the_parameters(model: Any) -> None:
    taker = GradientTaker(model)
    trained = [(name, parameter.numel()) for name, parameter in model.named_parameters() if parameter.requires_grad]
    assert [(weight.name, weight.size) for weight in taker.weights] == trained
    assert [name.split(".")[-3] for name, _ in trained[:2]] == ["lora_A", "lora_B"]


@settings(max_examples=15, deadline=None)
@given(st.lists(st.tuples(st.integers(3, 24), st.integers(1, 2)), min_size=2, max_size=5), st.randoms())
def test_neighbours_order_and_padding_change_nothing(model: Any, shapes: list[tuple[int, int]], random: Any) -> None:
    batch = batch_of(*shapes)
    taker = GradientTaker(model)
    whole, losses = taker.take(batch)
    order = list(range(len(shapes)))
    random.shuffle(order)
    wider = Batch(
        torch.nn.functional.pad(batch.ids[order], (0, 3), value=7), torch.nn.functional.pad(batch.labels[order], (0, 3), value=-100)
    )
    again, losses_again = taker.take(wider)
    close(again, whole[order])
    torch.testing.assert_close(losses_again, losses[order], rtol=1e-5, atol=1e-6)


def test_bfloat16_is_near(tiny_model: Path, model: Any) -> None:
    batch = batch_of((12, 5), (30, 3))
    low = with_lora(tiny_model)
    low.load_state_dict(model.state_dict())
    gradients, _ = GradientTaker(low.to(torch.bfloat16)).take(batch)
    assert gradients.dtype == torch.float32
    assert (torch.nn.functional.cosine_similarity(gradients, one_by_one(model, batch)[0]) > 0.98).all()


def test_nothing_is_left_on_the_model(model: Any) -> None:
    GradientTaker(model).take(batch_of((9, 2)))
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in model.modules())
    assert all(parameter.grad is None for parameter in model.parameters())


def test_an_example_without_completion_is_refused(model: Any) -> None:
    with pytest.raises(ValueError, match="no completion"):
        GradientTaker(model).take(batch_of((9, 2), (5, 5)))


def test_what_is_not_a_linear_is_refused(tiny_model: Path) -> None:
    from transformers import AutoModelForCausalLM

    with pytest.raises(ValueError, match=r"embed_tokens\.weight is trained"):
        trained_weights(AutoModelForCausalLM.from_pretrained(tiny_model))


def test_kept_states_give_the_same_gradients(tiny_model: Path) -> None:
    model = with_lora(tiny_model, layers="last:1")
    batch = batch_of((12, 5), (30, 3))
    layer = first_trained_layer(model)
    assert layer == 1
    hidden = states_below(model, batch.ids, layer)
    with only_from(model, layer):
        gradients, losses = GradientTaker(model).take(batch._replace(hidden=hidden))
    wanted, wanted_losses = one_by_one(model, batch)
    close(gradients, wanted)
    torch.testing.assert_close(losses, wanted_losses)


def test_a_model_with_several_kinds_of_layers_cannot_begin_at_one(tiny_model: Path) -> None:
    model = with_lora(tiny_model, layers="last:1")
    model.config.layer_types = ["sliding_attention", "full_attention"]
    with pytest.raises(ValueError, match="several kinds"), only_from(model, 1):
        pass


@given(st.integers(0, 2**40), st.integers(0, 2**63 - 1), st.integers(0, 3))
def test_the_hash_is_the_same_in_tensors_and_in_whole_numbers(number: int, seed: int, stream: int) -> None:
    got = hashed(torch.tensor([number]), seed, stream)
    assert got.item() == hashed(number, seed, stream)
    assert 0 <= got.item() < 2**32


@given(st.integers(2, 64), st.integers(0, 2**40), st.data())
@settings(max_examples=30, deadline=None)
def test_a_projection_is_the_sum_of_its_pieces(dim: int, seed: int, data: Any) -> None:
    vectors = torch.randn(3, 50, generator=torch.Generator().manual_seed(seed))
    cut = data.draw(st.integers(1, 49))
    for project in (count_sketch, rademacher):
        whole = project(vectors, dim, seed)
        torch.testing.assert_close(
            project(vectors[:, :cut], dim, seed) + project(vectors[:, cut:], dim, seed, cut), whole, rtol=1e-4, atol=1e-5
        )
        torch.testing.assert_close(project(vectors[1:2], dim, seed), whole[1:2], rtol=1e-5, atol=1e-6)
    for kind in ("count-sketch", "rademacher", "none"):
        projection = Projection(kind, dim, seed, 50)
        into = projection.empty(3, "cpu")
        projection.add(into, vectors[:, :cut], 0)
        projection.add(into, vectors[:, cut:], cut)
        back = torch.cat([projection.back(into, 0, cut), projection.back(into, cut, 50 - cut)], 1)
        # ⟨Pᵀ P x, y⟩ = ⟨P x, P y⟩
        torch.testing.assert_close(back @ vectors.T, into @ into.T, rtol=1e-3, atol=1e-3)


def test_signs_are_even_and_buckets_are_full() -> None:
    signs = rademacher_signs(0, 4096, 96, 5)
    assert signs.abs().eq(1).all()
    # 4 σ of a mean of as many coins.
    assert signs.mean(0).abs().max() < 4.5 / 64
    gram = signs.T @ signs / 4096
    assert (gram - torch.eye(96)).abs().max() < 5.5 / 64
    ones = count_sketch(torch.eye(4096)[:, :4096], 64, 5)
    loads = ones.abs().sum(0)
    assert loads.min() > 64 - 4.5 * 8
    assert loads.max() < 64 + 4.5 * 8
    torch.testing.assert_close(count_sketch_back(ones, 4096, 5).diagonal(), torch.ones(4096))


@pytest.mark.parametrize("project", [count_sketch, rademacher])
def test_cosines_survive_within_the_stated_error(project: Any) -> None:
    """Of D dimensions a cosine keeps an error of about 1/√D: 0.022 of 2,048, and 0.011 of the default 8,192."""
    random = torch.Generator().manual_seed(0)
    vectors = torch.randn(24, 12_000, generator=random) + torch.randn(12_000, generator=random)
    exact = torch.corrcoef(vectors)
    small = torch.corrcoef(project(vectors, 2_048, seed=11))
    error = (small - exact).flatten()
    assert error.std() < 1.5 / 2_048**0.5
    assert error.abs().max() < 5 / 2_048**0.5


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU")
def test_cpu_and_gpu_project_alike() -> None:
    vectors = torch.randn(4, 10_000, generator=torch.Generator().manual_seed(0))
    for project in (count_sketch, rademacher):
        torch.testing.assert_close(project(vectors.cuda(), 512, 9).cpu(), project(vectors, 512, 9), rtol=1e-4, atol=1e-4)
