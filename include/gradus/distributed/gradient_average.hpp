// SPDX-License-Identifier: MIT
//
// Data parallel training: the mean of the gradients of all ranks.
// not in the umbrella: it needs MPI 3.1 or later (Debian: libopenmpi-dev)
#pragma once

#include <gradus/distributed/buckets.hpp>
#include <gradus/distributed/compare.hpp>
#include <gradus/distributed/part.hpp>
#include <map>

namespace GRADUS_NAMESPACE::mpi {

/// The options of a `GradientAverage`.
struct AverageOptions {
  std::int64_t micro_batches = 1;  ///< gradients of each rank in a mean: a power of two, but for one rank
  std::size_t bucket_bytes = 32ULL << 20;  ///< what travels at a time; no influence on the result
};

/// The mean of the gradients that all ranks have, each of one or several micro-batches:
///
///     gradus::mpi::GradientAverage average(ranks, model);
///     ...
///     average.add(gradients);
///     optimizer.step(model, gradus::clip_by_global_norm(average.wait(), 1.0), state);
///
/// Every micro-batch counts once: one with n of all N examples of M micro-batches, where that is not the M-th
/// part, is handed over as `scale(gradient, double(n) * M / N)`. The mean has the same bits on all ranks, and
/// the bits that one process gets for the same micro-batches in the order of ranks: they are added in a fixed
/// tree, see `pairwise_mean`. Transformations, such as clipping, act on the mean, and need no communication.
///
/// No reduction of MPI is used: ranks exchange shares of the gradients, add them, and gather the means. A
/// rank receives n · (P − 1)/P numbers twice, the first time in the scalar of the gradients. Sixteen-bit
/// gradients are added in `float`, and their means are `float`; those of several micro-batches travel so,
/// too.
///
/// Leaves go in backward order, the last first, in buckets; a bucket travels as soon as all of its leaves are
/// there. `add` hands over all leaves, `ready` one, such as a backward pass that finishes them one by one.
///
/// A shape that does not fit, a leaf handed over twice or not at all, and what `fail` is told, on any of the
/// ranks, is thrown by `wait` on all of them, as a `RankError` with the message of that rank.
///
/// All ranks make one together; the communicator must outlive it. Takes memory for the gradient once, for its
/// mean once, and for two buckets; with more than one micro-batch for the gradient log₂ of their number
/// more times. A copy has the room, but no gradients.
template <class Tree>
class GradientAverage {
 public:
  using Means = state_like<Tree>;  ///< What `wait` returns.

  /// For gradients of the structure, shapes and scalars of `tree`, such as the parameters. These and the
  /// options must be the same on all ranks: else throws `RankError` that names what differs.
  template <class T>
  GradientAverage(Communicator& ranks, const T& tree, const AverageOptions& options = {})
      : ranks_(&ranks), means_(gradus::zero_state(tree)), buckets_(agreed(ranks, tree, options)) {
    gradus::walk(
        who,
        [&](const Path& path, const auto& leaf) {
          constexpr bool by_row = std::remove_cvref_t<decltype(leaf)>::IsRowMajor;
          places_.emplace(path.name(), Place{path.ordinal, leaf.rows(), leaf.cols(), by_row});
        },
        means_);
  }

  /// Hands over the gradient of one micro-batch, which may be lazy.
  template <class G>
  void add(const G& grads) {
    static_assert(gradus::detail::explain_tree<G>());
    guarded([&] {
      gradus::detail::require_same_shapes(who, means_, grads);
      gradus::walk(
          who,
          [&](const Path& path, const auto& mean, const auto& g) {
            constexpr bool by_row = std::remove_cvref_t<decltype(mean)>::IsRowMajor;
            write<by_row>(path, gradus::detail::inner_size(mean), g);
          },
          means_, grads);
    });
  }

  /// Hands over the gradient of one leaf, by its name: "layers.0.w".
  template <class L>
  void ready(std::string_view name, const L& gradient) {
    static_assert(Leaf<gradus::detail::structure_t<L>>, "gradus: `ready` takes one leaf; `add` takes a tree");
    guarded([&] {
      const auto found = places_.find(name);
      if (found == places_.end()) {
        throw std::invalid_argument(std::string(who) + ": there is no leaf '" + std::string(name) + "'");
      }
      const Place& place = found->second;
      const Path root{nullptr, who}, path{&root, name, 0, place.ordinal};
      gradus::detail::require_consistent(who, gradient);
      if (gradient.rows() != place.rows || gradient.cols() != place.cols) {
        gradus::detail::fail_shape(path, place.rows, place.cols, 0, gradient.rows(), gradient.cols());
      }
      place.by_row ? write<true>(path, place.cols, gradient) : write<false>(path, place.rows, gradient);
    });
  }

  /// Says that this rank has no gradient, and why. `wait` then throws it on all ranks:
  ///
  ///     try {
  ///       average.add(gradient_of(next_batch()));
  ///     } catch (const std::exception& error) {
  ///       average.fail(error.what());
  ///     }
  void fail(const std::string& why) {
    if (failure_.empty()) failure_ = why.empty() ? "no gradient" : why;
  }

