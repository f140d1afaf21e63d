// SPDX-License-Identifier: MIT
//
// Naming the fields of an optimizer's state.
#pragma once

#include <gradus/core/tree.hpp>

namespace GRADUS_NAMESPACE::detail {

// A state that has no fields, as that of a user's optimizer inside a wrapper may be, is passed over.
template <class Visitor, class Field>
void visit_field(std::string_view name, Visitor& visitor, Field& field) {
  if constexpr (!std::is_empty_v<Field>) visitor(name, field);
}

template <class Visitor, class... Fields>
void visit_fields(std::string_view names, Visitor& visitor, Fields&... fields) {
  std::size_t i = 0;
  (visit_field(nth_name(names, i++), visitor, fields), ...);
}

}  // namespace GRADUS_NAMESPACE::detail

/// Gives a state `visit(visitor)`, const and not, which calls `visitor("m", m)` for every field named here:
/// trees of parameters, scalars, and states of optimizers inside. Saving, loading, comparing, counting bytes
/// and printing are visitors. What is not named is scratch memory that no later step depends on.
#define GRADUS_STATE(...)                                             \
  template <class Visitor>                                            \
  void visit(Visitor&& visitor) {                                     \
    gradus::detail::visit_fields(#__VA_ARGS__, visitor, __VA_ARGS__); \
  }                                                                   \
  template <class Visitor>                                            \
  void visit(Visitor&& visitor) const {                               \
    gradus::detail::visit_fields(#__VA_ARGS__, visitor, __VA_ARGS__); \
  }
