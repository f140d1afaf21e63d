# SPDX-License-Identifier: MIT
"""Compares the transcriptions with the authors' packages and with optax: largest differences over all problems.

    python tests/reference/peers.py             every package that is installed
    python tests/reference/peers.py optax       this one

The packages, none of which the reference trajectories need, and the versions seen: optax 0.2.8.
"""
import sys
from functools import partial

import numpy as np
import torch

from generate import CASES, PROBLEMS, trajectory
from transcribed import Transcribed, radam


def with_torch():
    yield "RAdam, threshold 5", partial(Transcribed, rule=radam, lr=0.05), partial(torch.optim.RAdam, lr=0.05)


def with_optax():
    import jax
    import optax
    jax.config.update("jax_enable_x64", True)

    def peer(transformation):
        update = jax.jit(transformation.update)

        def rule(theta, g, state, t):
            updates, state["optax"] = update(g, state.get("optax", transformation.init(theta)), theta)
            return theta + np.asarray(updates)
        return partial(Transcribed, rule=rule)

    def case(name, transformation):
        return name, CASES[name], peer(transformation)

    decay = optax.add_decayed_weights
    yield case("AdamW/amsgrad_optax", optax.chain(optax.scale_by_amsgrad(0.9, 0.9), decay(0.1), optax.scale(-0.1)))
    yield case("Muon/optax", optax.contrib.muon(0.005, weight_decay=0.1))
    yield case("NAdam/optax", optax.nadam(0.05))
    yield case("NAdam/optax_options", optax.chain(decay(0.1), optax.nadam(0.05, 0.8, 0.95, 1e-4)))
    yield case("NAdam/optax_decoupled", optax.nadamw(0.05, weight_decay=0.2))
    yield ("RAdam without eps, threshold 4", partial(Transcribed, rule=radam, lr=0.05, eps=0.0, threshold=4),
           peer(optax.radam(0.05, eps=0.0, threshold=4.0)))
    yield case("Lion/default", optax.lion(1e-4, weight_decay=0.0))
    yield case("Lion/options", optax.lion(2**-7, 0.95, 0.98, weight_decay=0.1))
    for variant, power, clip, scale, momentum, lr, eps in (("t5", 0.8, 1.0, 1e-3, None, 0.01, 1e-30),
                                                           ("t5_momentum", 0.8, 1.0, 1e-3, 0.9, 0.2, 1e-30)):
        yield case(f"Adafactor/{variant}", optax.adafactor(
            lambda count, lr=lr: jax.numpy.minimum(lr, (count + 1.0) ** -0.5), min_dim_size_to_factor=2,
            decay_rate=power, clipping_threshold=clip, momentum=momentum, dtype_momentum=jax.numpy.float64, eps=eps))
    yield case("LAMB/default", optax.lamb(0.001))
    yield case("LAMB/options", optax.lamb(0.02, 0.8, 0.95, 1e-2, weight_decay=0.5))
    yield case("LARS/default", optax.lars(0.001))
    yield case("LARS/nesterov", optax.lars(0.02, 0.1, trust_coefficient=0.5, nesterov=True))
    yield case("LARS/options", optax.lars(0.05, 0.2, trust_coefficient=0.5, eps=0.5, momentum=0.5))


def with_schedulefree():
    import schedulefree

    def peer(kind, **hyperparameters):
        def make(params):
            optimizer = kind(params, **hyperparameters)
            optimizer.train()
            return optimizer
        return make

    sgd, adamw = schedulefree.SGDScheduleFree, schedulefree.AdamWScheduleFree
    for kind in sgd, adamw:
        name = "ScheduleFreeSGD" if kind is sgd else "ScheduleFreeAdamW"
        for variant in "default", "warmup", "options":
            given = dict(CASES[f"{name}/{variant}"].keywords)
            given.pop("rule")
            renamed = {{"weight_power": "r", "learning_rate_power": "weight_lr_power"}.get(key, key): value
                       for key, value in given.items()}
            yield f"{name}/{variant}", CASES[f"{name}/{variant}"], peer(kind, **renamed)


def with_prodigyopt():
    import prodigyopt

    for variant in "plain", "bias_correction", "safeguard_warmup", "growth_rate":
        ours = CASES[f"Prodigy/{variant}"]
        yield f"Prodigy/{variant}", ours, partial(prodigyopt.Prodigy, **ours.keywords)


def with_sophia():
    import sophia as authors

    class SophiaG(authors.SophiaG):
        """The paper's order: the curvature is refreshed before it is used. One sample a batch."""

        def __init__(self, params, period, **hyperparameters):
            super().__init__(params, **hyperparameters)
            self.t, self.period = 0, period

        def step(self):
            if self.t % self.period == 0:
                self.update_hessian()
            self.t += 1
            super().step(bs=1)

    yield "Sophia/default", CASES["Sophia/default"], partial(SophiaG, period=10, rho=0.01)
    yield ("Sophia/unclipped", CASES["Sophia/unclipped"],
           partial(SophiaG, lr=2**-7, rho=4.0, weight_decay=0.0, period=3))


PACKAGES = {"torch": with_torch, "optax": with_optax, "schedulefree": with_schedulefree,
            "prodigyopt": with_prodigyopt, "sophia": with_sophia}


def main():
    for package in sys.argv[1:] or PACKAGES:
        try:
            for name, ours, theirs in PACKAGES[package]():
                pairs = (zip(trajectory(ours, shapes), trajectory(theirs, shapes)) for shapes in PROBLEMS.values())
                difference = max(np.abs(a - b).max() for pair in pairs for (_, a), (_, b) in pair)
                print(f"{package:20} {name:40} {difference:.1e}", flush=True)
        except ImportError as error:
            print(f"{package:20} not compared: {error}")


if __name__ == "__main__":
    main()