  /// The mean of what all ranks have handed over; valid until the next `wait`. Throws `RankError`, on all
  /// ranks, where one of them has failed, and is then ready for new gradients.
  const Means& wait() {
    gradus::walk(
        who, [&](const Path& path, const auto&) { require_complete(path); }, means_);
    buckets_.finish();
    gradus::walk(
        who,
        [&](const Path& path, auto& mean) {
          using Number = typename std::remove_cvref_t<decltype(mean)>::Scalar;
          const auto* const from = reinterpret_cast<const Number*>(buckets_.mean(backward(path.ordinal)));
          std::copy_n(from, mean.size(), mean.data());
        },
        means_);
    buckets_.clear();
    mpi::agree(*ranks_, std::exchange(failure_, {}));
    return means_;
  }

  /// How many buckets there are.
  std::size_t bucket_count() const { return buckets_.bucket_count(); }

 private:
  static constexpr const char* who = "GradientAverage";

  template <class T>
  static detail::Buckets agreed(Communicator& ranks, const T& tree, const AverageOptions& options) {
    const std::int64_t count = options.micro_batches;
    mpi::agree(ranks, [&] {
      gradus::require_parameters(who, tree);
      require_at_least(who, "micro_batches", count, 1);
      require_at_least(who, "bucket_bytes", static_cast<std::int64_t>(options.bucket_bytes), 1);
      require_field(options.bucket_bytes <= most_bytes, who, "bucket_bytes",
                    static_cast<double>(options.bucket_bytes), "be at most 2^30, as MPI counts in int");
      if (ranks.size() > 1 && !std::has_single_bit(static_cast<std::uint64_t>(count))) {
        require_field(false, who, "micro_batches", static_cast<double>(count),
                      "be a power of two, the same on every rank, so that sums do not depend on the ranks");
      }
    });
    mpi::require_equal(ranks, who,
                       detail::leaves_text(tree) + "micro_batches is\t" + std::to_string(count) +
                           "\nbucket_bytes is\t" + std::to_string(options.bucket_bytes) + '\n');
    std::vector<detail::LineLeaf> leaves;
    gradus::walk(
        who,
        [&](const Path&, const auto& leaf) {
          using Scalar = typename std::remove_cvref_t<decltype(leaf)>::Scalar;
          using Added = gradus::detail::Compute<Scalar>;
          leaves.push_back({leaf.size(), count == 1 ? detail::KindOf<Scalar, Added>::kind
                                                    : detail::KindOf<Added, Added>::kind});
        },
        tree);
    std::reverse(leaves.begin(), leaves.end());
    return {ranks, std::move(leaves), count, options.bucket_bytes};
  }

  std::size_t backward(Index ordinal) const {
    return buckets_.leaf_count() - 1 - static_cast<std::size_t>(ordinal);
  }

  // What is wrong on one rank must not keep the others waiting: it is told in `wait`.
  template <class F>
  void guarded(const F& f) {
    try {
      f();
    } catch (const std::exception& error) {
      fail(error.what());
    }
  }

  void require_complete(const Path& path) {
    const std::int64_t got = buckets_.leaf(backward(path.ordinal)).gradients;
    if (got == buckets_.micro_batches()) return;
    guarded([&] {
      path.fail("was handed over " + std::to_string(got) + " times of " +
                std::to_string(buckets_.micro_batches()));
    });
  }

  // In the scalar in which the leaf travels, in the order in which it is stored: with columns, or rows, of
  // `inner` numbers.
  template <bool ByRow, class L>
  void write(const Path& path, Index inner, const L& gradient) {
    using Given = typename gradus::detail::structure_t<L>::Scalar;
    using Added = gradus::detail::Compute<Given>;
    const std::size_t i = backward(path.ordinal);
    const detail::LineLeaf& leaf = buckets_.leaf(i);
    if (leaf.gradients == buckets_.micro_batches()) {
      path.fail("was handed over more than " + std::to_string(leaf.gradients) + " times");
    }
    const auto copy = [&]<class Number>(std::type_identity<Number>) {
      buckets_.for_each_run(i, [&](Index begin, Index end, std::byte* numbers) {
        gradus::detail::copy_from_leaf<ByRow>(begin, end, inner, gradient,
                                              reinterpret_cast<Number*>(numbers));
      });
    };
    if (leaf.kind == detail::KindOf<Added, Added>::kind) {
      copy(std::type_identity<Added>{});
    } else if (leaf.kind == detail::KindOf<Given, Added>::kind) {
      copy(std::type_identity<Given>{});
    } else {
      path.fail("has a gradient of another scalar than the tree that the average was made for");
    }
    buckets_.written(i);
  }

  struct Place {
    Index ordinal, rows, cols;
    bool by_row;
  };

  static constexpr std::size_t most_bytes = std::size_t{1} << 30;

  Communicator* ranks_;
  Means means_;
  detail::Buckets buckets_;
  std::map<std::string, Place, std::less<>> places_;
  std::string failure_;
};

/// The tree's type follows from the tree.
template <class T>
GradientAverage(Communicator&, const T&) -> GradientAverage<like<T>>;
/// The same with options.
template <class T>
GradientAverage(Communicator&, const T&, const AverageOptions&) -> GradientAverage<like<T>>;

}  // namespace GRADUS_NAMESPACE::mpi
