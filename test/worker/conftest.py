"""What every test of the worker may ask for."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

# Tests never look at the network, and two cores are shared by all.
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
# Threads that share their cores with other processes wait for one another by spinning.
os.environ.setdefault("OMP_NUM_THREADS", "1")


# Two busy cores keep no deadline; where a change must pass, the cases are the same each time.
settings.register_profile("worker", deadline=None, derandomize="CI" in os.environ)
settings.load_profile("worker")


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a random two-layer Llama and a byte-pair tokenizer: everything real but the size."""
    # After the environment is set: what it imports reads it.
    from tiny import save_tiny_model

    return save_tiny_model(tmp_path_factory.mktemp("tiny-model"))
