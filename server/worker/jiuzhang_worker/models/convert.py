"""`python convert.py SCRIPT ARGUMENTS…`: runs one of llama.cpp's converters where the package sentencepiece may be missing.

They import it before they look whether the model has a tokenizer of that kind, and most have none.
"""

import runpy
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

SCRIPT = Path(sys.argv[1])


def main() -> None:
    # A script's own folder comes first among those that are searched; ours has a gguf.py that is not what the converters mean.
    sys.path[0:1] = [str(SCRIPT.parent), str(SCRIPT.parent / "gguf-py")]
    models: Any = import_module("conversion.base").TextModel
    original = models._create_vocab_sentencepiece

    def create(self: Any) -> Any:
        path = self.dir_model / "tokenizer.model"
        if not path.is_file():
            # What they raise themselves; they go on to the next kind of tokenizer.
            raise FileNotFoundError(path)
        return original(self)

    models._create_vocab_sentencepiece = create
    sys.argv = sys.argv[1:]
    runpy.run_path(str(SCRIPT), run_name="__main__")


main()
