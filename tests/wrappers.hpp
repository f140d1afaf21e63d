// SPDX-License-Identifier: MIT
//
// What the tests of the wrappers share: optimizers as a user writes them, and the bytes of a state.
#pragma once

#include <gradus/gradus.hpp>

#include "problem.hpp"

namespace gradus_test {

inline const Shapes small_shapes{{4, 3}, {3, 1}};

/// A user's optimizer for every tree, with a state that has neither fields nor `visit`.
struct SignDescent {
  double learning_rate = 0.1;

  struct State {};

  template <class P>
  State init(const P&) const {
    return {};
  }
  template <class P, class G>
  void step(P&& params, const G& grads, State&) const {
    gradus::require_same_structure("SignDescent", params, grads);
    gradus::for_each_block([=, *this](auto& p, const auto& g) { p -= learning_rate * gradus::sign_of(g); },
                           params, grads);
  }
};

/// A user's optimizer for one type.
struct VectorDescent {
  double learning_rate = 0.1;

  struct State {
    std::int64_t t = 0;
  };

  State init(const Eigen::VectorXd&) const { return {}; }
  void step(Eigen::VectorXd& x, const Eigen::VectorXd& gradient, State& state) const {
    x -= learning_rate / static_cast<double>(++state.t) * gradient;
  }
};

/// A visitor that appends the fields of a const state to `bytes`, and reads those of another back from them.
struct Bytes {
  std::vector<char>& bytes;
  std::size_t at = 0;

  template <class Field>
  void operator()(std::string_view, Field& field) {
    // Trees first: Eigen's matrices have a `visit` of their own.
    if constexpr (gradus::Parameters<Field>) {
      gradus::walk(
          "Bytes",
          [&](const gradus::Path&, auto& leaf) { copy(leaf.data(), static_cast<std::size_t>(leaf.size())); },
          field);
    } else if constexpr (requires { field.visit(*this); }) {
      field.visit(*this);
    } else {
      copy(&field, 1);
    }
  }
  template <class T>
  void copy(T* data, std::size_t count) {
    const std::size_t size = count * sizeof(T);
    if constexpr (std::is_const_v<T>) {
      const auto* first = reinterpret_cast<const char*>(data);
      bytes.insert(bytes.end(), first, first + size);
    } else if (size > 0) {
      std::memcpy(data, bytes.data() + at, size);
      at += size;
    }
  }
};

template <class State>
std::vector<char> bytes_of(const State& state) {
  std::vector<char> bytes;
  state.visit(Bytes{bytes});
  return bytes;
}

}  // namespace gradus_test
