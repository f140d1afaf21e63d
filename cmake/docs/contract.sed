# SPDX-License-Identifier: MIT
# Makes of a header what Doxygen reads. No line is added, so that its messages name the true lines.

# What stands above #pragma once is about the file.
1,/^#pragma once/ {
  s|^// SPDX.*|/// \\file|
  s|^//( .*)?$|///\1|
}

# What we tell Eigen is not public.
/^struct Eigen::internal::/,/^};/ s|.*||

# A comment behind several names is about each of them.
:split
s#^( +|.*; )([A-Za-z_:]+(<[^<>]*>)?) ([a-z_0-9]+( = [^,;]+)?), ([a-z][^;]*;) +///< (.*)$#\1/** \7 */ \2 \4; \2 \6 ///< \7#
t split

# What every optimizer, wrapper, schedule, test function and policy of products has is documented here, once for
# all: see Optimizer and Schedule in concepts.hpp, TestFunction in objectives/facts.hpp, MatrixProducts in
# orthogonalize/products.hpp.
s|^  struct State |  /** What `init` makes and `step` changes: a value to copy, compare and save. `visit` names its fields. */&|
s|^ +void visit\(Visitor&& visitor\)|/** Calls `visitor(name, field)` for every field. */&|
s|^  O inner;|  /** The optimizer that is wrapped. */&|
s|^    state_of<O, Tree> inner;|/** The state of the optimizer that is wrapped. */&|
s|^  double operator\(\)\(std::int64_t|  /** The value at step t. */&|
s|^  static constexpr std::string_view name |  /** What it is called. */&|
s|^  static constexpr std::string_view source |  /** Who published it, where and when. */&|
s|^  static constexpr int dimension |  /** How many variables it takes; `Eigen::Dynamic` where that is free. */&|
s|^  static Domain domain\(|  /** The customary box. */&|
s|^  static Eigen::VectorXd start\(|  /** The customary start, or a point of the box away from the minimisers. */&|
s|^  static std::vector<Eigen::VectorXd> minimisers\(|  /** All known global minimisers; none where they are unknown. */&|
s|^  static std::optional<double> minimum\(|  /** The value at the minimisers. */&|
s|^  [A-Za-z:]*Scalar(<[A-Z]>)? operator\(\)\(const [A-Za-z]+& [a-z]+\) const|  /** The value. */&|
s|^  [A-Za-z:]*Scalar(<[A-Z]>)? operator\(\)\(const [A-Za-z]+& [a-z]+, G&& gradient\) const|  /** The value; writes the gradient. */&|
s|^  [A-Za-z:]*Scalar(<[A-Z]>)? operator\(\)\(const [A-Za-z]+& [a-z]+, G&& gradient, std::span<const Index> batch\)|  /** Both, as means over the batch. */&|
s|^  static std::size_t scratch\(Index|  /** Bytes of workspace that a matrix of this shape needs. */&|
s|^  static void gram\(MatrixMap|  /** a ← x xᵀ */&|
s|^  static void commuting\(MatrixMap|  /** c ← scale · a b + keep · d, where a and b commute and all are symmetric. */&|
s|^  static void apply\(MatrixMap|  /** y ← b x + keep · x, where b is symmetric. */&|
