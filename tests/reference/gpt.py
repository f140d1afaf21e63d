# SPDX-License-Identifier: MIT
"""The language model of examples/gpt in PyTorch: one batch, its loss and its gradient, in double.

    python tests/reference/gpt.py           writes tests/data/torch/gpt.safetensors and gpt-gradient.safetensors
    python tests/reference/gpt.py --check   compares a fresh batch with them

The exit status is 1 if something differs, and 77 if a package is missing. Seen: torch 2.13.0, safetensors 0.8.0.
"""
import math
import pathlib
import sys

try:
    import torch
    import torch.nn.functional as F
    from safetensors import safe_open
    from safetensors.torch import save_file
except ImportError as missing:
    print(f"skipped: {missing}")
    sys.exit(77)

FOLDER = pathlib.Path(__file__).resolve().parent.parent / "data" / "torch"
CHARACTERS, CONTEXT, LAYERS, HEADS, WIDTH, BATCH = 9, 5, 2, 2, 6, 3

torch.manual_seed(1)


def normal(*shape):
    return torch.randn(*shape, dtype=torch.float64) * 0.3


params = {"token_embedding": normal(WIDTH, CHARACTERS), "position_embedding": normal(WIDTH, CONTEXT)}
for i in range(LAYERS):
    params |= {f"blocks.{i}.norm1": 1 + normal(WIDTH), f"blocks.{i}.qkv": normal(3 * WIDTH, WIDTH),
               f"blocks.{i}.projection": normal(WIDTH, WIDTH), f"blocks.{i}.norm2": 1 + normal(WIDTH),
               f"blocks.{i}.expand": normal(4 * WIDTH, WIDTH), f"blocks.{i}.contract": normal(WIDTH, 4 * WIDTH)}
params["norm"] = 1 + normal(WIDTH)
for p in params.values():
    p.requires_grad_()
tokens = torch.randint(CHARACTERS, (2, BATCH, CONTEXT))


def norm(x, gain):
    return F.layer_norm(x, (WIDTH,), gain)


def attention(x, qkv, projection):
    q, k, v = ((x @ qkv.T).view(BATCH, CONTEXT, 3, HEADS, WIDTH // HEADS).permute(2, 0, 3, 1, 4))
    a = F.scaled_dot_product_attention(q, k, v, is_causal=True)
    return a.transpose(1, 2).reshape(BATCH, CONTEXT, WIDTH) @ projection.T


x = params["token_embedding"].T[tokens[0]] + params["position_embedding"].T
for i in range(LAYERS):
    norm1, qkv, projection, norm2, expand, contract = (
        params[f"blocks.{i}.{name}"] for name in ("norm1", "qkv", "projection", "norm2", "expand", "contract"))
    x = x + attention(norm(x, norm1), qkv, projection)
    x = x + F.gelu(norm(x, norm2) @ expand.T, approximate="tanh") @ contract.T
logits = norm(x, params["norm"]) @ params["token_embedding"]
loss = F.cross_entropy(logits.flatten(0, 1), tokens[1].flatten())
loss.backward()

files = {"gpt": {name: p.detach() for name, p in params.items()},
         "gpt-gradient": {name: p.grad for name, p in params.items()}}
metadata = {"loss": repr(loss.item()), "inputs": " ".join(map(str, tokens[0].flatten().tolist())),
            "targets": " ".join(map(str, tokens[1].flatten().tolist()))}
if "--check" not in sys.argv[1:]:
    for name, tensors in files.items():
        save_file({k: t.contiguous() for k, t in tensors.items()}, FOLDER / f"{name}.safetensors", metadata)
    sys.exit(0)
for name, tensors in files.items():
    with safe_open(FOLDER / f"{name}.safetensors", "pt") as file:
        worst = max((file.get_tensor(k) - t).abs().max().item() for k, t in tensors.items())
        worst = max(worst, abs(float(file.metadata()["loss"]) - loss.item()))
    print(f"{name}: largest difference {worst:.1e}")
    if not math.isfinite(worst) or worst > 1e-12:
        sys.exit(1)
