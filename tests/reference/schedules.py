# SPDX-License-Identifier: MIT
"""Reference values of schedules for the tests: PyTorch's own schedulers in float64, and what PyTorch has not got.

    python tests/reference/schedules.py           rewrites tests/data/schedules.txt
    python tests/reference/schedules.py --check   compares a fresh run with it, exit status 1 if they differ

File: a comment, then lines `case v0 v1 ...` with the learning rate (or the momentum) at t = 0, 1, ..., 17 digits.
Versions are pinned in requirements.txt.
"""
import argparse
import pathlib
import sys
import warnings

import numpy as np
import torch
from torch.optim import lr_scheduler

OUTPUT = pathlib.Path(__file__).resolve().parent.parent / "data" / "schedules.txt"
TOLERANCE = 1e-13


def warmup_then_cosine(optimizer):
    warmup = lr_scheduler.LinearLR(optimizer, start_factor=0.1, end_factor=1, total_iters=5)
    cosine = lr_scheduler.CosineAnnealingLR(optimizer, T_max=20, eta_min=0.05)
    return lr_scheduler.SequentialLR(optimizer, [warmup, cosine], milestones=[5])


def one_cycle(**settings):
    return lambda optimizer: lr_scheduler.OneCycleLR(optimizer, max_lr=0.6, **settings)


# Name: (learning rate, last t, optimizer -> scheduler). PyTorch's cosine is taken up to T_max, where it turns back.
CASES = {
    "linear_up": (0.5, 12, lambda o: lr_scheduler.LinearLR(o, start_factor=0.25, end_factor=1, total_iters=8)),
    "linear_down": (2.0, 12, lambda o: lr_scheduler.LinearLR(o, start_factor=1, end_factor=0.125, total_iters=10)),
    "polynomial": (0.7, 12, lambda o: lr_scheduler.PolynomialLR(o, total_iters=9, power=2.5)),
    "step": (0.5, 20, lambda o: lr_scheduler.StepLR(o, step_size=4, gamma=0.3)),
    "multi_step": (0.5, 20, lambda o: lr_scheduler.MultiStepLR(o, milestones=[3, 4, 11], gamma=0.3)),
    "exponential": (0.5, 20, lambda o: lr_scheduler.ExponentialLR(o, gamma=0.8)),
    "cosine": (0.5, 15, lambda o: lr_scheduler.CosineAnnealingLR(o, T_max=15, eta_min=0.02)),
    "restarts": (0.5, 20, lambda o: lr_scheduler.CosineAnnealingWarmRestarts(o, T_0=6, eta_min=0.02)),
    "restarts_double": (1.0, 40, lambda o: lr_scheduler.CosineAnnealingWarmRestarts(o, T_0=4, T_mult=2)),
    "triangular": (0.1, 30, lambda o: lr_scheduler.CyclicLR(
        o, base_lr=0.1, max_lr=0.9, step_size_up=3, step_size_down=5, cycle_momentum=False)),
    "triangular2": (0.1, 30, lambda o: lr_scheduler.CyclicLR(
        o, base_lr=0.1, max_lr=0.9, step_size_up=3, step_size_down=5, mode="triangular2", cycle_momentum=False)),
    "one_cycle": (0.1, 19, one_cycle(total_steps=20)),
    "one_cycle_between": (0.1, 24, one_cycle(total_steps=25, pct_start=0.46, div_factor=10, final_div_factor=100)),
    "one_cycle_linear": (0.1, 19, one_cycle(total_steps=20, anneal_strategy="linear")),
    "one_cycle_three": (0.1, 29, one_cycle(total_steps=30, three_phase=True, max_momentum=0.9, base_momentum=0.7)),
    "one_cycle_three_linear": (0.1, 22, one_cycle(
        total_steps=23, pct_start=0.4, three_phase=True, anneal_strategy="linear")),
    "join": (0.5, 25, warmup_then_cosine),
}

