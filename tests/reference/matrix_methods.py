# SPDX-License-Identifier: MIT
"""Transcriptions of the published recurrences for matrices: Muon and its kin, Scion, Dion, Shampoo, SOAP.
peers.py compares them with other packages."""
import inspect

import numpy as np
import torch
from torch.optim import _muon


def muon_in_own_precision():
    """Replaces the bfloat16 conversion inside torch.optim.Muon; a copy, as the original conversion makes one."""
    source = inspect.getsource(_muon._zeropower_via_newtonschulz)
    assert source.count("grad.bfloat16()") == 1, "torch.optim.Muon has changed: look at its precision again"
    exec(source.replace("grad.bfloat16()", "grad.clone()"), _muon.__dict__)


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


def polar_express(u, eps):
    """Amsel et al., arXiv:2505.16932, with the table and the factor 1.02 that github.com/KellerJordan/modded-nanogpt
    and github.com/microsoft/dion use; to the norm the first adds 1e-6, the second 1e-8."""
    return newton_schulz(u, POLAR_EXPRESS, 1.02, eps)


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
    update = polar_express(buffer, 1e-8)
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
    decay by the scaled learning rate. Its guards max(v, 1e-10) and max(norm, 1e-10) are idle in these runs."""
    m = state["m"] = momentum * state.get("m", 0.0) + (1 - momentum) * g
    update = polar_express((1 - momentum) * g + momentum * m, 1e-6)
    rows, columns = theta.shape
    mean = np.mean(update**2, axis=1 if rows >= columns else 0, keepdims=True)
    v = state["v"] = beta2 * state.get("v", 0.0) + (1 - beta2) * mean
    assert v.min() > 1e-10
    scaled = update / np.sqrt(v)
    update = scaled * np.linalg.norm(update) / np.linalg.norm(scaled)
    scaled_lr = lr * max(1.0, rows / columns) ** 0.5
    return cautious_decay(theta, update, scaled_lr * weight_decay) - scaled_lr * update


def adamuon(theta, g, state, t, lr=0.02, momentum=0.95, beta2=0.999, eps=1e-8, nesterov=True, weight_decay=0.01):
    """github.com/Chongjie-Si/AdaMuon, adamuon.py (arXiv:2507.11005, first version)."""
    m = state["m"] = momentum * state.get("m", 0.0) + (1 - momentum) * g
    update = newton_schulz((1 - momentum) * g + momentum * m if nesterov else m)
    v = state["v"] = beta2 * state.get("v", 0.0) + (1 - beta2) * update**2
    update = update / (np.sqrt(v / (1 - beta2**t)) + eps)
    update = update * min(theta.shape) ** 0.5 / (np.linalg.norm(update) + eps)
    return theta * (1 - lr * weight_decay) - lr * 0.2 * max(theta.shape) ** 0.5 * update


def polar_grad(theta, g, state, t, lr=0.02, momentum=0.95, weight_decay=0.0):
    """github.com/timlautk/polargrad (arXiv:2505.21799): the polar factor of the momentum times its nuclear norm, which
    is their inner product."""
    m = state["m"] = momentum * state.get("m", 0.0) + (1 - momentum) * g
    polar = newton_schulz(m, [(2.0, -1.5, 0.5)] * 12)
    return theta * (1 - lr * weight_decay) - lr * np.sum(m * polar) * polar


def dyn_muon(theta, g, state, t, exponent, lr=0.02, momentum=0.95, weight_decay=0.0):
    """github.com/fzwark/DynMuon (arXiv:2605.17109), as in modded-nanogpt's track 3, with the exponent of every step."""
    buffer = state["buffer"] = momentum * state.get("buffer", 0.0) + g
    u = g + momentum * buffer
    size = np.linalg.norm(u) + 1e-7
    x = u / size if u.shape[0] <= u.shape[1] else u.T / size
    p = exponent(t)
    e = x @ x.T - np.eye(len(x))
    polar = newton_schulz(x, [(2.0, -1.5, 0.5)] * 12, eps=0.0)
    power = (polar + p / 2 * e @ polar + p / 4 * (p / 2 - 1) * e @ e @ polar) * size**p
    power = power if u.shape[0] <= u.shape[1] else power.T
    return theta * (1 - lr * weight_decay) - lr * max(1.0, theta.shape[0] / theta.shape[1]) ** 0.5 * power


