// SPDX-License-Identifier: MIT
// The slider of a field: positions from 0 to 1 and the numbers that they stand for. Its ends are those that
// the optimizer accepts, as far as a reader may want to go.
function scaleOf(field) {
  const takes = (x) => field.accepted.includes(x), { value } = field;
  const logarithmic = (least, most) => ({
    to: (v) => clamp(Math.log(v / least) / Math.log(most / least), 0, 1),
    from: (p) => least * (most / least) ** p,
  });
  const linear = (least, most) => ({
    to: (v) => (v - least) / (most - least),
    from: (p) => least + p * (most - least),
  });
  if (field.kind === "integer") {
    const least = [0, 1, 2].find(takes) ?? 0, most = value ? Math.max(20, 4 * value) : 100;
    const scale = linear(least, most);
    return { to: scale.to, from: (p) => Math.round(scale.from(p)) };
  }
  if (!Number.isFinite(value) && field.kind === "number") return null;  // typed only
  if (value === 1 && !takes(2)) return linear(0, 1);
  if (field.kind === "optional" || (value >= 0.3 && value < 1) || (value === 0 && !takes(1))) {
    // Decays: 0, 0.9, 0.99, ... at equal distances.
    return { to: (v) => clamp(-Math.log10(1 - v) / 4, 0, 1), from: (p) => 1 - 10 ** (-4 * p) };
  }
  if (value === 0) {
    const positive = logarithmic(1e-6, 10);
    return { to: (v) => (v > 0 ? positive.to(v) : 0), from: (p) => (p === 0 ? 0 : positive.from(p)) };
  }
  const least = value >= 1 && !takes(0.5) ? 1 : value / 1e4;
  return logarithmic(least, takes(2) ? value * 1e4 : 1);
}

// The number at a position, with the digits that it deserves.
function valueAt(scale, position) {
  const value = scale.from(position);
  const round = (x, digits) => Number(x.toPrecision(digits));
  return value > 0.9 && value < 1 ? round(1 - round(1 - value, 2), 8) : round(value, 3);
}
