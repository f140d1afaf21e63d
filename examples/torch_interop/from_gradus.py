# SPDX-License-Identifier: MIT
"""Reads a file of gradus::io::save into a model and its torch.optim optimizers, whose options are those of the run."""
import math

import torch
from safetensors.torch import load_file

from torch_names import fields, parts, scalars


def load(path, model, optimizers):
    """`optimizers` is one or several; the parts of a `route` become their groups, in order."""
    tensors, counter = load_file(path), torch.tensor(0.0, dtype=torch.promote_types(torch.get_default_dtype(), torch.float32))
    unread = set(tensors)

    def take(name):
        if name not in tensors:
            raise ValueError(f"{path} has no {name}")
        unread.discard(name)
        return tensors[name]

    values, states = {}, {}
    for name, p in model.named_parameters():
        values[p] = take(name)
        if values[p].numel() != p.numel():
            raise ValueError(f"{path}: {name} is {list(values[p].shape)}, but {list(p.shape)} in the model")
    for optimizer, group, params, prefix in parts(model, optimizers):
        t = int(take(prefix + "t"))
        own = {name: float(take(prefix + name)) for name in scalars(optimizer, group, {}, t)}
        for name, expected in scalars(optimizer, group, {}, t).items():
            if name not in ("momentum_product", "Average.momentum_power") and not math.isclose(
                    own[name], expected, rel_tol=1e-6, abs_tol=1e-12):
                raise ValueError(f"{path}: {prefix}{name} is {own[name]}, but {expected} with the options given here")
        for name, p in params.items():
            state = {} if type(optimizer).__name__ in ("SGD", "Muon") else {"step": counter + t}
            if "momentum_product" in own:
                state["mu_product"] = counter + own["momentum_product"]
            for theirs, ours in fields(optimizer, group, name, p).items():
                x = take(f"{prefix}{ours}.{name}")
                x = x.mT if theirs == "col_var" else x if theirs == "row_var" else x.reshape(p.shape)
                state[theirs] = x.to(p).contiguous()
            states[optimizer, p] = state if t > 0 else {}
    if unread:
        raise ValueError(f"{path} has {', '.join(sorted(unread))}, which the optimizers do not")
    with torch.no_grad():
        for p, value in values.items():
            p.copy_(value.reshape(p.shape))
    for (optimizer, p), state in states.items():
        if state:
            optimizer.state[p] = state
