# SPDX-License-Identifier: MIT
"""Reference trajectories for the tests: independent optimizers stepping in float64.

    python tests/reference/generate.py           rewrites tests/data/trajectories.txt
    python tests/reference/generate.py --check   compares a fresh run with it, exit status 1 if they differ

A new optimizer is one entry in CASES: a function from a list of float64 tensors to an object with a `step()`
that reads `p.grad` and changes `p`. Everything PyTorch has is PyTorch's own class; the rest is in the section
"transcriptions of the published recurrences".

torch.optim.Muon orthogonalizes in bfloat16; here PyTorch's own
function runs with that one conversion replaced by float64, all else untouched.

Problem: leaf l starts at theta[i, j] = sin(1 + 1.3 l + 0.7 i + 0.4 j), indices from 0, and the gradient at step
t = 1, 2, ... is 0.6 theta + cos(0.5 t + i + 2 l) + 0.3 sin(t (j + 1)): it depends on theta, so errors feed back.
File: a comment, then lines `case problem step n v1 ... vn`, leaf after leaf, each leaf row by row, 17 digits.
"""
import argparse
import inspect
import pathlib
import sys
from functools import partial

import numpy as np
import torch
from torch import optim
from torch.optim import _muon

PROBLEMS = {"vector": [(7, 1)], "matrix": [(5, 3)], "wide": [(3, 8)], "tree": [(4, 3), (3, 1), (2, 4), (1, 1)]}
RECORDED = [1, 2, 3, 5, 10, 20, 50, 100, 150, 200]
OUTPUT = pathlib.Path(__file__).resolve().parent.parent / "data" / "trajectories.txt"
TOLERANCE = 1e-13


def muon_in_float64():
    """Replaces the bfloat16 conversion inside torch.optim.Muon; a copy, as the original conversion makes one."""
    source = inspect.getsource(_muon._zeropower_via_newtonschulz)
    assert source.count("grad.bfloat16()") == 1, "torch.optim.Muon has changed: look at its precision again"
    exec(source.replace("grad.bfloat16()", "grad.to(torch.float64, copy=True)"), _muon.__dict__)


# Transcriptions of the published recurrences that PyTorch lacks
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


JORDAN = [(3.4445, -4.7750, 2.0315)] * 5
POLAR_EXPRESS = [(8.156554524902461, -22.48329292557795, 15.878769915207462),
                 (4.042929935166739, -2.808917465908714, 0.5000178451051316),
                 (3.8916678022926607, -2.772484153217685, 0.5060648178503393),
                 (3.285753657755655, -2.3681294933425376, 0.46449024233003106),
                 (2.3465413258596377, -1.7097828382687081, 0.42323551169305323)]


def newton_schulz(u, rows=JORDAN, safety=1.0, eps=1e-7):
    """Keller Jordan, https://kellerjordan.github.io/posts/muon/ (code: github.com/KellerJordan/Muon, muon.py),
    in float64: quintic steps on the wide orientation, Frobenius norm guarded by adding eps."""
    if u.shape[0] > u.shape[1]:
        return newton_schulz(u.T, rows, safety, eps).T
    x = u / (safety * np.linalg.norm(u) + eps)
    for a, b, c in rows:
        gram = x @ x.T
        x = a * x + (b * gram + c * gram @ gram) @ x
    return x


def polar_express(u):
    """Amsel et al., arXiv:2505.16932, with the table and the guard of the norm that
    github.com/KellerJordan/modded-nanogpt and github.com/microsoft/dion use."""
    return newton_schulz(u, POLAR_EXPRESS, 1.02, 1e-6)


def cautious_decay(theta, update, strength):
    """github.com/KellerJordan/modded-nanogpt, train_gpt.py, after arXiv:2510.12402: theta without the part that
    decays, which is nothing where update and parameter have opposite signs."""
    return theta - strength * theta * (update * theta >= 0)


def muon_keller(theta, g, state, t, lr, momentum=0.95):
    """github.com/KellerJordan/Muon, muon.py: momentum as a mean, Nesterov, scale sqrt(max(1, rows / columns))."""
    m = state["m"] = momentum * state.get("m", 0.0) + (1 - momentum) * g
    update = newton_schulz((1 - momentum) * g + momentum * m)
    return theta - lr * max(1.0, theta.shape[0] / theta.shape[1]) ** 0.5 * update


def muon_moonlight(theta, g, state, t, lr, momentum=0.95, weight_decay=0.1):
    """Liu et al., arXiv:2502.16982 (code: github.com/MoonshotAI/Moonlight, examples/toy_train.py): momentum as a
    sum, Nesterov, scale 0.2 sqrt(max(rows, columns)), decay by the unscaled learning rate."""
    buffer = state["buffer"] = momentum * state.get("buffer", 0.0) + g
    update = newton_schulz(g + momentum * buffer)
    return theta * (1 - lr * weight_decay) - lr * 0.2 * max(theta.shape) ** 0.5 * update


