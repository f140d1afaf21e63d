# SPDX-License-Identifier: MIT
"""Reads a file of gradus::io::save into a model and its torch.optim optimizer, whose options are those of the run."""
import torch
from safetensors.torch import load_file

from to_gradus import FIELDS


def load(path, model, optimizer):
    """The parts of a route become groups."""
    tensors, kind, names = load_file(path), type(optimizer).__name__, {p: name for name, p in model.named_parameters()}
    for k, group in enumerate(optimizer.param_groups):
        prefix = f"state.{k}." if len(optimizer.param_groups) > 1 else "state."
        for p in group["params"]:
            p.data.copy_(tensors[names[p]])
            state = {} if kind in ("SGD", "Muon") else {"step": tensors[prefix + "t"].to(torch.get_default_dtype())}
            for theirs, ours in FIELDS[kind].items():
                if (found := tensors.get(f"{prefix}{ours}.{names[p]}")) is not None:
                    state[theirs] = (found.mT.contiguous() if theirs == "col_var" else found).to(p.dtype)
            if kind == "NAdam":
                state["mu_product"] = tensors[prefix + "momentum_product"].to(torch.get_default_dtype())
            optimizer.state[p] = state