def muon_squared(theta, g, state, t, lr=0.1, momentum=0.95, beta2=0.95, eps=1e-10, weight_decay=0.0):
    """Muon^2, arXiv:2604.09967, as in record 7 of github.com/KellerJordan/modded-nanogpt, records/track_3_optimization,
    with Keller Jordan's five steps."""
    v = state["v"] = beta2 * state.get("v", 0.0) + (1 - beta2) * g**2
    b = state["b"] = momentum * state.get("b", 0.0) + (1 - momentum) * g
    u = newton_schulz(((1 - momentum) * g + momentum * b) / (np.sqrt(v) + eps))
    return theta * (1 - lr * weight_decay) - lr * max(1.0, theta.shape[0] / theta.shape[1]) ** 0.5 * u


def row_muon(theta, g, state, t, lr=0.02, momentum=0.95, eps=1e-10, weight_decay=0.0):
    """MuonEq, arXiv:2603.28254: rows of equal length go into Newton-Schulz, as long together as they were."""
    b = state["b"] = momentum * state.get("b", 0.0) + (1 - momentum) * g
    u = (1 - momentum) * g + momentum * b
    equal = u / (np.sqrt(np.mean(u**2, axis=1, keepdims=True)) + eps)
    u = newton_schulz(equal * np.linalg.norm(u) / (np.linalg.norm(equal) + eps))
    return theta * (1 - lr * weight_decay) - lr * max(1.0, theta.shape[0] / theta.shape[1]) ** 0.5 * u


def muown(theta, g, state, t, lr=0.001, momentum=0.95, betas=(0.9, 0.95), eps=1e-8, weight_decay=0.0):
    """NVIDIA's Emerging-Optimizers, Muown (arXiv:2605.10797), with twelve steps and the scale 0.2 sqrt(max)."""
    if t == 1:
        state["norms"] = state["lengths"] = np.maximum(np.linalg.norm(theta, axis=1, keepdims=True), 1e-12)
    norms = state["norms"]
    unit = theta / norms
    d = np.sum(g * unit, axis=1, keepdims=True)
    of_v = norms / state["lengths"] * (g - d * unit)
    b = state["b"] = momentum * state.get("b", 0.0) + (1 - momentum) * of_v
    v = unit * state["lengths"] - lr * 0.2 * max(theta.shape) ** 0.5 * newton_schulz(b, [(2.0, -1.5, 0.5)] * 12)
    m = state["m"] = betas[0] * state.get("m", 0.0) + (1 - betas[0]) * d
    w = state["w"] = betas[1] * state.get("w", 0.0) + (1 - betas[1]) * d**2
    norms = norms - lr * m / (1 - betas[0] ** t) / (np.sqrt(w / (1 - betas[1] ** t)) + eps)
    state["norms"], state["lengths"] = norms * (1 - lr * weight_decay), np.linalg.norm(v, axis=1, keepdims=True)
    return state["norms"] * v / state["lengths"]


def falling_exponent(t, steps=100):
    """From 1/4 to -1/4, most of it about a twenty-fifth of the run."""
    return -0.25 + 0.5 / (1 + np.exp((t / steps - 0.04) / 0.04))


def steepest_descent(theta, g, state, t, lmo, lr=0.001):
    """Bernstein and Newhouse, arXiv:2409.20325: the step of the dual norm's length. lmo(g) is the matrix of norm 1 that
    has the largest inner product with g, which is the dual norm."""
    direction = lmo(g)
    return theta - lr * np.sum(g * direction) * direction


