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


class CautiousDecay:
    """Chen et al., arXiv:2510.12402, around what `make` makes of leaves, a learning rate and no decay: decay where the
    step does not move away from zero."""

    def __init__(self, params, make, lr, weight_decay):
        self.params, self.decay = params, lr * weight_decay
        self.optimizer = make(params, lr=lr, weight_decay=0.0)

    def step(self):
        before = [p.detach().clone() for p in self.params]
        self.optimizer.step()
        for p, old in zip(self.params, before, strict=True):
            p.data -= self.decay * old * ((old - p) * old >= 0)


class AsVectors:
    """Hands `make` every leaf with one row or column as a 1-D tensor, which PyTorch does not factor or rotate."""

    def __init__(self, params, make):
        self.leaves = [(p, p.view(-1) if 1 in p.shape else p) for p in params]
        self.optimizer = make([view for _, view in self.leaves])

    def step(self):
        for p, view in self.leaves:
            view.grad = p.grad.view(view.shape)
        self.optimizer.step()


def adafactor_t5(theta, g, state, t, lr=0.01, decay_power=0.8, eps=(1e-30, 1e-3), clip=1.0, beta1=0.0,
                 weight_decay=0.0):
    """Shazeer and Stern, arXiv:1804.04235, as in github.com/tensorflow/mesh, mesh_tensorflow/optimize.py: eps[0] is
    added to the squares, beta1 averages the final update. The rate min(lr, 1 / sqrt(t)) times the scale of theta.
    Decay, which that code lacks, is torch.optim.Adafactor's."""
    rate = min(lr, t**-0.5) * max(eps[1], np.mean(theta**2) ** 0.5)
    new = t**-decay_power
    square = g**2 + eps[0]
    if 1 in theta.shape:
        v = state["v"] = (1 - new) * state.get("v", 0.0) + new * square
    else:
        r = state["r"] = (1 - new) * state.get("r", 0.0) + new * np.mean(square, axis=1, keepdims=True)
        c = state["c"] = (1 - new) * state.get("c", 0.0) + new * np.mean(square, axis=0, keepdims=True)
        v = r * c / np.mean(r)
    update = g / np.sqrt(v)
    update = rate * update / max(1.0, np.mean(update**2) ** 0.5 / clip)
    update = state["m"] = beta1 * state.get("m", 0.0) + (1 - beta1) * update
    return theta * (1 - lr * weight_decay) - update


def factored(state, name, beta, square):
    """The average of `square` of which the means of rows and columns are kept, multiplied out again."""
    r = state[name + "_r"] = beta * state.get(name + "_r", 0.0) + (1 - beta) * np.mean(square, axis=1, keepdims=True)
    c = state[name + "_c"] = beta * state.get(name + "_c", 0.0) + (1 - beta) * np.mean(square, axis=0, keepdims=True)
    return r * c / np.mean(r)


def came(theta, g, state, t, lr=2e-4, betas=(0.9, 0.999, 0.9999), eps=(1e-30, 1e-16), clip_threshold=1.0,
         weight_decay=0.0):
    """Luo et al., arXiv:2307.02047, as in github.com/yangluo7/CAME."""
    square = g**2 + eps[0]
    if 1 in theta.shape:
        v = state["v"] = betas[1] * state.get("v", 0.0) + (1 - betas[1]) * square
    else:
        v = factored(state, "v", betas[1], square)
    update = g / np.sqrt(v)
    update = update / max(1.0, float(np.mean(update**2)) ** 0.5 / clip_threshold)
    m = state["m"] = betas[0] * state.get("m", 0.0) + (1 - betas[0]) * update
    if 1 not in theta.shape:
        m = m / np.sqrt(factored(state, "instability", betas[2], (update - m) ** 2 + eps[1]))
    return theta * (1 - lr * weight_decay) - lr * m


def trust_ratio(theta, update, eps=0.0):
    """One where either norm is zero, as in google-deepmind/optax, optax/_src/transform.py, scale_by_trust_ratio."""
    norms = np.linalg.norm(theta), np.linalg.norm(update)
    return norms[0] / (norms[1] + eps) if min(norms) > 0 else 1.0


def lamb(theta, g, state, t, lr=0.001, betas=(0.9, 0.999), eps=1e-6, weight_decay=0.0):
    """You et al., arXiv:1904.00962, Algorithm 2, with the identity for phi."""
    m = state["m"] = betas[0] * state.get("m", 0.0) + (1 - betas[0]) * g
    v = state["v"] = betas[1] * state.get("v", 0.0) + (1 - betas[1]) * g**2
    update = m / (1 - betas[0] ** t) / (np.sqrt(v / (1 - betas[1] ** t)) + eps) + weight_decay * theta
    return theta - lr * trust_ratio(theta, update) * update


