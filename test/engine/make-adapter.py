"""Writes a LoRA adapter for the tests' small model as a GGUF file: `make-adapter.py FILE SCALE`. With SCALE 0 it changes nothing."""

import sys

import gguf
import numpy as np

HIDDEN, RANK, LAYER = 576, 4, 29

writer = gguf.GGUFWriter(sys.argv[1], "llama")
writer.add_type("adapter")
writer.add_string("adapter.type", "lora")
writer.add_float32("adapter.lora.alpha", float(RANK))
random = np.random.default_rng(0)
down = random.standard_normal((RANK, HIDDEN)).astype(np.float32)
up = random.standard_normal((HIDDEN, RANK)).astype(np.float32) * np.float32(sys.argv[2])
writer.add_tensor(f"blk.{LAYER}.attn_output.weight.lora_a", down)
writer.add_tensor(f"blk.{LAYER}.attn_output.weight.lora_b", up)
writer.write_header_to_file()
writer.write_kv_data_to_file()
writer.write_tensors_to_file()
writer.close()