def scion(theta, g, state, t, lmo, lr=0.001, momentum=0.1, scale=1.0, unconstrained=False):
    """Pethick et al., arXiv:2502.07529 (code: github.com/LIONS-EPFL/scion, scion.py), with their names: momentum is
    the weight of the new gradient. The 1e-8 that they add to norms of rows, columns and biases is left out."""
    m = state["m"] = (1 - momentum) * state.get("m", 0.0) + momentum * g
    return (theta if unconstrained else theta * (1 - lr)) - lr * scale * lmo(m)


def frobenius(g):
    return g / np.linalg.norm(g)


def columns(g):
    return g / np.linalg.norm(g, axis=0)


def rows(g):
    return g / np.linalg.norm(g, axis=1, keepdims=True)


def bias_rms(g):
    return g.size**0.5 * frobenius(g)


def embedding(g):
    """Tokens x dimensions: what scion.py calls ColNorm with transpose=True."""
    return g.shape[1] ** 0.5 * rows(g)


def sign_of_output(g):
    return np.sign(g) / g.shape[1]


def spectral_of_input(g):
    return max(1.0, g.shape[0] / g.shape[1]) ** 0.5 * newton_schulz(g)


def spectral_of_hidden(g):
    return (g.shape[0] / g.shape[1]) ** 0.5 * newton_schulz(g)


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


def dion2(theta, g, state, t, lr=0.01, mu=0.95, fraction=0.25, weight_decay=0.01, polar=None, beta2=None, eps=1e-8):
    """github.com/microsoft/dion, dion/dion2.py (arXiv:2512.16928) for whole matrices: slices along the shorter side.
    With beta2 it is dion/nordion2.py: rows, and the variance of those that are chosen."""
    m = state["m"] = state.get("m", 0.0) + g
    axis = 0 if beta2 is not None or g.shape[0] <= g.shape[1] else 1
    number = g.shape[axis]
    chosen = np.argsort(-np.sum(np.abs(m), axis=1 - axis), kind="stable")[: int(np.ceil(fraction * number))]
    at = (chosen, slice(None)) if axis == 0 else (slice(None), chosen)
    update = (polar or polar_express)(m[at], 1e-8)
    m[at] *= mu
    if beta2 is not None:
        v = state.setdefault("v", np.zeros((number, 1)))
        v[chosen] = beta2 * v[chosen] + (1 - beta2) * np.mean(update**2, axis=1, keepdims=True)
        normed = update / (np.sqrt(v[chosen]) + eps)
        update = normed * np.linalg.norm(update) / (np.linalg.norm(normed) + eps)
    theta = theta * (1 - lr * weight_decay)
    theta[at] -= lr * (theta.shape[0] / theta.shape[1]) ** 0.5 * update
    return theta


def by_jordan(u, eps):
    return newton_schulz(u)


def power_iteration_norm(a):
    """The spectral norm as gradus::PSGDKron estimates it: four steps from the column of largest norm."""
    norms = np.linalg.norm(a, axis=0)
    x, norm = a[:, np.argmax(norms)], norms.max()
    for _ in range(4):
        x = a @ (x / norm)
        norm = np.linalg.norm(x)
    return norm