def muon_optax(theta, g, state, t, lr, momentum=0.95, weight_decay=0.0):
    """google-deepmind/optax, optax/contrib/_muon.py: bias-corrected as in NAdam, matrices are inputs x outputs."""
    m = state["m"] = momentum * state.get("m", 0.0) + (1 - momentum) * g
    update = momentum * m / (1 - momentum ** (t + 1)) + (1 - momentum) * g / (1 - momentum**t)
    shape = max(1.0, theta.shape[1] / theta.shape[0]) ** 0.5
    return theta - lr * (shape * newton_schulz(update, eps=1e-8) + weight_decay * theta)


def muon_dion(theta, g, state, t, lr, momentum=0.95, weight_decay=0.01, cautious=False):
    """github.com/microsoft/dion, dion/muon.py: momentum as a sum, Polar Express, scale sqrt(rows / columns)."""
    buffer = state["buffer"] = momentum * state.get("buffer", 0.0) + g
    update = polar_express(buffer)
    decayed = cautious_decay(theta, update, lr * weight_decay) if cautious else theta * (1 - lr * weight_decay)
    return decayed - lr * (theta.shape[0] / theta.shape[1]) ** 0.5 * update


def normuon(theta, g, state, t, lr=0.02, momentum=0.95, beta2=0.95, eps=1e-10, weight_decay=0.0):
    """github.com/zichongli5/NorMuon, normuon.py (arXiv:2510.05491)."""
    m = state["m"] = momentum * state.get("m", 0.0) + (1 - momentum) * g
    update = newton_schulz((1 - momentum) * g + momentum * m)
    norm = np.linalg.norm(update)
    v = state["v"] = beta2 * state.get("v", 0.0) + (1 - beta2) * np.mean(update**2, axis=1, keepdims=True)
    update = update / (np.sqrt(v) + eps)
    update = update * norm / (np.linalg.norm(update) + eps)
    return theta * (1 - lr * weight_decay) - lr * max(1.0, theta.shape[0] / theta.shape[1]) ** 0.5 * update


def normuon_speedrun(theta, g, state, t, lr, momentum=0.95, beta2=0.9, weight_decay=0.0):
    """github.com/KellerJordan/modded-nanogpt, train_gpt.py: Polar Express, the mean over the shorter side, cautious
    decay. Its guards max(v, 1e-10) and max(norm, 1e-10) are idle in these runs."""
    m = state["m"] = momentum * state.get("m", 0.0) + (1 - momentum) * g
    update = polar_express((1 - momentum) * g + momentum * m)
    rows, columns = theta.shape
    mean = np.mean(update**2, axis=1 if rows >= columns else 0, keepdims=True)
    v = state["v"] = beta2 * state.get("v", 0.0) + (1 - beta2) * mean
    assert v.min() > 1e-10
    scaled = update / np.sqrt(v)
    update = scaled * np.linalg.norm(update) / np.linalg.norm(scaled)
    return cautious_decay(theta, update, lr * weight_decay) - lr * max(1.0, rows / columns) ** 0.5 * update


def adamuon(theta, g, state, t, lr=0.02, momentum=0.95, beta2=0.999, eps=1e-8, nesterov=True, weight_decay=0.01):
    """github.com/Chongjie-Si/AdaMuon, adamuon.py (arXiv:2507.11005, first version)."""
    m = state["m"] = momentum * state.get("m", 0.0) + (1 - momentum) * g
    update = newton_schulz((1 - momentum) * g + momentum * m if nesterov else m)
    v = state["v"] = beta2 * state.get("v", 0.0) + (1 - beta2) * update**2
    update = update / (np.sqrt(v / (1 - beta2**t)) + eps)
    update = update * min(theta.shape) ** 0.5 / (np.linalg.norm(update) + eps)
    return theta * (1 - lr * weight_decay) - lr * 0.2 * max(theta.shape) ** 0.5 * update


