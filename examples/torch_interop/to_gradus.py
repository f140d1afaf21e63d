# SPDX-License-Identifier: MIT
"""Writes a model and the state of its torch.optim optimizer to a file that gradus::io::load reads."""
import torch
from safetensors.torch import save_file

ADAM = {"exp_avg": "m", "exp_avg_sq": "v", "max_exp_avg_sq": "x"}
FIELDS = {"SGD": {"momentum_buffer": "b"}, "Adagrad": {"sum": "s"}, "Muon": {"momentum_buffer": "Average.b"},
          "Adam": ADAM, "AdamW": ADAM, "NAdam": ADAM, "RAdam": ADAM,
          "RMSprop": {"square_avg": "v", "grad_avg": "m", "momentum_buffer": "b"},
          "Adafactor": {"row_var": "FactoredRoot.r", "col_var": "FactoredRoot.c", "variance": "FactoredRoot.v"}}


def scalars(kind, group, state, t):
    """What the optimizer of gradus keeps beside its matrices."""
    betas = group.get("betas", ())[1 if kind == "NAdam" else 0:]
    powers = {f"beta{k}_power": beta**t for k, beta in enumerate(betas, 3 - len(betas))}
    special = {"Adagrad": {"initial_accumulator": float(group.get("initial_accumulator_value", 0))},
               "NAdam": {"momentum_product": float(state.get("mu_product", 1))},
               "Adafactor": {"FactoredRoot.t": t}, "Muon": {"Average.momentum_power": 1.0}}
    return {"t": t} | powers | special.get(kind, {})


def save(path, model, optimizer, steps=1):
    """Groups become the parts of a route. `steps` have been taken, if that is SGD or Muon, which do not count them."""
    kind, names = type(optimizer).__name__, {p: name for name, p in model.named_parameters()}
    tensors = {name: p.detach() for p, name in names.items()}
    for k, group in enumerate(optimizer.param_groups):
        prefix = f"state.{k}." if len(optimizer.param_groups) > 1 else "state."
        states = {p: optimizer.state[p] for p in group["params"]}
        (t,) = {int(state.get("step", steps)) for state in states.values()}  # one for all, or an error
        for p, state in states.items():
            for theirs, ours in FIELDS[kind].items():
                if state.get(theirs) is not None:
                    wide = state[theirs].double() if theirs in ("row_var", "col_var") else state[theirs]
                    tensors[f"{prefix}{ours}.{names[p]}"] = wide.mT if theirs == "col_var" else wide
        for name, x in scalars(kind, group, next(iter(states.values())), t).items():
            tensors[prefix + name] = torch.tensor(x, dtype=torch.int64 if isinstance(x, int) else torch.float64)
    save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, path)
