# SPDX-License-Identifier: MIT
"""The numbers of the test "noise has the bits of the reference", from the description of the generator.

Python's floats are IEEE 754 doubles and nothing here is rounded twice, so the bits must agree. A second column
has the same number with Python's logarithm, to show that the series is one.
"""
import math

MASK = (1 << 64) - 1


def split_mix(key, n):
    x = (key + (n + 1) * 0x9E3779B97F4A7C15) & MASK
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9 & MASK
    x = (x ^ (x >> 27)) * 0x94D049BB133111EB & MASK
    return x ^ (x >> 31)


def signed(half):
    return half - (1 << 32) if half >> 31 else half


def normal(key):
    n = 0
    while True:
        bits = split_mix(key, n)
        n += 1
        x, y = signed(bits >> 32), signed(bits & 0xFFFFFFFF)
        square = x * x + y * y
        if 0 < square < 1 << 62:
            break
    r2 = float(square)
    m, exponent = math.frexp(r2)
    if m < 0.70710678118654752:
        m, exponent = 2 * m, exponent - 1
    s = (m - 1) / (m + 1)
    fraction = 13.0
    for k in range(6, 0, -1):
        fraction = (2 * k - 1) - k * k * (s * s) / fraction
    ln2 = 0.69314718055994531
    log2 = (exponent - 62) + s / fraction / (ln2 / 2)
    return x * math.sqrt(-2 * ln2 * log2 / r2), x * math.sqrt(-2 * math.log(square / 2.0**62) / r2)


if __name__ == "__main__":
    key = split_mix(split_mix(0, 2024), 7)
    for col in range(2):
        for row in range(3):
            z, check = normal(split_mix(split_mix(key, row), col))
            assert abs(z - check) <= 1e-12 * abs(check)
            print(f"      {z.hex()},")
