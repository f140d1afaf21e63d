// SPDX-License-Identifier: MIT
//
// Makes an `AnyOptimizer` of an optimizer. Include it where that shall be compiled: it takes seconds for
// each.
#pragma once

#include "any_optimizer.hpp"

namespace gradus_test {

/// The optimizer, or its state, in the innermost of the wrappers around it.
template <class T>
auto& innermost(T& wrapped) {
  if constexpr (requires { wrapped.inner; }) {
    return innermost(wrapped.inner);
  } else {
    return wrapped;
  }
}

// Appends what a state's fields hold to a vector of bytes.
struct Saver {
  std::vector<char>& bytes;

  template <class Field>
  void operator()(std::string_view, const Field& field) {
    if constexpr (requires { field.visit(*this); }) {
      field.visit(*this);
    } else if constexpr (gradus::Parameters<Field>) {
      gradus::walk(
          "save",
          [&](const gradus::Path&, const auto& leaf) {
            append(leaf.data(), static_cast<std::size_t>(leaf.size()) * sizeof(*leaf.data()));
          },
          field);
    } else {
      static_assert(std::is_arithmetic_v<Field>);
      append(&field, sizeof(field));
    }
  }
  void append(const void* data, std::size_t size) {
    const auto* first = static_cast<const char*>(data);
    bytes.insert(bytes.end(), first, first + size);
  }
};

// Reads them back into a state that `init` made.
struct Loader {
  const char* next;

  template <class Field>
  void operator()(std::string_view, Field& field) {
    if constexpr (requires { field.visit(*this); }) {
      field.visit(*this);
    } else if constexpr (gradus::Parameters<Field>) {
      gradus::walk(
          "load",
          [&](const gradus::Path&, auto& leaf) {
            take(leaf.data(), static_cast<std::size_t>(leaf.size()) * sizeof(*leaf.data()));
          },
          field);
    } else {
      static_assert(std::is_arithmetic_v<Field>);
      take(&field, sizeof(field));
    }
  }
  void take(void* data, std::size_t size) {
    if (size > 0) std::memcpy(data, next, size);
    next += size;
  }
};

template <class State>
struct ErasedState {
  static std::vector<char> save(const std::any& state) {
    std::vector<char> bytes;
    std::any_cast<const State&>(state).visit(Saver{bytes});
    return bytes;
  }
  static void load(std::any& state, const std::vector<char>& bytes) {
    std::any_cast<State&>(state).visit(Loader{bytes.data()});
  }
  static std::optional<std::int64_t> steps_taken(const std::any& state) {
    const auto& inner = innermost(std::any_cast<const State&>(state));
    if constexpr (requires { inner.t; }) {
      return inner.t;
    } else {
      return {};
    }
  }
  static constexpr StateFunctions functions{&save, &load, &steps_taken};
};

template <class O>
struct Erased {
  template <class P>
  using StateOf = decltype(std::declval<const O&>().init(std::declval<const P&>()));

  template <class P>
  static AnyState init(const std::any& optimizer, const P& params) {
    return {std::any_cast<const O&>(optimizer).init(params), state_functions<P>()};
  }

  template <class P, class G>
  static void step(const std::any& optimizer, P& params, const G& grads, AnyState& state) {
    const O& o = std::any_cast<const O&>(optimizer);
    StateOf<P>& own_state = std::any_cast<StateOf<P>&>(state.value);
    if constexpr (is_view<P>) {
      o.step(std::move(params), grads, own_state);  // views may come as temporaries
    } else {
      o.step(params, grads, own_state);
    }
  }

  template <class P>
  static P solution(const std::any& optimizer, const P& params, const AnyState& state) {
    return gradus::solution(std::any_cast<const O&>(optimizer), params,
                            std::any_cast<const StateOf<P>&>(state.value));
  }

  static double* learning_rate(std::any& optimizer) {
    auto& inner = innermost(std::any_cast<O&>(optimizer));
    if constexpr (requires { inner.learning_rate; }) {
      return &inner.learning_rate;
    } else {
      return nullptr;
    }
  }
  static double* weight_decay(std::any& optimizer) {
    auto& inner = innermost(std::any_cast<O&>(optimizer));
    if constexpr (requires { inner.weight_decay; }) {
      return &inner.weight_decay;
    } else {
      return nullptr;
    }
  }

  template <class P>
  static constexpr Init<P> function(Init<P>) {
    return &init<P>;
  }
  template <class P, class G>
  static constexpr Step<P, G> function(Step<P, G>) {
    return &step<P, G>;
  }
  template <class P>
  static constexpr Solution<P> function(Solution<P>) {
    return &solution<P>;
  }
  template <class... F>
  static constexpr std::tuple<F...> all(std::type_identity<std::tuple<F...>>) {
    return {function(F{})...};
  }
  static constexpr OptimizerFunctions functions{all(std::type_identity<Functions>{}), &learning_rate,
                                                &weight_decay};

 private:
  template <class P>
  static constexpr const StateFunctions* state_functions() {
    using Owned = gradus::like<P>;
    if constexpr (std::is_same_v<Owned, Tree<float>> || std::is_same_v<Owned, Tree<double>>) {
      return &ErasedState<StateOf<P>>::functions;
    } else {
      return nullptr;
    }
  }

  template <class P>
  static constexpr bool is_view = requires {
    requires !gradus::detail::is_subset<P>;
    requires !gradus::detail::copies_deeply<P>();
  };
};

template <class O>
AnyOptimizer erase(const O& optimizer) {
  return {optimizer, &Erased<O>::functions};
}

}  // namespace gradus_test
