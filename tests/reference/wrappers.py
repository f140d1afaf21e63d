# SPDX-License-Identifier: MIT
"""Reference trajectories of the wrappers for the tests: PyTorch's optimizers and averages in float64, and
transcriptions of what PyTorch lacks.

    python tests/reference/wrappers.py           rewrites tests/data/wrappers.txt
    python tests/reference/wrappers.py --check   compares a fresh run with it, exit status 1 if they differ

Problems: "tree" is that of generate.py with two leaves, (4, 3) and (3, 1); "given" starts at (1, -2, 0.5) with the
gradients (cos t, sin 2t + 0.5, 0.1 t) whatever theta is; "valley" is f = (x^2 + 10 y^2)/2 from (1, 1).
File: a comment, then lines `case problem step n v1 ... vn`, leaf after leaf, each leaf row by row, 17 digits.
Versions are pinned in requirements.txt.
"""
import argparse
import pathlib
import sys

import numpy as np
import torch
from torch import optim
from torch.optim import swa_utils

RECORDED = [1, 2, 3, 5, 10, 20, 40]
OUTPUT = pathlib.Path(__file__).resolve().parent.parent / "data" / "wrappers.txt"
TOLERANCE = 1e-13


def tree_start():
    return [np.array([[np.sin(1 + 1.3 * l + 0.7 * i + 0.4 * j) for j in range(cols)] for i in range(rows)])
            for l, (rows, cols) in enumerate([(4, 3), (3, 1)])]


def tree_gradient(theta, l, t):
    i, j = np.indices(theta.shape)
    return 0.6 * theta + np.cos(0.5 * t + i + 2 * l) + 0.3 * np.sin(t * (j + 1))


PROBLEMS = {
    "tree": (tree_start, tree_gradient),
    "given": (lambda: [np.array([[1.0], [-2.0], [0.5]])],
              lambda theta, l, t: np.array([[np.cos(t)], [np.sin(2 * t) + 0.5], [0.1 * t]])),
    "valley": (lambda: [np.array([[1.0], [1.0]])], lambda theta, l, t: np.array([[1.0], [10.0]]) * theta),
}


class Model(torch.nn.Module):
    def __init__(self, problem):
        super().__init__()
        start, self.gradient = PROBLEMS[problem]
        self.leaves = torch.nn.ParameterList(torch.nn.Parameter(torch.from_numpy(leaf)) for leaf in start())

    def values(self):
        return [leaf.detach().numpy() for leaf in self.leaves]

    def set(self, values):
        for leaf, value in zip(self.leaves, values, strict=True):
            leaf.data.copy_(torch.from_numpy(value))

    def differentiate(self, t):
        for l, leaf in enumerate(self.leaves):
            leaf.grad = torch.from_numpy(self.gradient(leaf.detach().numpy(), l, t))


def copies(values):
    return [value.copy() for value in values]


# Every case is a generator that takes one step for each `next` and yields the values to record.
def plain_steps(model, optimizer):
    t = 0
    while True:
        t += 1
        model.differentiate(t)
        optimizer.step()
        yield t


def lookahead(model, make, k, alpha):
    """Zhang et al., arXiv:1907.08610, Algorithm 1, keeping the inner optimizer's state."""
    slow = copies(model.values())
    for t in plain_steps(model, make(model.parameters())):
        if t % k == 0:
            slow = [s + alpha * (f - s) for s, f in zip(slow, model.values(), strict=True)]
            model.set(slow)
        yield model.values()


def averaged(model, make, average, start, period=1):
    """PyTorch's own averages, of the points after step `start` and every `period`-th from there."""
    average = swa_utils.AveragedModel(model, multi_avg_fn=average)
    if start == 0:
        average.update_parameters(model)
    for t in plain_steps(model, make(model.parameters())):
        if t >= start and (t - start) % period == 0:
            average.update_parameters(model)
        yield (average.module if average.n_averaged > 0 and t >= start else model).values()


def mean_in_float64(averages, values, count):
    """PyTorch's own, which divides in float32 when it is given the count as a tensor."""
    swa_utils.get_swa_multi_avg_fn()(averages, values, int(count))


def unbiased(model, make, decay):
    """The exponential average from zero, divided by the sum of its weights; the start is its first point."""
    total, weight = [(1 - decay) * value for value in model.values()], 1 - decay
    for _ in plain_steps(model, make(model.parameters())):
        total = [decay * s + (1 - decay) * value for s, value in zip(total, model.values(), strict=True)]
        weight = decay * weight + 1 - decay
        yield [s / weight for s in total]


def accumulate(model, make, k):
    """The mean of k gradients, which is what PyTorch's loops get from a loss divided by k."""
    optimizer, sums, t = make(model.parameters()), None, 0
    while True:
        t += 1
        model.differentiate(t)
        grads = [leaf.grad.clone() for leaf in model.leaves]
        sums = grads if sums is None else [s + g for s, g in zip(sums, grads, strict=True)]
        if t % k == 0:
            for leaf, s in zip(model.leaves, sums, strict=True):
                leaf.grad = s / k
            optimizer.step()
            sums = None
        yield model.values()


