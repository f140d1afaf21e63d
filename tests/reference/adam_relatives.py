# SPDX-License-Identifier: MIT
"""Transcriptions of Adam's relatives that PyTorch lacks, one leaf at a time; peers.py compares them with the authors'
code and with other packages."""
import math

import numpy as np


def average(state, name, beta, value):
    """The exponential moving average of `value` that the state keeps under this name. It starts at zero."""
    state[name] = beta * state.get(name, 0.0) + (1 - beta) * value
    return state[name]


def signum(theta, g, state, t, lr=1e-3, momentum=0.9, weight_decay=0.0):
    """Bernstein et al., arXiv:1802.04434, Algorithm 2, with the decoupled decay of pytorch_optimizer's SignSGD."""
    return theta * (1 - lr * weight_decay) - lr * np.sign(average(state, "m", momentum, g))


def adabelief(theta, g, state, t, lr=1e-3, betas=(0.9, 0.999), eps=1e-16, weight_decay=0.0, rectify=True):
    """Zhuang et al., arXiv:2010.07468, as in github.com/juntang-zhuang/Adabelief-Optimizer, version 0.2."""
    theta = theta * (1 - lr * weight_decay)
    m = average(state, "m", betas[0], g)
    s = average(state, "s", betas[1], (g - m) ** 2)
    s += eps  # in place: it stays in the average
    m = m / (1 - betas[0] ** t)
    if not rectify:
        return theta - lr * m / (np.sqrt(s / (1 - betas[1] ** t)) + eps)
    longest = 2 / (1 - betas[1]) - 1
    length = longest - 2 * t * betas[1] ** t / (1 - betas[1] ** t)
    if length < 5:
        return theta - lr * m
    variance = (length - 4) / (longest - 4) * (length - 2) / length * longest / (longest - 2)
    return theta - lr * math.sqrt((1 - betas[1] ** t) * variance) * m / (np.sqrt(s) + eps)


def laprop(theta, g, state, t, lr=4e-4, betas=(0.9, 0.999), eps=1e-15, weight_decay=0.0):
    """Ziyin, Wang, Ueda, arXiv:2002.04839, as in github.com/Z-T-WANG/LaProp-Optimizer, whose decay is lr times this."""
    v = average(state, "v", betas[1], g**2)
    m = average(state, "m", betas[0], lr * g / (np.sqrt(v / (1 - betas[1] ** t)) + eps))
    rate = average(state, "rate", betas[0], lr)
    return (theta - lr / rate * m) * (1 - lr * weight_decay)


def adopt(theta, g, state, t, lr=1e-3, betas=(0.9, 0.9999), eps=1e-6, weight_decay=0.0, decoupled=False):
    """Taniguchi et al., arXiv:2411.02853, as in github.com/iShohei220/adopt: the first gradient only sets v."""
    if not decoupled:
        g = g + weight_decay * theta
    if t == 1:
        state["v"] = g**2
        return theta
    bound = (t - 1) ** 0.25
    m = average(state, "m", betas[0], np.clip(g / np.maximum(np.sqrt(state["v"]), eps), -bound, bound))
    average(state, "v", betas[1], g**2)
    return theta * (1 - (lr * weight_decay if decoupled else 0.0)) - lr * m


def adan(theta, g, state, t, lr=1e-3, betas=(0.98, 0.92, 0.99), eps=1e-8, weight_decay=0.0, proximal=True):
    """Xie et al., arXiv:2208.06677, as in github.com/sail-sg/Adan; the paper writes 1 - beta for beta."""
    difference = g - state.get("previous", g)
    state["previous"] = g
    m = average(state, "m", betas[0], g) / (1 - betas[0] ** t)
    d = average(state, "d", betas[1], difference) / (1 - betas[1] ** t)
    n = average(state, "n", betas[2], (g + betas[1] * difference) ** 2) / (1 - betas[2] ** t)
    step = lr * (m + betas[1] * d) / (np.sqrt(n) + eps)
    return (theta - step) / (1 + lr * weight_decay) if proximal else theta * (1 - lr * weight_decay) - step


def ademamix(theta, g, state, t, lr=1e-3, betas=(0.9, 0.999, 0.9999), alpha=5.0, eps=1e-8, weight_decay=0.0,
             warmup_steps=0):
    """Pagliardini, Ablin, Grangier, arXiv:2409.03137, as in github.com/apple/ml-ademamix; alpha is the paper's. In the
    warmup the half-life that belongs to the third beta grows linearly from that of the first."""
    slow = betas[2]
    if t < warmup_steps:
        share = t / warmup_steps
        first, last = (math.log(0.5) / math.log(beta + 1e-8) for beta in (betas[0], slow))
        slow = 0.5 ** (1 / ((1 - share) * first + share * last))
        alpha = alpha * share
    fast = average(state, "fast", betas[0], g) / (1 - betas[0] ** t)
    v = average(state, "v", betas[1], g**2) / (1 - betas[1] ** t)
    update = (fast + alpha * average(state, "slow", slow, g)) / (np.sqrt(v) + eps)
    return theta - lr * (update + weight_decay * theta)


def mars(theta, g, state, t, lr=3e-3, betas=(0.95, 0.99), gamma=0.025, eps=1e-8, weight_decay=0.0):
    """Yuan et al., arXiv:2411.10438, as "mars-adamw" in github.com/AGI-Arena/MARS, with the last step's gradient in
    the place of that of the last point on this step's batch."""
    c = g + gamma * betas[0] / (1 - betas[0]) * (g - state.get("previous", 0.0))
    state["previous"] = g
    c = c / max(1.0, float(np.linalg.norm(c)))
    m = average(state, "m", betas[0], c) / (1 - betas[0] ** t)
    v = average(state, "v", betas[1], c**2) / (1 - betas[1] ** t)
    return theta - lr * (m / (np.sqrt(v) + eps) + weight_decay * theta)
