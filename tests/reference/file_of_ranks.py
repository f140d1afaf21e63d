# SPDX-License-Identifier: MIT
"""Reads the file that several ranks have written, see tests/distributed/files.cpp, and compares it with the same three
steps of Muon (Keller Jordan's, without decay) and AdamW in float64: names, types, shapes and values.

    python tests/reference/file_of_ranks.py FILE

The exit status is 1 if something differs, and 77 if a package is missing.
"""
import sys

try:
    import numpy as np
    from safetensors import safe_open

    from matrix_methods import muon_keller
except ImportError as missing:
    print(f"skipped: {missing}")
    sys.exit(77)

SHAPES, MUONS = [(40, 12), (24, 12), (13, 17), (150, 1)], (1, 2)
RATE, BETA1, BETA2 = 0.02, 0.9, 0.999


def expected():
    tensors = {}
    for leaf, shape in enumerate(SHAPES):
        i, j = np.indices(shape)
        theta, state, m, v = np.sin(1 + 1.3 * leaf + 0.7 * i + 0.4 * j), {}, 0.0, 0.0
        for t in range(1, 4):
            g = 0.6 * theta + np.cos(0.5 * t + i + 2 * leaf) + 0.3 * np.sin(t * (j + 1))
            if leaf in MUONS:
                theta = muon_keller(theta, g, state, t, RATE)
                continue
            m, v = BETA1 * m + (1 - BETA1) * g, BETA2 * v + (1 - BETA2) * g**2
            step = m / (1 - BETA1**t) / (np.sqrt(v / (1 - BETA2**t)) + 1e-8)
            theta = (1 - 0.01 * RATE) * theta - RATE * step
        its = {"0.Average.b": state["m"]} if leaf in MUONS else {"1.m": m, "1.v": v}
        tensors |= {f"{leaf}": theta} | {f"state.{field}.{leaf}": value for field, value in its.items()}
    tensors |= {f"state.{part}.t": np.int64(3) for part in (0, 1)}
    return tensors | {"state.0.Average.momentum_power": np.float64(0.95**3), "state.1.beta1_power": np.float64(BETA1**3),
                      "state.1.beta2_power": np.float64(BETA2**3)}


def main():
    wrong = []
    with safe_open(sys.argv[1], "np") as file:
        tensors = expected()
        if file.metadata().get("note") != "of three steps":
            wrong.append("the metadata")
        if set(file.keys()) != tensors.keys():
            sys.exit(f"different names: {set(file.keys()) ^ tensors.keys()}")
        for name, value in tensors.items():
            found = file.get_tensor(name)
            dtype = np.float32 if value.shape else value.dtype
            if found.dtype != dtype or found.shape != value.shape or not np.allclose(found, value, rtol=1e-4, atol=1e-6):
                wrong.append(f"{name}: {found.dtype} {found.shape}")
    if wrong:
        sys.exit("different: " + ", ".join(wrong))


if __name__ == "__main__":
    main()