def sharpness_aware(model, make, rho, adaptive=False):
    """Foret et al., arXiv:2010.01412, and adaptive the form of Kwon et al., arXiv:2102.11600, without its eta."""
    optimizer, t = make(model.parameters()), 0
    while True:
        t += 1
        model.differentiate(t)
        theta = copies(model.values())
        scale = [np.abs(p) if adaptive else np.ones_like(p) for p in theta]
        g = [leaf.grad.numpy().copy() for leaf in model.leaves]
        norm = np.sqrt(sum(np.sum((s * x) ** 2) for s, x in zip(scale, g, strict=True)))
        model.set([p + rho * s**2 * x / (norm + 1e-12) for p, s, x in zip(theta, scale, g, strict=True)])
        model.differentiate(t)
        model.set(theta)
        optimizer.step()
        yield model.values()


def cautious_adam(model, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    """Liang et al., arXiv:2411.16085; the mask and its scale as in the authors' code, leaf by leaf."""
    theta, t = copies(model.values()), 0
    m, v = [np.zeros_like(p) for p in theta], [np.zeros_like(p) for p in theta]
    while True:
        t += 1
        for l, p in enumerate(theta):
            g = model.gradient(p, l, t)
            m[l] = beta1 * m[l] + (1 - beta1) * g
            v[l] = beta2 * v[l] + (1 - beta2) * g**2
            u = m[l] / (1 - beta1**t) / (np.sqrt(v[l] / (1 - beta2**t)) + eps)
            mask = u * g > 0
            p -= lr * u * mask / max(mask.mean(), 1e-3)
        yield theta


def adamc(model, peak, weight_decay, last=60, beta1=0.9, beta2=0.999, eps=1e-8):
    """AdamW with the corrected decay of Defazio, arXiv:2506.02285, Algorithm 2, along a line from the peak to zero."""
    theta, t = copies(model.values()), 0
    m, v = [np.zeros_like(p) for p in theta], [np.zeros_like(p) for p in theta]
    while True:
        rate = peak * (1 - t / last)
        t += 1
        for l, p in enumerate(theta):
            g = model.gradient(p, l, t)
            m[l] = beta1 * m[l] + (1 - beta1) * g
            v[l] = beta2 * v[l] + (1 - beta2) * g**2
            u = m[l] / (1 - beta1**t) / (np.sqrt(v[l] / (1 - beta2**t)) + eps)
            p -= rate * u + rate**2 / peak * weight_decay * p
        yield theta


def own_steps(model, beta1, beta2, move, eps=1e-8):
    """Adam's direction u, or with no beta2 the average of the gradient, in a loop of its own: `move(theta, u)` is
    where a leaf goes."""
    theta, t = copies(model.values()), 0
    m, v = [np.zeros_like(p) for p in theta], [np.zeros_like(p) for p in theta]
    while True:
        t += 1
        for l, p in enumerate(theta):
            g = model.gradient(p, l, t)
            m[l] = beta1 * m[l] + (1 - beta1) * g
            u = m[l]
            if beta2 is not None:
                v[l] = beta2 * v[l] + (1 - beta2) * g**2
                u = m[l] / (1 - beta1**t) / (np.sqrt(v[l] / (1 - beta2**t)) + eps)
            theta[l] = move(p, u)
        yield theta


def on_sphere(lr):
    """The hyperball of modded-nanogpt's track 3, with the norm of the moment."""
    def move(p, u):
        radius = np.linalg.norm(p)
        moved = p - lr * radius * u / max(np.linalg.norm(u), 1e-10)
        return moved * radius / max(np.linalg.norm(moved), 1e-10)
    return move


def floored(lr, floor, axis=None):
    """The u/w floor of modded-nanogpt's track 3, and with an axis its row floor."""
    def move(p, u):
        one = None if p.shape[1] == 1 else axis
        ratio = np.linalg.norm(u, axis=one, keepdims=True) / np.linalg.norm(p, axis=one, keepdims=True)
        return p - lr * u * np.maximum(floor / ratio, 1)
    return move


def braked(lr, outward):
    """The radial brake of modded-nanogpt's track 3."""
    def move(p, u):
        radial = np.sum(u * p) / np.sum(p * p) * p
        return p - lr * (u - radial + outward * radial if np.sum(u * p) < 0 else u)
    return move


def ema_nesterov(model, make, betas, gamma):
    """arXiv:2605.25395, as in modded-nanogpt's track 3: the beta of step t is betas(t)."""
    optimizer, t = make(model.parameters()), 0
    theta = copies(model.values())
    d = [np.zeros_like(p) for p in theta]
    while True:
        t += 1
        model.set([p + betas(t) * e for p, e in zip(theta, d, strict=True)])
        model.differentiate(t)
        optimizer.step()
        d = [gamma * e + (1 - gamma) * (q - p) for e, p, q in zip(d, theta, model.values(), strict=True)]
        theta = copies(model.values())
        yield theta


def diloco(model, make, lr, momentum, k):
    """Douillard et al., arXiv:2311.08105, with one worker and PyTorch's SGD as the outer optimizer."""
    outer_params = [torch.nn.Parameter(leaf.detach().clone()) for leaf in model.leaves]
    outer = optim.SGD(outer_params, lr=lr, momentum=momentum, nesterov=True)
    for t in plain_steps(model, make(model.parameters())):
        if t % k == 0:
            for x, leaf in zip(outer_params, model.leaves, strict=True):
                x.grad = x.detach() - leaf.detach()
            outer.step()
            model.set(copies([x.detach().numpy() for x in outer_params]))
        yield model.values()


def tail(model, make, start, length, share):
    """The tail average of modded-nanogpt's track 3."""
    e = None
    for t in plain_steps(model, make(model.parameters())):
        theta = copies(model.values())
        if t >= start:
            e = theta if e is None else [a + (p - a) / length for a, p in zip(e, theta, strict=True)]
        yield theta if e is None else [(1 - share) * p + share * a for p, a in zip(theta, e, strict=True)]


def sgd(params):
    return optim.SGD(params, lr=0.1)


def adam(params):
    return optim.Adam(params, lr=0.1)


CASES = {
    "lookahead_sgd given": lambda m: lookahead(m, sgd, 2, 0.5),
    "lookahead_adam tree": lambda m: lookahead(m, adam, 5, 0.8),
    "exponential_sgd given": lambda m: averaged(m, sgd, swa_utils.get_ema_multi_avg_fn(0.9), 0),
    "exponential_adam tree": lambda m: averaged(m, adam, swa_utils.get_ema_multi_avg_fn(0.95), 3),
    "swa_adam tree": lambda m: averaged(m, adam, mean_in_float64, 4, 3),
    "polyak_adam tree": lambda m: averaged(m, adam, mean_in_float64, 0),
    "unbiased_adam tree": lambda m: unbiased(m, adam, 0.9),
    "accumulate_adam tree": lambda m: accumulate(m, adam, 3),
    "sam_sgd valley": lambda m: sharpness_aware(m, lambda params: optim.SGD(params, lr=0.05), 0.05),
    "sam_adam tree": lambda m: sharpness_aware(m, adam, 0.5),
    "asam_adam tree": lambda m: sharpness_aware(m, adam, 0.5, adaptive=True),
    "cautious_adam tree": lambda m: cautious_adam(m, 0.1),
    "adamc tree": lambda m: adamc(m, 0.1, 0.5),
    "hyperball_adam given": lambda m: own_steps(m, 0.9, 0.95, on_sphere(0.1)),
    "hyperball_adam tree": lambda m: own_steps(m, 0.9, 0.999, on_sphere(0.05)),
    "floor_momentum tree": lambda m: own_steps(m, 0.9, None, floored(0.1, 0.35)),
    "row_floor_momentum tree": lambda m: own_steps(m, 0.9, None, floored(0.1, 0.35, axis=1)),
    "column_floor_momentum tree": lambda m: own_steps(m, 0.9, None, floored(0.1, 0.35, axis=0)),
    "brake_adam tree": lambda m: own_steps(m, 0.9, 0.999, braked(0.1, 0.5)),
    "ema_nesterov_sgd given": lambda m: ema_nesterov(m, sgd, lambda t: 0.3 if t > 2 else 0, 0.9),
    "ema_nesterov_adam tree": lambda m: ema_nesterov(m, adam, lambda t: 0.5, 0.8),
    "diloco_sgd given": lambda m: diloco(m, sgd, 0.7, 0.5, 3),
    "diloco_adam tree": lambda m: diloco(m, adam, 0.7, 0.9, 4),
    "tail_adam tree": lambda m: tail(m, adam, 4, 5, 0.6),
}


def generate():
    lines = [f"# tests/reference/wrappers.py with torch {torch.__version__}, numpy {np.__version__}"]
    for case, start in CASES.items():
        steps = start(Model(case.split()[1]))
        for step in range(1, RECORDED[-1] + 1):
            values = np.concatenate([value.ravel() for value in next(steps)])
            if step in RECORDED:
                lines.append(f"{case} {step} {values.size} " + " ".join(f"{value:.17g}" for value in values))
    return lines


def numbers(lines):
    return [(line.split()[:4], np.array(line.split()[4:], float)) for line in lines[1:]]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--check", action="store_true", help="compare instead of writing")
    fresh = generate()
    if not parser.parse_args().check:
        OUTPUT.write_text("\n".join(fresh) + "\n")
        return 0
    stored = OUTPUT.read_text().splitlines()
    same = len(stored) == len(fresh) and all(
        a == b and np.allclose(x, y, rtol=TOLERANCE, atol=TOLERANCE)
        for (a, x), (b, y) in zip(numbers(stored), numbers(fresh), strict=True))
    print("equal" if same else f"{OUTPUT} differs from a fresh run")
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main())
