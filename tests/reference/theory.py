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


def wilson():
    """Wilson et al., arXiv:1705.08292, section 3.3, 11 samples of class 1 and 4 of class -1: the weights of
    least norm on the features that samples share, and those that adaptive methods find."""
    y = np.array([1] * 11 + [-1] * 4)
    x = np.zeros((15, 3 + 5 * 15))
    x[:, 0], x[:, 1:3] = y, 1
    for i in range(15):
        x[i, 3 + 5 * i:3 + 5 * i + (1 if y[i] == 1 else 5)] = 1
    signs = np.sign(x.T @ y)
    assert np.array_equal(x @ signs, 4 * y)
    print("least norm", np.linalg.lstsq(x, y, rcond=None)[0][:3].tolist())
    print("signs", signs[:3] / 4)


def transposed_back(rows, cols):
    """The shape that comes out of a listing in print, which asks the transposed matrix whether it was tall."""
    x = np.ones((rows, cols))
    if x.shape[0] > x.shape[1]:
        x = x.T
    if x.shape[0] > x.shape[1]:
        x = x.T
    return x.shape


if __name__ == "__main__":
    gaps()
    wilson()
    print("a 2 x 1 matrix comes back as", transposed_back(2, 1))
    print("Adam", list(reddi(False)))
    print("AMSGrad", list(reddi(True)))