def psgd_kron(theta, g, state, t, lr=1e-3, momentum=0.9, weight_decay=0.0, rate=0.1, beta=0.9, damping=1e-9, period=1,
              max_dimension=10000, max_skew=1.0, clip_rms=2.0, clip=10.0):
    """github.com/lixilinx/psgd_torch, psgd.py, KronWhiten with dQ="QUAD" (arXiv:2402.11858) on one tensor, with three
    things that are random there replaced: the noise in the gradient by its expectation (damping is its standard
    deviation; the part that is relative to the gradient's rounding is left out), the norm by power iteration, and the
    balance of the factors, which changes no product, is left out. The decay is decoupled."""
    sides = [s for s in (0, 1) if g.shape[s] > 1] or [0]
    if t == 1:
        scale = (np.mean(g**4) + damping**4) ** (-1 / 8)
        state["q"] = {s: scale ** (1 / len(sides)) * np.eye(g.shape[s]) for s in sides}
        state["bound"] = {s: 0.0 for s in sides}
    diagonal = {s: g.shape[s] <= 1 or g.shape[s] > max_dimension or g.shape[s] ** 2 > max_skew * g.size for s in sides}
    q, squares = state["q"], {s: state["q"][s] @ state["q"][s] for s in sides}

    def whiten(x):
        return squares.get(0, np.eye(g.shape[0])) @ x @ squares.get(1, np.eye(g.shape[1]))

    if (t - 1) % period == 0:
        w = whiten(g)
        for s in sides:
            n, size = g.shape[s], g.size / g.shape[s]
            others = [np.sum(squares[o] ** 2) for o in sides if o != s]
            term = (w @ w.T if s == 0 else w.T @ w) + damping**2 * np.prod(others) * squares[s] @ squares[s]
            term = np.diag(np.diag(term)) if diagonal[s] else term
            curvature = (np.max(np.diag(term)) if diagonal[s] else power_iteration_norm(term)) + size
            state["bound"][s] = max(beta * state["bound"][s] + (1 - beta) * curvature, curvature)
            half = rate / 2 / state["bound"][s]
            p = q[s] - half * (term @ q[s] - size * q[s])
            p = p - half * (p @ term - p * size)
            q[s] = (p + p.T) / 2
        squares = {s: q[s] @ q[s] for s in sides}
    kept = min((t - 1) / t, momentum)
    m = state["m"] = kept * state.get("m", 0.0) + (1 - kept) * g
    u = whiten(m)
    u = u * min(1.0, clip_rms / np.sqrt(np.mean(u**2)))
    return theta * (1 - lr * weight_decay) - lr * np.clip(u, -clip, clip)


def graft(direction, size):
    norm = np.linalg.norm(direction)
    return direction * (size / norm) if norm > 0 else direction


