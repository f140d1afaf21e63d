// SPDX-License-Identifier: MIT
//
// Optimizers whose state takes three bytes for a number instead of four.
#pragma once

#include <array>
#include <gradus/concepts.hpp>
#include <gradus/core/state.hpp>
#include <gradus/precision/formats.hpp>
#include <gradus/precision/widened.hpp>

namespace GRADUS_NAMESPACE {

/// What a float has lost in bfloat16, in units of 2⁻⁸ of its last place. A scalar to be stored, as `Rest16`.
struct Rest8 {
  using Stored = std::int8_t;  ///< What it is in a file.
  Stored units = 0;            ///< −2⁷ to 2⁷ − 1

  /// Nothing lost.
  Rest8() = default;
  /// So many units.
  explicit Rest8(int count) : units(static_cast<std::int8_t>(count)) {}
  bool operator==(const Rest8&) const = default;  ///< Whether both are the same.
};

}  // namespace GRADUS_NAMESPACE

namespace Eigen {
/// `Rest8` as a scalar.
template <>
struct NumTraits<gradus::Rest8> : NumTraits<gradus::Rest16> {
  using Real = gradus::Rest8;
  using NonInteger = gradus::Rest8;
  using Nested = gradus::Rest8;
  using Literal = gradus::Rest8;
};
}  // namespace Eigen

namespace GRADUS_NAMESPACE {

namespace detail {

// A float rounded to bfloat16, and eight bits of what is left: a relative error of 2⁻¹⁶ at most.
struct CorrectedFormat {
  // Bytes apart from wider numbers: loops over both become shorter packets, which are slow to join.
  template <int Size>
  static void load(const Eigen::bfloat16* narrow, const Rest8* rest, float* values) {
    std::array<std::int32_t, Size> units;
    for (std::size_t k = 0; k < Size; ++k) units[k] = rest[k].units;
    for (std::size_t k = 0; k < Size; ++k) {
      const std::uint32_t high = Eigen::numext::bit_cast<std::uint16_t>(narrow[k]);
      values[k] = float_of((high << 16) + static_cast<std::uint32_t>(units[k]) * 256);
    }
  }
  template <int Size>
  static void store(const float* values, Eigen::bfloat16* narrow, Rest8* rest) {
    std::array<std::int32_t, Size> units;
    for (std::size_t k = 0; k < Size; ++k) {
      const std::uint32_t bits = bits_of(values[k]), nearest = (bits + 128) >> 8;
      const std::uint32_t kept = nearest - ((nearest & 0x7fffff) == 0x7f8000 ? 1 : 0);  // not infinity
      const std::uint32_t high = (kept + 128) >> 8;
      const bool finite = is_finite_bits(bits);
      narrow[k] = bfloat16_of(finite ? high : high_of_nonfinite(bits));
      units[k] = finite ? static_cast<std::int32_t>(kept - (high << 8)) : 0;
    }
    for (std::size_t k = 0; k < Size; ++k) rest[k].units = static_cast<std::int8_t>(units[k]);
  }
};

// A leaf of a state, in this format. `Plain` is the matrix of floats that it stands for.
template <class Plain>
class CorrectedLeaf {
 public:
  static constexpr bool is_widened = true;
  using Scalar = float;

  const auto& underlying() const { return narrow_; }
  Index rows() const { return narrow_.rows(); }
  Index cols() const { return narrow_.cols(); }
  Index size() const { return narrow_.size(); }

  // Named as in Eigen, whose matrices are filled by the same code.
  // NOLINTBEGIN(readability-identifier-naming)
  void setZero() { narrow_.setZero(), rest_.setZero(); }
  void setConstant(Index rows, Index cols, float value) {
    narrow_.resize(rows, cols), rest_.resize(rows, cols);
    for (Index i = 0; i < size(); ++i) CorrectedFormat::store<1>(&value, &narrow_(i), &rest_(i));
  }
  // NOLINTEND(readability-identifier-naming)

  // What it consists of, for files and for counting bytes.
  template <class F>
  void for_each_part(const F& f) const {
    f("", narrow_), f("rest", rest_);
  }