# Name: (what the metric is multiplied by, options).
PLATEAUS = {
    "plateau": (1, {"patience": 2}),
    "plateau_options": (1, {"factor": 0.5, "patience": 1, "threshold": 0.02, "cooldown": 3, "min_lr": 0.02}),
    "plateau_absolute": (1, {"factor": 0.7, "patience": 0, "threshold": 0.01, "threshold_mode": "abs", "eps": 0.03}),
    "plateau_max": (-1, {"mode": "max", "factor": 0.6, "patience": 2, "threshold": 0.3}),
    "plateau_max_absolute": (-1, {"mode": "max", "factor": 0.6, "patience": 2, "threshold": 0.01,
                                  "threshold_mode": "abs"}),
}


# In the form of the scripts of github.com/KellerJordan/modded-nanogpt: the power's own
# coefficient, and the momentum by three cases.
def power_cool(t, peak=0.0375, total=30, power=1.2):
    coefficient = peak / 23**power
    return min(peak, coefficient * max(0, total - t) ** power)


def muon_momentum(t, total=40, warmup=15, cooldown=10, least=0.85, most=0.95):
    if t < warmup:
        return least + t / warmup * (most - least)
    if t > total - cooldown:
        return most - min((t - (total - cooldown)) / cooldown, 1) * (most - least)
    return most


FORMULAS = {"power_cool": (32, power_cool), "muon_momentum": (42, muon_momentum)}


def metric(t):
    """Falls unevenly, and is NaN once."""
    return float("nan") if t == 17 else 1 / (1 + t / 5) + 0.5 * (t * 7919 % 13) / 13 - 0.3


def run():
    """The values of all cases by name; those of OneCycleLR have a second line, NAME.momentum."""
    lines = {}
    for name, (learning_rate, last, make) in CASES.items():
        optimizer = torch.optim.SGD([torch.zeros(1)], lr=learning_rate, momentum=0.9)
        scheduler = make(optimizer)
        rates, momenta = [], []
        for t in range(last + 1):
            rates.append(float(optimizer.param_groups[0]["lr"]))
            momenta.append(float(optimizer.param_groups[0]["momentum"]))
            if t < last:
                optimizer.step()
                scheduler.step()
        lines[name] = rates
        if name.startswith("one_cycle"):
            lines[name + ".momentum"] = momenta
    for name, (sign, options) in PLATEAUS.items():
        optimizer = torch.optim.SGD([torch.zeros(1)], lr=0.5)
        scheduler = lr_scheduler.ReduceLROnPlateau(optimizer, **options)
        lines[name] = []
        for t in range(40):
            scheduler.step(sign * metric(t))
            lines[name].append(float(optimizer.param_groups[0]["lr"]))
    for name, (last, formula) in FORMULAS.items():
        lines[name] = [formula(t) for t in range(last + 1)]
    return lines


def main():
    parser = argparse.ArgumentParser(description="Reference values of schedules for the tests.")
    parser.add_argument("--check", action="store_true", help=f"compare with the file; tolerance {TOLERANCE}")
    arguments = parser.parse_args()
    warnings.filterwarnings("ignore", message=".*epoch parameter in `scheduler.step\\(\\)`")  # SequentialLR's own
    lines = run()
    if arguments.check:
        rows = [line.split() for line in OUTPUT.read_text().splitlines()[1:]]
        stored = {row[0]: [float(value) for value in row[1:]] for row in rows}
        if {k: len(v) for k, v in stored.items()} != {k: len(v) for k, v in lines.items()}:
            sys.exit(f"{OUTPUT.name} has other cases or steps than this script: run it without --check")
        difference, worst = max((np.abs(np.subtract(lines[name], stored[name])).max(), name) for name in lines)
        print(f"{len(lines)} lines, largest difference {difference:.3g} at {worst}")
        sys.exit(int(difference > TOLERANCE))
    text = [f"# python tests/reference/schedules.py, torch {torch.__version__}"]
    text += [" ".join([name, *(f"{value:.17g}" for value in values)]) for name, values in lines.items()]
    OUTPUT.write_text("\n".join([*text, ""]))


if __name__ == "__main__":
    main()