def lars(theta, g, state, t, lr=0.001, momentum=0.9, trust_coefficient=0.001, eps=0.0, weight_decay=0.0,
         nesterov=False):
    """You, Gitman, Ginsburg, arXiv:1708.03888, in optax's order: the rate is inside the momentum."""
    g = g + weight_decay * theta
    scaled = lr * trust_coefficient * trust_ratio(theta, g, eps) * g
    buffer = state["buffer"] = momentum * state.get("buffer", 0.0) + scaled
    return theta - (scaled + momentum * buffer if nesterov else buffer)


def sophia(theta, g, state, t, lr=1e-4, betas=(0.965, 0.99), gamma=0.01, eps=1e-12, weight_decay=0.1, period=10,
           clip=1.0):
    """Liu et al., arXiv:2305.14342, Algorithm 3, with a threshold for the clipping. The estimate of the curvature, at
    steps 1, period + 1, 2 period + 1, ..., is here the square of the step's gradient."""
    m = state["m"] = betas[0] * state.get("m", 0.0) + (1 - betas[0]) * g
    if (t - 1) % period == 0:
        state["h"] = betas[1] * state.get("h", 0.0) + (1 - betas[1]) * g**2
    update = np.clip(m / np.maximum(gamma * state["h"], eps), -clip, clip)
    return theta * (1 - lr * weight_decay) - lr * update


def schedule_free(y, d, state, t, lr, beta, weight_decay, warmup_steps, weight_power, learning_rate_power):
    """Defazio et al., arXiv:2405.15682, as in github.com/facebookresearch/schedule_free: y is where gradients are
    taken, z takes the steps, and x, the average of z, is here y + (1 - 1 / beta) (z - y)."""
    z = state.get("z", y)
    x = y + (1 - 1 / beta) * (z - y)
    rate = lr * min(1.0, t / max(warmup_steps, 1))  # rises, so that it is the largest so far
    weight = t**weight_power * rate**learning_rate_power
    total = state["total"] = state.get("total", 0.0) + weight
    z = state["z"] = z - rate * (d + weight_decay * y)
    x = x + weight / total * (z - x)
    return (1 - beta) * z + beta * x


def schedule_free_sgd(y, g, state, t, lr=1.0, momentum=0.9, weight_decay=0.0, warmup_steps=0, weight_power=0.0,
                      learning_rate_power=2.0):
    return schedule_free(y, g, state, t, lr, momentum, weight_decay, warmup_steps, weight_power, learning_rate_power)


def schedule_free_adamw(y, g, state, t, lr=0.0025, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0, warmup_steps=0,
                        weight_power=0.0, learning_rate_power=2.0):
    v = state["v"] = betas[1] * state.get("v", 0.0) + (1 - betas[1]) * g**2
    d = g / (np.sqrt(v / (1 - betas[1] ** t)) + eps)
    return schedule_free(y, d, state, t, lr, betas[0], weight_decay, warmup_steps, weight_power, learning_rate_power)


class Prodigy:
    """Mishchenko and Defazio, arXiv:2306.06101, as in github.com/konstmish/prodigy. d estimates the distance from the
    start to the solution; its sums run over all leaves."""

    def __init__(self, params, lr=1.0, betas=(0.9, 0.999), beta3=None, eps=1e-8, weight_decay=0.0, d0=1e-6, d_coef=1.0,
                 growth_rate=float("inf"), use_bias_correction=False, safeguard_warmup=False):
        self.lr, self.betas, self.eps, self.weight_decay, self.d0 = lr, betas, eps, weight_decay, d0
        self.beta3 = betas[1] ** 0.5 if beta3 is None else beta3
        self.d_coef, self.growth_rate = d_coef, growth_rate
        self.use_bias_correction, self.safeguard_warmup = use_bias_correction, safeguard_warmup
        self.t, self.d, self.d_max, self.numerator = 0, d0, d0, 0.0
        self.leaves = [(p, p.numpy().copy(), *(0.0 * p.numpy() for _ in "mvs")) for p in params]

    def step(self):
        self.t += 1
        beta1, beta2 = self.betas
        d = self.d
        corrected = (1 - beta2**self.t) ** 0.5 / (1 - beta1**self.t) if self.use_bias_correction else 1.0
        rate = d * self.lr * corrected
        weight = d / self.d0 * (d if self.safeguard_warmup else rate)
        self.numerator *= self.beta3
        for p, start, m, v, s in self.leaves:
            g = p.grad.numpy()
            self.numerator += d / self.d0 * rate * np.sum(g * (start - p.numpy()))
            m += (1 - beta1) * (d * g - m)
            v += (1 - beta2) * (d**2 * g**2 - v)
            s *= self.beta3
            s += weight * g
        estimate = self.d_coef * self.numerator / sum(np.sum(np.abs(s)) for *_, s in self.leaves)
        self.d_max = max(self.d_max, estimate)
        self.d = min(self.d_max, (max(d, estimate) if d == self.d0 else d) * self.growth_rate)
        for p, start, m, v, s in self.leaves:
            update = m / (np.sqrt(v) + self.d * self.eps)
            p.data.copy_(torch.from_numpy(p.numpy() * (1 - self.weight_decay * rate) - rate * update))
