// SPDX-License-Identifier: MIT
//
// The fields of an optimizer as a page can show them: every one a number, whatever its type in C++.
#pragma once

#include <algorithm>
#include <cmath>
#include <gradus/gradus.hpp>
#include <gradus/orthogonalize/polar_express.hpp>
#include <limits>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace playground {

/// A field: its name, its default, and what the optimizer itself says about the numbers that it takes.
struct Field {
  std::string name;                  ///< such as "beta1", or "orthogonalizer.steps"
  std::string kind;                  ///< "number", "optional" (NaN: none), "integer", "switch" or "choice"
  double value;                      ///< the default of the library; of a choice the place in `choices`
  std::vector<std::string> choices;  ///< the enumerators of a choice
  std::vector<double> accepted;      ///< those of `probes` that `init` does not refuse
};

/// The numbers that every optimizer is asked about, to find the ends of a slider.
inline constexpr double probes[] = {-1, 0, 0.5, 1, 2, 1000};

/// Coefficients with a name, as a method that uses them; a table has its number of steps.
struct CoefficientSet {
  std::string name;
  gradus::NewtonSchulz method;
};

/// All coefficients that the library knows.
inline const std::vector<CoefficientSet>& coefficient_sets() {
  namespace quintics = gradus::quintics;
  static const std::vector<CoefficientSet> sets{{"Jordan", {.coefficients = quintics::jordan}},
                                                {"convergent", {.coefficients = quintics::convergent}},
                                                {"cubic", {.coefficients = quintics::cubic}},
                                                {"You Jiacheng", {.coefficients = quintics::you_jiacheng}},
                                                {"Polar Express x 5", gradus::polar_express(5)},
                                                {"Polar Express x 8", gradus::polar_express(8)},
                                                {"CANS x 5", gradus::cans(5)},
                                                {"CANS x 8", gradus::cans(8)}};
  return sets;
}

/// The method of this name, with this number of steps unless it is a table.
inline gradus::NewtonSchulz method_named(const std::string& name, int steps) {
  for (const auto& [set, method] : coefficient_sets()) {
    if (set != name) continue;
    gradus::NewtonSchulz found = method;
    if (found.coefficients.size() == 0) found.steps = steps;
    return found;
  }
  throw std::invalid_argument("there are no coefficients '" + name + "'");
}

/// The enumerator of a value, as it is written in the source; empty if there is none. The compiler, g++ or
/// clang++, knows it.
template <auto value>
constexpr std::string_view enumerator() {
  std::string_view text = __PRETTY_FUNCTION__;  // "... [value = gradus::MuonScale::original]"
  text = text.substr(text.find("value = ") + 8);
  text = text.substr(0, text.find_first_of(";]"));
  const auto colon = text.rfind(':');
  return text.front() == '(' || colon == text.npos ? std::string_view{} : text.substr(colon + 1);
}

/// All enumerators of a choice, which are numbered from 0.
template <class Enum, int first = 0>
std::vector<std::string> enumerators() {
  constexpr std::string_view name = enumerator<static_cast<Enum>(first)>();
  std::vector<std::string> all;
  if constexpr (!name.empty()) {
    all = enumerators<Enum, first + 1>();
    all.emplace(all.begin(), name);
  }
  return all;
}

/// What can be done with a field of this type. Those of other types hold fields of their own.
template <class Value>
struct FieldType {
  static constexpr bool shown = false;
};

template <>
struct FieldType<double> {
  static constexpr bool shown = true;
  static Field describe(double value) { return {{}, "number", value, {}, {}}; }
  static void assign(double& value, double number) { value = number; }
};

template <>
struct FieldType<std::optional<double>> {
  static constexpr bool shown = true;
  static Field describe(std::optional<double> value) {
    return {{}, "optional", value.value_or(std::numeric_limits<double>::quiet_NaN()), {}, {}};
  }
  static void assign(std::optional<double>& value, double number) {
    value = std::isnan(number) ? std::nullopt : std::optional(number);
  }
};

template <>
struct FieldType<bool> {
  static constexpr bool shown = true;
  static Field describe(bool value) { return {{}, "switch", value ? 1.0 : 0.0, {}, {}}; }
  static void assign(bool& value, double number) { value = number != 0; }
};

template <std::integral Integer>
struct FieldType<Integer> {
  static constexpr bool shown = true;
  static Field describe(Integer value) { return {{}, "integer", static_cast<double>(value), {}, {}}; }
  static void assign(Integer& value, double number) {
    constexpr double least = static_cast<double>(std::numeric_limits<std::int32_t>::min());
    constexpr double most = static_cast<double>(std::numeric_limits<std::int32_t>::max());
    value = static_cast<Integer>(std::isnan(number) ? 0 : std::clamp(number, least, most));
  }
};

template <class Enum>
requires std::is_enum_v<Enum>
struct FieldType<Enum> {
  static constexpr bool shown = true;
  static Field describe(Enum value) {
    return {{}, "choice", static_cast<double>(value), enumerators<Enum>(), {}};
  }
  static void assign(Enum& value, double number) { value = static_cast<Enum>(static_cast<int>(number)); }
};

template <>
struct FieldType<gradus::Coefficients> {
  static constexpr bool shown = true;
  static Field describe(const gradus::Coefficients&) {
    Field field{{}, "choice", 0, {}, {}};  // Jordan's, the default everywhere
    for (const CoefficientSet& set : coefficient_sets()) field.choices.push_back(set.name);
    return field;
  }
  static void assign(gradus::Coefficients& value, double number) {
    value = coefficient_sets().at(static_cast<std::size_t>(number)).method.coefficients;
  }
};

/// Gives the fields of an optimizer these numbers, in the order of `describe_fields`.
template <class Optimizer>
void assign_fields(Optimizer& optimizer, const std::vector<double>& values) {
  std::size_t i = 0;
  gradus::for_each_field(optimizer, [&]<class Value>(const std::string&, Value& value) {
    if constexpr (FieldType<Value>::shown) FieldType<Value>::assign(value, values.at(i++));
  });
}

/// The fields of an optimizer with their defaults. Whatever it may be asked for is asked of itself.
template <class Optimizer>
std::vector<Field> describe_fields(const Optimizer& optimizer) {
  std::vector<Field> fields;
  std::vector<double> values;
  gradus::for_each_field(optimizer, [&]<class Value>(const std::string& name, const Value& value) {
    if constexpr (FieldType<Value>::shown) {
      fields.push_back(FieldType<Value>::describe(value));
      fields.back().name = name;
      values.push_back(fields.back().value);
    }
  });
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (fields[i].kind == "switch" || fields[i].kind == "choice") continue;
    for (const double probe : probes) {
      Optimizer changed = optimizer;
      std::vector<double> probed = values;
      probed[i] = probe;
      assign_fields(changed, probed);
      try {
        changed.validate();
        fields[i].accepted.push_back(probe);
      } catch (const std::invalid_argument&) {
      }
    }
  }
  return fields;
}

}  // namespace playground
