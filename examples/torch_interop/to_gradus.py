# SPDX-License-Identifier: MIT
"""Writes a model and the state of its torch.optim optimizers to a file that gradus::io::load reads."""
import torch
from safetensors.torch import save_file

from torch_names import fields, parts, scalars


def leaf(x):
    """A tensor as gradus has it: a vector, or a matrix."""
    return x.detach().reshape(len(x), -1) if x.dim() > 2 else torch.atleast_1d(x.detach())


def field(theirs, ours, x):
    """The same of the state: wide where gradus keeps it so; stages such as FactoredRoot see matrices alone."""
    x = leaf(x.mT if theirs == "col_var" else x)
    x = x.double() if theirs in ("row_var", "col_var") else x.float() if x.element_size() == 2 else x
    return x.reshape(len(x), -1) if "." in ours else x


def save(path, model, optimizers, steps=1):
    """`optimizers` is one or several; all groups become the parts of a `route`, in order, or the optimizer if there is
    one group. `steps` have been taken, for SGD and Muon, which do not count them."""
    tensors = {name: leaf(p) for name, p in model.named_parameters()}
    for optimizer, group, params, prefix in parts(model, optimizers):
        states = {name: optimizer.state.get(p, {}) for name, p in params.items()}
        for name, p in params.items():
            for theirs, ours in fields(optimizer, group, name, p).items():
                if states[name].get(theirs) is None:
                    raise ValueError(f"{name} has no {theirs} yet: without a step there is no state to be saved")
                tensors[f"{prefix}{ours}.{name}"] = field(theirs, ours, states[name][theirs])
        taken = {name: float(state.get("step", steps)) for name, state in states.items()}
        if len(set(taken.values())) > 1:
            raise ValueError(f"gradus counts one number of steps for all parameters, but these took {taken}")
        (t, *_), (state, *_) = taken.values(), states.values()
        for name, x in scalars(optimizer, group, state, int(t)).items():
            tensors[prefix + name] = torch.tensor(x, dtype=torch.int64 if isinstance(x, int) else torch.float64)
    save_file({name: tensor.contiguous().cpu() for name, tensor in tensors.items()}, path)
