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


PACKAGES = {"torch": with_torch, "optax": with_optax}


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