class Dion:
    """github.com/microsoft/dion, dion/dion_simple.py (arXiv:2504.05295), with LAPACK's QR. The first Q is drawn as
    gradus::Dion draws it: std::mt19937, which NumPy seeds alike, and the method of Box and Muller."""

    def __init__(self, params, lr=0.01, mu=0.95, weight_decay=0.01, rank_fraction=1.0, eps=1e-8, seed=0):
        self.lr, self.mu, self.weight_decay, self.eps = lr, mu, weight_decay, eps
        self.leaves = []
        for l, p in enumerate(params):
            rank = int(np.ceil(rank_fraction * min(p.shape)))
            numbers = np.random.RandomState(seed + l).randint(0, 2**32, size=2 * rank * p.shape[1], dtype=np.uint64)
            uniform = (numbers + 0.5) / 2**32
            gaussian = np.sqrt(-2 * np.log(uniform[::2])) * np.cos(2 * np.pi * uniform[1::2])
            self.leaves.append((p, np.zeros(p.shape), gaussian.reshape(rank, p.shape[1]).T.copy()))

    def step(self):
        for p, m, q in self.leaves:
            theta = p.numpy()
            m += p.grad.numpy()
            basis = np.linalg.qr(m @ q)[0]
            r = m.T @ basis
            m -= (1 - self.mu) * basis @ r.T
            q[:] = r / (np.linalg.norm(r, axis=0) + self.eps)
            scaled_lr = self.lr * (theta.shape[0] / theta.shape[1]) ** 0.5
            p.data.copy_(torch.from_numpy(theta * (1 - self.lr * self.weight_decay) - scaled_lr * basis @ q.T))


AMSGRAD = {"lr": 0.1, "betas": (0.9, 0.9)}  # a short memory, so that the second moment falls below its maximum
CASES = {
    "SGD/default": optim.SGD,
    "SGD/plain": partial(optim.SGD, lr=0.1),
    "SGD/weight_decay": partial(optim.SGD, lr=0.1, weight_decay=0.05),
    "Momentum/default": partial(optim.SGD, momentum=0.9),
    "Momentum/plain": partial(optim.SGD, lr=0.05, momentum=0.9),
    "Momentum/dampening": partial(optim.SGD, lr=0.1, momentum=0.8, dampening=0.5, weight_decay=0.02),
    "Momentum/nesterov": partial(optim.SGD, lr=0.05, momentum=0.9, weight_decay=0.02, nesterov=True),
    "AdaGrad/default": optim.Adagrad,
    "AdaGrad/plain": partial(optim.Adagrad, lr=0.4, eps=1e-8),
    "AdaGrad/options": partial(optim.Adagrad, lr=0.3, lr_decay=0.05, weight_decay=0.02, eps=1e-3,
                               initial_accumulator_value=0.1),
    "RMSProp/default": optim.RMSprop,
    "RMSProp/centered": partial(optim.RMSprop, lr=0.01, alpha=0.9, eps=1e-4, centered=True),
    "RMSProp/momentum": partial(optim.RMSprop, lr=0.005, momentum=0.9),
    "RMSProp/options": partial(optim.RMSprop, alpha=0.95, eps=1e-6, weight_decay=0.02, momentum=0.8, centered=True),
    "Adam/default": optim.Adam,
    "Adam/plain": partial(optim.Adam, lr=0.1),
    "Adam/weight_decay": partial(optim.Adam, lr=0.1, weight_decay=0.1),
    "Adam/betas": partial(optim.Adam, lr=0.05, betas=(0.8, 0.95), eps=1e-4),
    "Adam/amsgrad_torch": partial(optim.Adam, amsgrad=True, **AMSGRAD),
    "Adam/amsgrad_optax": partial(Transcribed, rule=amsgrad, form="optax", **AMSGRAD),
    "Adam/amsgrad_paper": partial(Transcribed, rule=amsgrad, form="paper", weight_decay=0.1, **AMSGRAD),
    "AdamW/default": optim.AdamW,
    "AdamW/weight_decay": partial(optim.AdamW, lr=0.1, weight_decay=0.1),
    "AdamW/betas": partial(optim.AdamW, lr=0.05, betas=(0.8, 0.95), eps=1e-4, weight_decay=0.2),
    "AdamW/amsgrad_torch": partial(optim.AdamW, amsgrad=True, weight_decay=0.1, **AMSGRAD),
    "AdamW/amsgrad_optax": partial(Transcribed, rule=amsgradw, form="optax", weight_decay=0.1, **AMSGRAD),
    "AdamW/amsgrad_paper": partial(Transcribed, rule=amsgradw, form="paper", weight_decay=0.1, **AMSGRAD),
    # With larger steps Muon wanders and Newton-Schulz amplifies rounding far beyond any tolerance.
    "Muon/default": optim.Muon,
    "Muon/match_rms_adamw": partial(optim.Muon, lr=0.01, adjust_lr_fn="match_rms_adamw"),
    "Muon/no_nesterov": partial(optim.Muon, lr=0.01, weight_decay=0.0, nesterov=False),
    "Muon/options": partial(optim.Muon, lr=0.05, momentum=0.8, weight_decay=0.2, ns_steps=3,
                            ns_coefficients=(1.875, -1.25, 0.375)),
    "Muon/keller": partial(Transcribed, rule=muon_keller, lr=0.01),
    "Muon/moonlight": partial(Transcribed, rule=muon_moonlight, lr=0.01),
    "Muon/optax": partial(Transcribed, rule=muon_optax, lr=0.005, weight_decay=0.1),
    "Muon/dion": partial(Transcribed, rule=muon_dion, lr=0.001),
    "Muon/dion_cautious": partial(Transcribed, rule=muon_dion, lr=2**-10, weight_decay=0.5, cautious=True),
    "NorMuon/plain": partial(Transcribed, rule=normuon, lr=0.002),
    "NorMuon/options": partial(Transcribed, rule=normuon, lr=0.002, momentum=0.9, beta2=0.8, eps=1e-3,
                               weight_decay=0.5),
    "NorMuon/speedrun": partial(Transcribed, rule=normuon_speedrun, lr=0.002, weight_decay=0.5),
    "AdaMuon/plain": partial(Transcribed, rule=adamuon, lr=0.002),
    "AdaMuon/no_nesterov": partial(Transcribed, rule=adamuon, lr=0.002, nesterov=False, weight_decay=0.0),
    "AdaMuon/options": partial(Transcribed, rule=adamuon, lr=0.002, momentum=0.9, beta2=0.9, eps=1e-3,
                               weight_decay=0.5),
    "Dion/plain": partial(Dion, lr=0.001),
    "Dion/low_rank": partial(Dion, lr=0.002, weight_decay=0.0, rank_fraction=0.25, seed=1),
    "Dion/options": partial(Dion, lr=0.002, mu=0.8, weight_decay=0.5, rank_fraction=0.5, eps=1e-3),
}


