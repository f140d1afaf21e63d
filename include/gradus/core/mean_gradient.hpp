// SPDX-License-Identifier: MIT
//
// Whether a wrapper sees the mean of the gradients of all processes, or that of one.
#pragma once

#include <gradus/core/namespace.hpp>

namespace GRADUS_NAMESPACE::detail {

// Whether the optimizer, or one inside it, averages the gradients of several processes.
template <class O>
consteval bool averages_gradients() {
  if constexpr (requires { O::averages_gradients; }) {
    return O::averages_gradients;
  } else if constexpr (requires(O & optimizer) { optimizer.inner; }) {
    return detail::averages_gradients<decltype(O::inner)>();
  } else {
    return false;
  }
}

// True, or the compiler says why a wrapper that goes by the gradient cannot be around this optimizer.
template <class O>
consteval bool is_given_mean_gradient() {
  static_assert(!detail::averages_gradients<O>(),
                "gradus: this wrapper would go by the gradient of one rank alone, because "
                "mpi::data_parallel averages inside it: put data_parallel around the wrapper");
  return true;
}

}  // namespace GRADUS_NAMESPACE::detail