def shampoo(theta, g, state, t, lr=0.01, beta1=0.0, beta2=1.0, eps=1e-4, period=1, grafting="none", block_size=1024,
            weight_decay=0.0):
    """Gupta, Koren, Singer, arXiv:1802.09568, Algorithm 1, except that eps is added where the root is taken. Averages
    instead of sums (beta2 < 1, bias-corrected), the average of the gradient (beta1, not corrected), the norms taken
    from another method and the blocks are those of github.com/facebookresearch/optimizers (arXiv:2309.06497), but
    roots are renewed at steps 1, period + 1, 2 period + 1, ..."""
    m = state["m"] = beta1 * state.get("m", 0.0) + (1 - beta1) * g
    accumulated = state["sum"] = state.get("sum", 0.0) + g**2
    sizes = {"none": None, "sgd": m, "adagrad": m / (np.sqrt(accumulated) + 1e-8)}[grafting]
    direction = np.empty_like(g)
    for block in np.ndindex(*(-(-n // block_size) for n in g.shape)):
        at = tuple(slice(b * block_size, (b + 1) * block_size) for b in block)
        for side, new in ("left", g[at] @ g[at].T), ("right", g[at].T @ g[at]):
            old = state.get((side, block), 0.0)
            state[side, block] = old + new if beta2 == 1 else beta2 * old + (1 - beta2) * new
            if (t - 1) % period == 0:
                w, q = np.linalg.eigh(state[side, block] / (1.0 if beta2 == 1 else 1 - beta2**t))
                state[side, "root", block] = (q * (np.maximum(w, 0) + eps) ** -0.25) @ q.T
        direction[at] = state["left", "root", block] @ m[at] @ state["right", "root", block]
        if sizes is not None:
            direction[at] = graft(direction[at], np.linalg.norm(sizes[at]))
    return theta * (1 - lr * weight_decay) - lr * direction


def polar_by_twelve_steps(u):
    """Modded-nanogpt's track 3: p(x) = 2x - 1.5x^3 + 0.5x^5 on u divided by its Schatten-4 norm."""
    scaled = u / max(np.linalg.norm(u @ u.T) ** 0.5, 1e-7)
    size = np.linalg.norm(scaled)
    return newton_schulz(scaled, [(2 * size, -1.5 * size**3, 0.5 * size**5)] + [(2.0, -1.5, 0.5)] * 11, eps=0.0)


def soap_muon(theta, g, state, t, lr=0.02, momentum=0.95, beta2=0.9, shampoo_beta=None, eps=1e-8, weight_decay=0.0,
              nesterov=True, period=1, one_sided=False, record=None):
    """The scripts inside the logs of github.com/KellerJordan/modded-nanogpt, records/track_3_optimization: all of the
    bases after the step. record is None, or the axis of the floor in the records: a radial brake, the floor 0.3825
    of the matrix ("matrix", number 44) or of each row ("rows", number 46, which also has the cautious decay), and
    the radius to first order."""
    shampoo_beta = beta2 if shampoo_beta is None else shampoo_beta
    b = state["b"] = momentum * state.get("b", 0.0) + (1 - momentum) * g
    u = (1 - momentum) * g + momentum * b if nesterov else b
    first, shorter = t == 1, int(g.shape[0] > g.shape[1])
    sides = [s for s in ([shorter] if one_sided else [0, 1]) if 1 not in g.shape]
    if first:
        state["bases"], state["factors"] = [np.eye(n) for n in g.shape], [np.zeros((n, n)) for n in g.shape]
    else:
        left, right = state["bases"]
        p = left.T @ u @ right
        v = state["v"] = beta2 * state.get("v", 0.0) + (1 - beta2) * p**2
        u = left @ (p / np.sqrt(np.maximum(v, eps**2))) @ right.T
    u = polar_by_twelve_steps(u) * max(1.0, theta.shape[0] / theta.shape[1]) ** 0.5
    if record is None:
        moved = theta * (1 - lr * weight_decay) - lr * u
    else:
        size = np.linalg.norm(theta)
        c = np.sum(u * theta) / size**2
        if c < 0:
            u = u - 0.5 * c * theta
        axis = 1 if record == "rows" and 1 not in g.shape else None
        ratio = np.linalg.norm(u, axis=axis, keepdims=True) / np.linalg.norm(theta, axis=axis, keepdims=True)
        u = u * np.maximum(0.3825 / ratio, 1)
        radius = size - lr * np.sum(u * theta) / size
        moved = theta - lr * u
        moved = moved * radius / np.linalg.norm(moved)
        moved = moved - lr * weight_decay * moved * (u * theta > 0)
    for s in sides:
        a = state["factors"][s]
        a += (1 - shampoo_beta) * ((g @ g.T if s == 0 else g.T @ g) - a)
        if first:
            state["bases"][s] = np.linalg.eigh(a)[1][:, ::-1]
        elif (t - 1) % period == 0:
            order = np.argsort(-np.diag(state["bases"][s].T @ a @ state["bases"][s]))
            state["v"] = np.take(state["v"], order, axis=s)
            state["bases"][s] = np.linalg.qr(a @ state["bases"][s][:, order])[0]
    return moved


def soap(theta, g, state, t, lr=0.003, betas=(0.95, 0.95), shampoo_beta=None, eps=1e-8, weight_decay=0.01, period=10,
         max_dimension=10000, one_sided=False):
    """github.com/nikhilvyas/SOAP, soap.py (arXiv:2409.11321): the first step only makes the bases, the second moment
    is permuted but not rotated, decay comes last. Vectors are not rotated; one_sided rotates the shorter side."""
    shampoo_beta = betas[1] if shampoo_beta is None else shampoo_beta
    first, shorter = t == 1, int(g.shape[0] > g.shape[1])
    rotated = [s for s in ([shorter] if one_sided else [0, 1]) if 1 not in g.shape and g.shape[s] <= max_dimension]
    if first:
        state["bases"] = [np.eye(n, dtype=g.dtype) for n in g.shape]
        state["factors"] = [np.zeros((n, n), dtype=g.dtype) for n in g.shape]
    else:
        k = t - 1
        left, right = state["bases"]
        turned = left.T @ g @ right
        m = betas[0] * (left.T @ state.get("m", 0 * g) @ right) + (1 - betas[0]) * turned
        v = state["v"] = betas[1] * state.get("v", 0.0) + (1 - betas[1]) * turned**2
        state["m"] = left @ m @ right.T
        update = left @ (m / (np.sqrt(v) + eps)) @ right.T
        theta = theta - lr * (1 - betas[1] ** k) ** 0.5 / (1 - betas[0] ** k) * update
        theta = theta - lr * weight_decay * theta
    for s in rotated:
        a = state["factors"][s]
        a += (1 - shampoo_beta) * ((g @ g.T if s == 0 else g.T @ g) - a)
        if first:
            state["bases"][s] = np.linalg.eigh(a)[1][:, ::-1]
        elif k % period == 0:
            order = np.argsort(-np.diag(state["bases"][s].T @ a @ state["bases"][s]))
            state["v"] = np.take(state["v"], order, axis=s)
            state["bases"][s] = np.linalg.qr(a @ state["bases"][s][:, order])[0]
    return theta


def kl_soap(theta, g, state, t, lr=1e-4, betas=(0.9, 0.98), shampoo_beta=None, eps=1e-8, weight_decay=0.01, period=10,
            max_dimension=10000, one_sided=False):
    """github.com/yorkerlin/KL-Methods, optim/kl_opt.py (arXiv:2509.03378) with using_klsoap, where both sides are
    rotated; a side that is not is taken for whitened already, and so is a vector."""
    shampoo_beta = betas[1] if shampoo_beta is None else shampoo_beta
    shorter = int(g.shape[0] > g.shape[1])
    rotated = [s for s in ([shorter] if one_sided else [0, 1]) if 1 not in g.shape and g.shape[s] <= max_dimension]
    if t == 1:
        state["bases"] = [np.eye(n) for n in g.shape]
        state["values"] = [np.full(n, 0.1) if s in rotated else np.ones(n) for s, n in enumerate(g.shape)]
        state["factors"] = [(1 - shampoo_beta) * g @ g.T / g.shape[1], (1 - shampoo_beta) * g.T @ g / g.shape[0]]
        for s in rotated:
            state["bases"][s] = np.linalg.eigh(state["factors"][s])[1][:, ::-1]
        return theta
    left, right = state["bases"]
    of_left, of_right = state["values"]
    turned = left.T @ g @ right
    m = betas[0] * (left.T @ state.get("m", 0 * g) @ right) + (1 - betas[0]) * turned
    v = state["v"] = betas[1] * state.get("v", 0.0) + (1 - betas[1]) * turned**2
    state["m"] = left @ m @ right.T
    theta = theta - lr * left @ (m / (np.sqrt(v) + eps)) @ right.T
    whitened = [g @ right / of_right @ right.T @ g.T / g.shape[1], g.T @ left / of_left @ left.T @ g / g.shape[0]]
    squares = [np.mean(turned**2 / of_right, axis=1), np.mean(turned**2 / of_left[:, None], axis=0)]
    for s in rotated:
        n = g.shape[s]
        state["factors"][s] = shampoo_beta * state["factors"][s] + (1 - shampoo_beta) * whitened[s]
        values = shampoo_beta * state["values"][s] + (1 - shampoo_beta) * squares[s]
        state["values"][s] = np.maximum(values, max(10, min(n, 4000)) ** -2.0)
        if (t - 1) % period == 0:
            state["bases"][s] = np.linalg.qr(state["factors"][s] @ state["bases"][s])[0]
    return theta * (1 - lr * weight_decay)
