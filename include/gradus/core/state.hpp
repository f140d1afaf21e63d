// SPDX-License-Identifier: MIT
//
// Naming the fields of an optimizer's state, and those of the optimizer itself.
#pragma once

#include <gradus/core/node.hpp>
#include <optional>
#include <string>

namespace GRADUS_NAMESPACE {

namespace detail {

template <class T>
inline constexpr bool is_optional = false;
template <class T>
inline constexpr bool is_optional<std::optional<T>> = true;

// A state that has no fields, as that of a user's optimizer inside a wrapper may be, and a part of a state
// that `init` had no use for are passed over.
template <class Visitor, class Field>
void visit_field(std::string_view name, Visitor& visitor, Field& field) {
  if constexpr (is_optional<std::remove_const_t<Field>>) {
    if (field) visitor(name, *field);
  } else if constexpr (!std::is_empty_v<Field>) {
    visitor(name, field);
  }
}

template <class Visitor, class... Fields>
void visit_state(std::string_view names, Visitor& visitor, Fields&... fields) {
  std::size_t i = 0;
  (detail::visit_field(detail::nth_name(names, i++), visitor, fields), ...);
}

template <class Visitor, class... Fields>
void visit_fields(std::string_view names, Visitor& visitor, Fields&... fields) {
  std::size_t i = 0;
  (visitor(detail::nth_name(names, i++), fields), ...);
}

// References to those of the fields that are trees.
template <class... Fields>
auto trees_of(Fields&... fields) {
  const auto tied = []<class Field>(Field& field) {
    if constexpr (Parameters<Field>) {
      return std::tie(field);
    } else {
      return std::tuple<>{};
    }
  };
  return std::tuple_cat(tied(fields)...);
}

template <class O>
concept NamesItsFields = requires(const O& optimizer) {
  optimizer.visit_fields([](std::string_view, const auto&) {});
};

}  // namespace detail

/// Calls `f(name, value)` for every field of an optimizer, or of whatever else names its fields, in the order
/// of declaration. A field that names fields of its own, such as the optimizer in a wrapper or a method of
/// orthogonalization, is followed by those, as "inner.learning_rate" or "orthogonalizer.steps". Values may be
/// changed unless `optimizer` is const:
///
///     for_each_field(adam, [](const std::string& name, auto& value) { ... });
///
/// Numbers are `double`, `int`, `std::int64_t`, `std::optional<double>` or `bool`, choices are enumerations;
/// a few are neither, such as Newton–Schulz's table of coefficients and a schedule's list of steps.
/// A user's optimizer without GRADUS_FIELDS has no fields to visit.
template <class O, class F>
void for_each_field(O& optimizer, const F& f, const std::string& prefix = {}) {
  if constexpr (detail::NamesItsFields<std::remove_const_t<O>>) {
    optimizer.visit_fields([&](std::string_view name, auto& value) {
      const std::string full = prefix + std::string(name);
      f(full, value);
      gradus::for_each_field(value, f, full + '.');
    });
  }
}

}  // namespace GRADUS_NAMESPACE

/// Gives a state `visit(visitor)`, const and not, which calls `visitor("m", m)` for every field named here:
/// trees of parameters, scalars, and states of optimizers inside. Saving, loading, comparing, counting bytes
/// and printing are visitors. What is not named is scratch memory that no later step depends on. `trees()` is
/// a tuple of references to the trees among them.
#define GRADUS_STATE(...)                                            \
  template <class Visitor>                                           \
  void visit(Visitor&& visitor) {                                    \
    gradus::detail::visit_state(#__VA_ARGS__, visitor, __VA_ARGS__); \
  }                                                                  \
  template <class Visitor>                                           \
  void visit(Visitor&& visitor) const {                              \
    gradus::detail::visit_state(#__VA_ARGS__, visitor, __VA_ARGS__); \
  }                                                                  \
  auto trees() { return gradus::detail::trees_of(__VA_ARGS__); }     \
  auto trees() const { return gradus::detail::trees_of(__VA_ARGS__); }

/// Gives a state `visit_scratch(visitor)` for the trees that `visit` passes over: what a step fills before it
/// reads it. Counting bytes is a visitor.
#define GRADUS_SCRATCH(...)                                          \
  template <class Visitor>                                           \
  void visit_scratch(Visitor&& visitor) const {                      \
    gradus::detail::visit_state(#__VA_ARGS__, visitor, __VA_ARGS__); \
  }

/// Gives an optimizer its `name()` and `visit_fields(visitor)`, const and not, which calls
/// `visitor("beta1", beta1)` for every hyperparameter named here: all of them, in the order of declaration.
/// `for_each_field` is how to use it.
#define GRADUS_FIELDS(NAME, ...)                                      \
  static constexpr std::string_view name() { return #NAME; }          \
  template <class Visitor>                                            \
  void visit_fields(Visitor&& visitor) {                              \
    gradus::detail::visit_fields(#__VA_ARGS__, visitor, __VA_ARGS__); \
  }                                                                   \
  template <class Visitor>                                            \
  void visit_fields(Visitor&& visitor) const {                        \
    gradus::detail::visit_fields(#__VA_ARGS__, visitor, __VA_ARGS__); \
  }
