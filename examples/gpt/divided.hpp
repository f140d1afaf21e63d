// SPDX-License-Identifier: MIT
//
// What several processes of MPI need: optimizers that are divided among them, and their means and maxima. A
// program without MPI does not include it.
#pragma once

#include <gradus/distributed/mpi.hpp>

#include "choices.hpp"
#include "team.hpp"
#if GPT_CAN_SAVE
#include <gradus/distributed/checkpoint.hpp>
#endif

namespace gpt {

/// Each process has a part of the state and of the work, or all of it for an optimizer that looks at all
/// leaves. Files are those of one process.
struct Divided {
  gradus::mpi::Communicator* ranks;  ///< outlives the optimizers

  template <class Optimizer>
  auto operator()(const Optimizer& optimizer) const {
    if constexpr (gradus::scope_of<Optimizer>() == gradus::Scope::tree) {
      return optimizer;
    } else {
      return gradus::mpi::sharded(optimizer, *ranks);
    }
  }
#if GPT_CAN_SAVE
  template <class... Run>
  void save(const std::string& path, const Run&... run) const {
    gradus::mpi::save(*ranks, path, run...);
  }
  template <class... Run>
  Metadata load(const std::string& path, Run&... run) const {
    return gradus::mpi::load(*ranks, path, run...).metadata;
  }
#endif
};

/// `average` must outlive the team.
inline Team team_of(gradus::mpi::Communicator& ranks, gradus::mpi::GradientAverage<Model<float>>& average) {
  return {.rank = ranks.rank(),
          .size = ranks.size(),
          .average =
              [&](Model<float>& gradient) {
                average.add(gradient);
                gradient = average.wait();
              },
          .mean = [&](double number) { return gradus::mpi::average(ranks, number); },
          .largest =
              [&](Matrix<float>& numbers) {
                ranks.check(MPI_Allreduce(MPI_IN_PLACE, numbers.data(), static_cast<int>(numbers.size()),
                                          MPI_FLOAT, MPI_MAX, ranks.get()),
                            "MPI_Allreduce");
              }};
}

extern template struct Choices<Divided, float>;  // compiled in divided_float.cpp

}  // namespace gpt
