# SPDX-License-Identifier: MIT
"""Prints the numbers that theory_test.cpp expects: python tests/reference/theory.py. Needs NumPy."""
import numpy as np


def gaps():
    """f - f* of gradient descent and of Nesterov's method on the worst quadratic, n = 201, L = 1, from 0."""
    n = 201
    a = (2 * np.eye(n) - np.eye(n, k=1) - np.eye(n, k=-1)) / 4
    b = np.eye(n)[0] / 4
    best = np.linalg.solve(a, b)

    def gap(x):
        return (x - best) @ a @ (x - best) / 2

    descent, now, before = np.zeros(n), np.zeros(n), np.zeros(n)
    print("squared distance", float(best @ best))
    for t in range(1, 101):
        descent = descent - (a @ descent - b)
        y = now + (t - 1) / (t + 2) * (now - before)
        now, before = y - (a @ y - b), now
        if t in (1, 2, 10, 100):
            print(t, float(gap(descent)), float(gap(now)))


def reddi(amsgrad, steps=6):
    """Reddi, Kale & Kumar, arXiv:1904.09237: Adam without bias correction, or AMSGrad, C = 4, alpha = 1/2."""
    x, v, largest, beta2 = 1.0, 0.0, 0.0, 1 / 17
    for t in range(1, steps + 1):
        g = 4.0 if t % 3 == 1 else -1.0
        v = beta2 * v + (1 - beta2) * g * g
        largest = max(largest, v) if amsgrad else v
        x = min(1.0, max(-1.0, x - 0.5 / np.sqrt(t) * g / np.sqrt(largest)))
        yield float(x)


if __name__ == "__main__":
    gaps()
    print("Adam", list(reddi(False)))
    print("AMSGrad", list(reddi(True)))
