"""One object says how an example becomes text and tokens, for training, influence, synthesis and evaluation alike."""

from dataclasses import dataclass
from typing import Any, Protocol

from jiuzhang_worker.data.examples import Example
from jiuzhang_worker.job.problem import Problem


class Tokenizer(Protocol):
    """What is asked of a tokenizer of transformers."""

    eos_token: str | None
    chat_template: Any

    def __call__(self, text: str, *, add_special_tokens: bool) -> Any: ...

    def apply_chat_template(self, conversation: list[dict[str, str]], **options: Any) -> Any: ...


@dataclass(frozen=True)
class Tokens:
    """ids: the whole example, int. prompt: how many of them come before the completion and are not learnt."""

    ids: list[int]
    prompt: int

    @property
    def labels(self) -> list[int]:
        """-100 where nothing is learnt, as in transformers."""
        return [-100] * self.prompt + self.ids[self.prompt :]

    def __len__(self) -> int:
        return len(self.ids)


@dataclass(frozen=True)
class Serialization:
    """The strings around problems and solutions. The default is what JiuZhang3.0's published corpus shows: raw text, no chat template."""

    name: str = "jiuzhang"
    question: str = "## Question\n"
    solution: str = "\n\n## Solution\n"
    code_solution: str = "\n\n## Code Solution\n"

    def prompt_of(self, example: Example, tokenizer: Tokenizer) -> str:
        """What the model is given; it goes on from there."""
        if example.text is not None:
            return ""
        if example.problem is not None:
            return self.question + example.problem + (self.code_solution if example.is_tool else self.solution)
        if example.messages is not None:
            return self._chat(list(example.messages), tokenizer, open_turn=True)
        return example.prompt or ""

    def completion_of(self, example: Example, tokenizer: Tokenizer) -> str:
        """What the model should write, with the token that ends it."""
        if example.messages is None:
            return (example.text or example.solution or example.completion or "") + (tokenizer.eos_token or "")
        prompt = self.prompt_of(example, tokenizer)
        whole = self._chat([*example.messages, ("assistant", example.completion or "")], tokenizer, open_turn=False)
        if not whole.startswith(prompt):
            raise Problem(
                "data/chat-template",
                "The model's chat template writes a conversation differently once it is answered, so nothing can be learnt from its beginning",
                remedy="Train on raw prompts, or give the model a template without that.",
            )
        # Templates end a turn with a line break that no model has to write.
        return whole[len(prompt) :].rstrip("\n")

    def encode_prompt(self, example: Example, tokenizer: Tokenizer) -> list[int]:
        """Token ids of the prompt, exactly as in training; with the beginning token where the model has one and no chat template wrote it."""
        ids: list[int] = tokenizer(self.prompt_of(example, tokenizer), add_special_tokens=example.messages is None)["input_ids"]
        return ids

    def encode(self, example: Example, tokenizer: Tokenizer) -> Tokens:
        """Prompt and completion are tokenized apart: what is served later is the prompt alone, and its tokens must be the same."""
        prompt = self.encode_prompt(example, tokenizer)
        completion: list[int] = tokenizer(self.completion_of(example, tokenizer), add_special_tokens=False)["input_ids"]
        return Tokens(prompt + completion, len(prompt))

    def _chat(self, messages: list[tuple[str, str]], tokenizer: Tokenizer, *, open_turn: bool) -> str:
        if not tokenizer.chat_template:
            raise Problem(
                "data/chat-template",
                "The model has no chat template, and rows have `messages`",
                remedy="Train it on rows with a raw `prompt`.",
            )
        text: str = tokenizer.apply_chat_template(
            [{"role": role, "content": content} for role, content in messages], tokenize=False, add_generation_prompt=open_turn
        )
        return text


#: The one that every task uses.
SERIALIZATION = Serialization()
