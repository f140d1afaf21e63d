# SPDX-License-Identifier: MIT
"""Transcriptions of the published recurrences that PyTorch lacks: rules for one coefficient, leaf or tree at a time.
peers.py compares them with other packages."""
from functools import partial

import numpy as np
import torch


class Transcribed:
    """Runs `rule(theta, g, state, t) -> new theta` on every leaf; state is a dict that starts empty."""

    def __init__(self, params, rule, **hyperparameters):
        self.leaves = [(p, {}) for p in params]
        self.rule, self.t = partial(rule, **hyperparameters), 0

    def step(self):
        self.t += 1
        for p, state in self.leaves:
            p.data.copy_(torch.from_numpy(self.rule(p.numpy(), p.grad.numpy(), state, self.t)))


def amsgrad(theta, g, state, t, form, lr, betas, eps=1e-8, weight_decay=0.0):
    """form "paper": Reddi, Kale, Kumar, arXiv:1904.09237, Algorithm 2, with constant step size and without the
    projection; neither moment is bias-corrected. The paper has no eps: it is added outside the root as in Adam.
    form "optax": google-deepmind/optax, optax/_src/transform.py, scale_by_amsgrad: the maximum is taken over the
    bias-corrected second moment. Decay is coupled: added to the gradient."""
    g = g + weight_decay * theta
    m = state["m"] = betas[0] * state.get("m", 0.0) + (1 - betas[0]) * g
    v = state["v"] = betas[1] * state.get("v", 0.0) + (1 - betas[1]) * g**2
    if form == "optax":
        m, v = m / (1 - betas[0] ** t), v / (1 - betas[1] ** t)
    largest = state["largest"] = np.maximum(state.get("largest", 0.0), v)
    return theta - lr * m / (np.sqrt(largest) + eps)


def amsgradw(theta, g, state, t, lr, weight_decay, **hyperparameters):
    """The same with the decoupled decay of Loshchilov and Hutter, arXiv:1711.05101, in PyTorch's scaling."""
    return amsgrad(theta, g, state, t, lr=lr, **hyperparameters) - lr * weight_decay * theta




def nadam_optax(theta, g, state, t, lr=0.002, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0, decoupled=False):
    """google-deepmind/optax, optax/_src/transform.py, scale_by_adam(nesterov=True), which optax.nadam and optax.nadamw
    use: Dozat's NAdam with a constant beta1. Decay is added to the gradient, or decoupled as in nadamw."""
    g = g + (0.0 if decoupled else weight_decay) * theta
    m = state["m"] = betas[0] * state.get("m", 0.0) + (1 - betas[0]) * g
    v = state["v"] = betas[1] * state.get("v", 0.0) + (1 - betas[1]) * g**2
    mean = betas[0] * m / (1 - betas[0] ** (t + 1)) + (1 - betas[0]) * g / (1 - betas[0] ** t)
    update = mean / (np.sqrt(v / (1 - betas[1] ** t)) + eps)
    return theta - lr * (update + (weight_decay if decoupled else 0.0) * theta)


def radam(theta, g, state, t, lr=0.001, betas=(0.9, 0.999), eps=1e-8, threshold=5.0):
    """Liu et al., arXiv:1908.03265, with eps placed as in torch.optim.RAdam, whose threshold of 5 is fixed; the
    paper's is 4."""
    m = state["m"] = betas[0] * state.get("m", 0.0) + (1 - betas[0]) * g
    v = state["v"] = betas[1] * state.get("v", 0.0) + (1 - betas[1]) * g**2
    step = m / (1 - betas[0] ** t)
    longest = 2 / (1 - betas[1]) - 1
    length = longest - 2 * t * betas[1] ** t / (1 - betas[1] ** t)
    if length > threshold:
        variance = (length - 4) * (length - 2) * longest / ((longest - 4) * (longest - 2) * length)
        step = step * variance**0.5 * (1 - betas[1] ** t) ** 0.5 / (np.sqrt(v) + eps)
    return theta - lr * step


def lion(theta, g, state, t, lr=1e-4, betas=(0.9, 0.99), weight_decay=0.0):
    """Chen et al., arXiv:2302.06675 (code: github.com/google/automl, lion/lion_pytorch.py)."""
    m = state.get("m", 0.0)
    update = np.sign(betas[0] * m + (1 - betas[0]) * g)
    state["m"] = betas[1] * m + (1 - betas[1]) * g
    return theta * (1 - lr * weight_decay) - lr * update


class Nesterov:
    """Nesterov 1983 in the form of Beck and Teboulle 2009: x' = y - lr g, y' = x' + factor (x' - x) with the factor
    t / (t + 3), or for mu-strongly convex functions Nesterov's constant factor (Introductory Lectures on Convex
    Optimization, 2004, scheme 2.2.11). The parameters are the points y where gradients are taken. What is kept is
    x' - x itself: as a difference of stored points it would lose digits that the momentum then sums up."""

    def __init__(self, params, lr=0.001, mu=0.0):
        self.lr, self.t, self.leaves = lr, 0, [(y, 0.0 * y.numpy()) for y in params]
        self.constant = (1 - (lr * mu) ** 0.5) / (1 + (lr * mu) ** 0.5) if mu > 0 else None

    def factor(self, t):
        return t / (t + 3) if self.constant is None else self.constant

    def step(self):
        for y, progress in self.leaves:
            progress *= self.factor(self.t)
            progress -= self.lr * y.grad.numpy()
            y.data.sub_(self.lr * y.grad).add_(torch.from_numpy(self.factor(self.t + 1) * progress))
        self.t += 1


class AverageOfASGD(torch.optim.ASGD):
    """Records the averaged weights that torch.optim.ASGD keeps beside the parameters."""

    def recorded(self):
        return [self.state[p]["ax"] for p in self.param_groups[0]["params"]]
