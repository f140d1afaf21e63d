// SPDX-License-Identifier: MIT
//
// How an entry of the list of optimizers is written.
#pragma once

#include <functional>
#include <limits>

#include "optimizers.hpp"
#include "optimizers/erase.hpp"

namespace gradus_test {

template <class O>
using Change = std::pair<const char*, std::function<void(O&)>>;

/// What the battery needs to know about an optimizer.
template <class O>
struct Listing {
  const char* name;
  O usual;                                          // with a learning rate that suits coefficients of size 1
  std::vector<std::pair<const char*, O>> variants;  // the cases `name/variant` of data/trajectories.txt
  std::vector<Change<O>> fields;                    // every field with a value that must change the result
  std::vector<Change<O>> bad;                       // fields with values that `init` must refuse
  bool coefficient_wise = true;  // a coefficient's update depends on that coefficient's gradients alone
  bool couples_leaves = false;   // or on those of other leaves, or their number
  bool moves_at_zero_gradient = false;
  std::optional<O> without_epsilon{};  // if it then does the same to gradients of any length
};

/// `set(&Adam::beta1, 0.5)` is a `Change`.
template <class Field, class Value>
auto set(Field field, Value value) {
  return [=](auto& optimizer) { optimizer.*field = value; };
}

inline constexpr double nan = std::numeric_limits<double>::quiet_NaN();

/// The listing of an optimizer that has Adam's fields, and perhaps others.
template <class O>
Listing<O> like_adam(const char* name, std::vector<std::pair<const char*, O>> variants) {
  return {.name = name,
          .usual = {.learning_rate = 0.1},
          .variants = std::move(variants),
          .fields = {{"learning_rate", set(&O::learning_rate, 0.2)},
                     {"beta1", set(&O::beta1, 0.5)},
                     {"beta2", set(&O::beta2, 0.9)},
                     {"epsilon", set(&O::epsilon, 0.1)},
                     {"weight_decay", set(&O::weight_decay, 0.2)}},
          .bad = {{"learning_rate", set(&O::learning_rate, -1.0)},
                  {"beta1", set(&O::beta1, 1.0)},
                  {"beta2", set(&O::beta2, -0.1)},
                  {"epsilon", set(&O::epsilon, nan)},
                  {"weight_decay", set(&O::weight_decay, -1.0)}},
          .without_epsilon = O{.learning_rate = 0.1, .epsilon = 0}};
}

/// The same for one whose decay may be cautious, which takes some decay to be seen, and a memory so short
/// that the steps turn round.
template <class O>
Listing<O> with_cautious_decay(Listing<O> listing) {
  listing.usual.weight_decay = 0.01;
  if constexpr (requires { listing.usual.momentum; }) {
    listing.usual.momentum = 0.6;
  } else if constexpr (requires { listing.usual.epsilon; }) {  // Lion's sign turns round as it is
    listing.usual.beta1 = 0.6;
  }
  listing.fields.push_back({"cautious_decay", set(&O::cautious_decay, true)});
  return listing;
}

struct Anything {
  template <class T>
  operator T() const;
};

// The number of fields of an aggregate: the largest number of initializers that it takes.
template <class T, class... A>
constexpr std::size_t field_count() {
  if constexpr (requires { T{A{}..., Anything{}}; }) {
    return field_count<T, A..., Anything>();
  } else {
    return sizeof...(A);
  }
}

/// Makes an entry of a listing.
template <class O>
Entry entry(const Listing<O>& listing) {
  Entry made{listing.name,
             erase(listing.usual),
             {},
             {},
             {},
             {},
             field_count<O>(),
             gradus::scope_of<O>(),
             listing.coefficient_wise,
             listing.couples_leaves,
             listing.moves_at_zero_gradient,
             {}};
  for (const auto& [variant, optimizer] : listing.variants)
    made.variants.emplace_back(variant, erase(optimizer));
  const auto changed = [&](const Change<O>& change) {
    O optimizer = listing.usual;
    change.second(optimizer);
    return std::pair{std::string(change.first), erase(optimizer)};
  };
  for (const auto& change : listing.fields) made.fields.push_back(changed(change));
  for (const auto& change : listing.bad) made.bad.push_back(changed(change));
  listing.usual.visit_fields(
      [&](std::string_view field, const auto&) { made.field_names.emplace_back(field); });
  if (listing.without_epsilon) made.without_epsilon = erase(*listing.without_epsilon);
  return made;
}

}  // namespace gradus_test
