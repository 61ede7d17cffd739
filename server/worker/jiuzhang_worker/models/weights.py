"""The hash of a model's weights, by which it is known whatever its folder is called."""

from pathlib import Path

from jiuzhang_worker.job.files import sha256_json, sha256_of


def weights_of(path: Path) -> str:
    """sha256 of a .gguf file, or over the names and hashes of a folder's weight files."""
    if path.is_file():
        return sha256_of(path)
    files = sorted(file for pattern in ("*.safetensors", "*.bin") for file in path.glob(pattern))
    return sha256_json([[file.name, sha256_of(file)] for file in files])
