# SPDX-License-Identifier: MIT
"""What the state of torch.optim's optimizers is called in gradus."""
import torch

ADAM = {"exp_avg": "m", "exp_avg_sq": "v", "max_exp_avg_sq": "x"}
FIELDS = {"SGD": {"momentum_buffer": "b"}, "Adagrad": {"sum": "s"}, "Muon": {"momentum_buffer": "Average.b"},
          "Adam": ADAM, "AdamW": ADAM, "NAdam": ADAM, "RAdam": ADAM,
          "RMSprop": {"square_avg": "v", "grad_avg": "m", "momentum_buffer": "b"},
          "Adafactor": {"row_var": "FactoredRoot.r", "col_var": "FactoredRoot.c", "variance": "FactoredRoot.v"}}


def parts(model, optimizers):
    """Every group of the optimizers: optimizer, group, parameters by name, and how its names in the file begin."""
    single = isinstance(optimizers, torch.optim.Optimizer)
    groups = [(o, group) for o in ([optimizers] if single else optimizers) for group in o.param_groups]
    names = {p: name for name, p in model.named_parameters()}
    for k, (optimizer, group) in enumerate(groups):
        if type(optimizer).__name__ not in FIELDS:
            raise ValueError(f"{type(optimizer).__name__} is not among {', '.join(FIELDS)}")
        if group.get("maximize"):
            raise ValueError("gradus minimizes: negate the objective instead of maximize=True")
        own = {names.pop(p, None): p for p in group["params"]}
        if None in own:
            raise ValueError("a parameter of the optimizers is not one of the model, or is there twice")
        yield optimizer, group, own, f"state.{k}." if len(groups) > 1 else "state."
    if names:
        raise ValueError(f"no optimizer has {', '.join(names.values())}")


def fields(optimizer, group, name, p):
    """The fields that the optimizer keeps for a parameter: {PyTorch's name: gradus's}."""
    kind = type(optimizer).__name__
    if kind == "Adafactor" and (p.dim() > 2 or p.dim() == 2 and 1 in p.shape):
        raise ValueError(f"PyTorch factors {name} {list(p.shape)} in its own way: make it a vector, or a matrix")
    kept = {"max_exp_avg_sq": group.get("amsgrad"), "grad_avg": group.get("centered"), "row_var": p.dim() == 2,
            "col_var": p.dim() == 2, "variance": p.dim() < 2, "momentum_buffer": kind == "Muon" or group.get("momentum")}
    return {theirs: ours for theirs, ours in FIELDS[kind].items() if kept.get(theirs, True)}


def scalars(optimizer, group, state, t):
    """What gradus keeps beside matrices after t steps: a power is PyTorch's for betas that never changed."""
    kind, betas = type(optimizer).__name__, group.get("betas", ())
    powers = {f"beta{k}_power": float(beta)**t for k, beta in enumerate(betas, 1) if (kind, k) != ("NAdam", 1)}
    special = {"Adagrad": {"initial_accumulator": float(group.get("initial_accumulator_value", 0))},
               "NAdam": {"momentum_product": float(state.get("mu_product", 1))},
               "Adafactor": {"FactoredRoot.t": t}, "Muon": {"Average.momentum_power": float(group.get("momentum", 0))**t}}
    return {"t": t} | powers | special.get(kind, {})