def trajectory(make, shapes):
    """Yields (step, all coefficients) at the recorded steps."""
    grids = [np.mgrid[0.0:rows, 0.0:columns] for rows, columns in shapes]
    params = [torch.from_numpy(np.sin(1 + 1.3 * l + 0.7 * i + 0.4 * j)) for l, (i, j) in enumerate(grids)]
    optimizer = make(params)
    for t in range(1, RECORDED[-1] + 1):
        for l, (p, (i, j)) in enumerate(zip(params, grids)):
            p.grad = 0.6 * p + torch.from_numpy(np.cos(0.5 * t + i + 2 * l) + 0.3 * np.sin(t * (j + 1)))
        optimizer.step()
        if t in RECORDED:
            yield t, np.concatenate([p.numpy().ravel() for p in params])


def optax_difference(case, transformation):
    """Largest difference between a transcription above and optax itself, on the problem "tree"."""
    def rule(theta, g, state, t):
        updates, state["optax"] = transformation.update(g, state.get("optax", transformation.init(theta)), theta)
        return theta + np.asarray(updates)

    makers = CASES[case], partial(Transcribed, rule=rule)
    return max(np.abs(a - b).max() for (_, a), (_, b) in zip(*(trajectory(m, PROBLEMS["tree"]) for m in makers)))


def compare_with_optax():
    """Prints the differences from optax, which must be installed (0.2.8 was)."""
    import jax
    import optax
    jax.config.update("jax_enable_x64", True)
    amsgrad = optax.chain(optax.scale_by_amsgrad(0.9, 0.9), optax.add_decayed_weights(0.1), optax.scale(-0.1))
    muon = optax.contrib.muon(0.005, weight_decay=0.1)
    for case, transformation in ("AdamW/amsgrad_optax", amsgrad), ("Muon/optax", muon):
        print(f"{case}: largest difference {optax_difference(case, transformation):.3g}")


def main():
    parser = argparse.ArgumentParser(description="Reference trajectories for the tests.")
    parser.add_argument("--check", action="store_true", help=f"compare with the file; tolerance {TOLERANCE}")
    parser.add_argument("--optax", action="store_true", help="compare transcriptions with optax")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    muon_in_float64()
    if arguments.optax:
        compare_with_optax()
        return
    runs = {(case, problem, step): values
            for case, make in CASES.items()
            for problem, shapes in PROBLEMS.items()
            for step, values in trajectory(make, shapes)}
    assert all(np.isfinite(values).all() for values in runs.values())
    if arguments.check:
        rows = [line.split() for line in OUTPUT.read_text().splitlines()[1:]]
        stored = {(row[0], row[1], int(row[2])): np.array(row[4:], dtype=float) for row in rows}
        if stored.keys() != runs.keys():
            sys.exit(f"{OUTPUT.name} has other cases, problems or steps than this script: run it without --check")
        difference, worst = max((np.abs(runs[key] - stored[key]).max(), key) for key in runs)
        print(f"{len(runs)} lines, largest difference {difference:.3g} at {worst}")
        sys.exit(int(difference > TOLERANCE))
    lines = [f"# python tests/reference/generate.py, torch {torch.__version__}, numpy {np.__version__}"]
    lines += [" ".join([*map(str, key), str(len(v)), *(f"{x:.17g}" for x in v)]) for key, v in runs.items()]
    OUTPUT.write_text("\n".join([*lines, ""]))


if __name__ == "__main__":
    main()
