# SPDX-License-Identifier: MIT
"""Prints the batches that finite_sums_test.cpp expects: python tests/reference/batches.py

The 64-bit Mersenne Twister (Nishimura & Matsumoto 2004: n = 312, m = 156, r = 31) and the shuffle of Fisher and
Yates, written from their definitions.
"""
MASK = (1 << 64) - 1


class MersenneTwister64:
    def __init__(self, seed):
        self.x, self.i = [seed & MASK], 312
        for i in range(1, 312):
            before = self.x[-1]
            self.x.append((6364136223846793005 * (before ^ before >> 62) + i) & MASK)

    def __call__(self):
        if self.i == 312:
            self.i = 0
            for i in range(312):
                upper, lower = self.x[i] >> 31 << 31, self.x[(i + 1) % 312] & (1 << 31) - 1
                y = upper | lower
                self.x[i] = self.x[(i + 156) % 312] ^ y >> 1 ^ (0xB5026F5AA96619E9 if y & 1 else 0)
        y = self.x[self.i]
        self.i += 1
        y ^= y >> 29 & 0x5555555555555555
        y ^= y << 17 & 0x71D67FFFEDA60000
        y ^= y << 37 & 0xFFF7EEE000000000 & MASK
        return y ^ y >> 43


def batches(n, size, seed, epochs):
    random, order = MersenneTwister64(seed), list(range(n))
    for _ in range(epochs):
        for i in range(n - 1, 0, -1):
            j = random() % (i + 1)
            order[i], order[j] = order[j], order[i]
        for first in range(0, n, size):
            yield order[first:first + size]


if __name__ == "__main__":
    random = MersenneTwister64(5489)
    for _ in range(10000):
        last = random()
    assert last == 9981545732273789042, "the C++ standard says so of std::mt19937_64 [rand.predef]"
    for batch in batches(n=7, size=3, seed=42, epochs=2):
        print(batch)
