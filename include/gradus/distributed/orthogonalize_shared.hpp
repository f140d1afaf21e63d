// SPDX-License-Identifier: MIT
//
// The polar factor of a matrix that is too large for one rank.
// not in the umbrella: it needs MPI 3.1 or later (Debian: libopenmpi-dev)
#pragma once

#include <gradus/distributed/agree.hpp>
#include <gradus/distributed/pairwise_mean.hpp>
#include <gradus/orthogonalize/orthogonalize.hpp>

namespace GRADUS_NAMESPACE::mpi {

/// Adds `count` numbers over all ranks, in place, in the order of `pairwise_mean`: the same bits on all. A
/// rank receives 2 · count · (P − 1)/P numbers.
template <class Number>
void sum(Communicator& ranks, Number* numbers, Index count) {
  const auto p = static_cast<std::size_t>(ranks.size()), me = static_cast<std::size_t>(ranks.rank());
  constexpr Index most = (Index{1} << 28) / static_cast<Index>(sizeof(Number));
  std::vector<int> lengths, at(p + 1);
  std::vector<Number> received;
  for (Index begin = 0; begin < count; begin += most) {
    const Index here = std::min(most, count - begin);
    const auto share_begin = [&](std::size_t q) {
      return here * static_cast<Index>(q) / static_cast<Index>(p);
    };
    for (std::size_t q = 0; q <= p; ++q)
      at[q] = static_cast<int>(share_begin(q)) * static_cast<int>(sizeof(Number));
    const Index mine = share_begin(me + 1) - share_begin(me);
    received.resize(static_cast<std::size_t>(mine) * p);
    auto* const bytes = reinterpret_cast<std::byte*>(numbers + begin);
    MPI_Request request =
        ranks.start_exchange(bytes, at, reinterpret_cast<std::byte*>(received.data()), lengths);
    ranks.wait(request);
    mpi::pairwise_mean(received.data(), mine, ranks.size(), 1.0, numbers + begin + share_begin(me));
    request = ranks.start_gather(bytes, at, lengths);
    ranks.wait(request);
  }
}

/// Replaces this rank's columns of a matrix by those of its polar factor, as `method` approximates it; the
/// matrix, the columns of all ranks side by side, has at least as many columns as rows. For matrices whose
/// step on one rank would take longer than all the others together: of the floating-point operations those
/// that grow with the columns are divided, those on the Gram matrix are repeated.
///
///     gradus::mpi::orthogonalize_columns(ranks, columns);
///
/// One sum of a number and of the Gram matrix over the ranks, and one of the Gram matrix for every restart
/// (five steps in float have one, in double none), whatever the number of columns. All ranks get the same
/// Gram matrix, to the bit; because it is added in parts, the result differs from one process's by rounding.
/// A rank may have no columns. For a tall matrix give its rows, transposed. Throws `RankError`, on all ranks,
/// where they have different numbers of rows, and for bad fields.
template <class Scalar, class Method = NewtonSchulz>
void orthogonalize_columns(Communicator& ranks, Eigen::MatrixX<Scalar>& columns, const Method& method = {}) {
  const auto rows = static_cast<std::uint64_t>(columns.rows());
  std::uint64_t all = 0;
  for (const Index each : ranks.gather(columns.cols())) all += static_cast<std::uint64_t>(each);
  const auto [most, least] = ranks.largest(std::array{rows, ~rows});
  mpi::agree(ranks, [&, most = most, least = least] {
    if (most != ~least)
      throw std::invalid_argument("orthogonalize_columns: ranks have different numbers of rows");
    if (all < rows) {
      throw std::invalid_argument(
          "orthogonalize_columns: the matrix has more rows than columns: give its rows, "
          "transposed, as columns");
    }
    method.validate("orthogonalize_columns");
  });
  Workspace workspace;
  workspace.reset(method.template scratch_of_columns<Scalar>(columns.rows(), columns.cols()));
  method.of_columns(
      MatrixMap<Scalar>(columns.data(), columns.rows(), columns.cols()),
      [&](auto* numbers, Index count) { mpi::sum(ranks, numbers, count); }, workspace);
}

}  // namespace GRADUS_NAMESPACE::mpi
