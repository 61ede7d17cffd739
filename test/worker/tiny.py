"""A random model of a few thousand weights with a tokenizer of its own, for tests that need no sense in its words."""

from pathlib import Path

CORPUS = [
    "## Question\nA gardener plants 6 rows of 9 tulips. How many tulips are there?\n\n## Solution\nThere are 6 × 9 = 54 tulips. The answer is 54.",
    "## Question\nSolve $2x + 3 = 11$ for $x$.\n\n## Solution\nThen $2x = 8$, so $x = \\boxed{4}$.",
    "Write one problem with its solution about this passage: the sum of the first n odd numbers is n squared.",
]


def save_tiny_model(folder: Path, *, hidden: int = 32, layers: int = 2, vocabulary: int = 320, seed: int = 0) -> Path:
    """Writes model and tokenizer in the layout of Hugging Face and gives the folder back."""
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        special_tokens=["<|end|>", "<|turn|>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(CORPUS, trainer)
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token="<|end|>", pad_token="<|end|>")
    fast.chat_template = (
        "{% for message in messages %}<|turn|>{{ message.role }}\n{{ message.content }}<|end|>\n{% endfor %}"
        "{% if add_generation_prompt %}<|turn|>assistant\n{% endif %}"
    )
    fast.save_pretrained(folder)
    torch.manual_seed(seed)
    model = LlamaForCausalLM(
        LlamaConfig(
            vocab_size=len(fast),
            hidden_size=hidden,
            intermediate_size=hidden * 2,
            num_hidden_layers=layers,
            num_attention_heads=4,
            num_key_value_heads=2,
            max_position_embeddings=512,
            eos_token_id=fast.eos_token_id,
            bos_token_id=None,
            pad_token_id=fast.pad_token_id,
        )
    )
    model.save_pretrained(folder)
    return folder