  template <bool RowMajor>
  auto strip() {
    return WidenedLeaf<CorrectedFormat, Narrow, Rest&>{narrow_, rest_}.template strip<RowMajor>();
  }
  template <bool RowMajor>
  auto strip() const {
    return WidenedLeaf<CorrectedFormat, const Narrow, const Rest&>{narrow_, rest_}.template strip<RowMajor>();
  }

 private:
  using Narrow = typename WithScalar<Plain, Eigen::bfloat16>::type;
  using Rest = typename WithScalar<Plain, Rest8>::type;
  Narrow narrow_;
  Rest rest_;
};

// The leaf of a state whose numbers are float.
struct SmallLeaf {
  template <class L, class Plain = typename StateLeaf::template type<L>>
  using type = std::conditional_t<std::is_same_v<typename Plain::Scalar, float>, CorrectedLeaf<Plain>, Plain>;
};

// Parameters as they are shown to `init`: trees of the state that are like them are of small leaves.
template <class Tree>
struct WantsSmallState {
  static constexpr bool is_widened = true, is_walked_through = true;
  Tree& params;

  Tree& underlying() const { return params; }
};

// Calls `f` with the parameters so shown; with those that a route lets be seen only these.
template <class P, class F>
auto with_small_state(const P& params, const F& f) {
  if constexpr (is_subset<P>) {
    return detail::with_small_state(params.tree, [&](const auto& tree) {
      return f(Subset<std::remove_reference_t<decltype(tree)>>{tree, params.choice, params.wanted});
    });
  } else {
    return f(WantsSmallState<const P>{params});
  }
}

template <class Tree, class LeafMap>
struct Rebind<WantsSmallState<Tree>, LeafMap> {
  using type = rebind<Tree, LeafMap>;
};
template <class Tree>
struct Rebind<WantsSmallState<Tree>, OwnLeaf> {
  using type = WantsSmallState<like<Tree>>;
};
template <class Tree>
struct Rebind<WantsSmallState<Tree>, StateLeaf> {
  using type = rebind<Tree, SmallLeaf>;
};

}  // namespace detail

/// An optimizer with a small state. Made by `small_state`.
template <class O>
struct SmallState {
  O inner;
  GRADUS_FIELDS(SmallState, inner)

  template <class Tree>
  struct State {
    state_of<O, detail::WantsSmallState<Tree>> inner;
    GRADUS_STATE(inner)
  };

  /// There is nothing to refuse here: the inner optimizer validates its own fields.
  void validate() const {}

  /// Makes the state for `params`. Throws `std::invalid_argument` for what the inner optimizer refuses.
  template <class P>
  State<like<P>> init(const P& params) const {
    gradus::require_parameters(name(), params);
    return detail::with_small_state(params,
                                    [&](const auto& shown) { return State<like<P>>{inner.init(shown)}; });
  }

  /// Throws what the inner optimizer would refuse, and changes nothing.
  template <class P, class G, class Tree>
  void check(P&& params, const G& grads, const State<Tree>& state) const {
    gradus::check_step(inner, params, grads, state.inner);
  }

  /// One step. Throws what `check` throws, before anything is changed.
  template <class P, class G, class Tree>
  void step(P&& params, const G& grads, State<Tree>& state) const {
    inner.step(params, grads, state.inner);
  }

  /// The inner optimizer's solution.
  template <class P, class Tree>
  requires HasSolution<O, P, state_of<O, detail::WantsSmallState<Tree>>>
  decltype(auto) solution(const P& params, const State<Tree>& state) const {
    return inner.solution(params, state.inner);
  }
};

/// The optimizer with every average in its state, such as Adam's m and v, kept as bfloat16 and an 8-bit
/// correction (as the weights of FlashOptim, arXiv:2602.23349): 3 bytes a number instead of 4, with a
/// relative error of 2⁻¹⁶, and no pass over memory more. Points that a state keeps, such as Lookahead's slow
/// weights, matrices of methods that see whole matrices, and state in double stay as they are.
///
///     auto optimizer = small_state(AdamW{});
///
/// In a checkpoint such a tree is two: "state.inner.m.w" in bfloat16 and "state.inner.m.w.rest".
template <class O>
SmallState<O> small_state(O optimizer) {
  return {std::move(optimizer)};
}

}  // namespace GRADUS_NAMESPACE
