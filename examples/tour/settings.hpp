// SPDX-License-Identifier: MIT
//
// Fields of optimizers on the command line: Adam.learning_rate=0.05, by the names that the library lists.
#pragma once

#include <cmath>
#include <cstdlib>
#include <gradus/gradus.hpp>
#include <sstream>
#include <string>
#include <type_traits>
#include <vector>

#include "../support.hpp"

namespace tour {

/// `optimizer.field=values`, as it was written.
struct Setting {
  std::string optimizer, field;
  std::vector<std::string> values;
  bool used = false;  // by an optimizer of that name
};

using examples::UsageError;

inline double number(const std::string& what, const std::string& text) {
  char* end = nullptr;
  const double value = std::strtod(text.c_str(), &end);
  if (text.empty() || *end != 0) throw UsageError(what + ": '" + text + "' is not a number");
  return value;
}

/// "from:to:count" as `count` numbers from one to the other, each the same multiple of the last; any other
/// text as it is.
inline std::vector<std::string> expand(const std::string& what, const std::string& text) {
  const std::size_t colon = text.find(':'), second = text.find(':', colon + 1);
  if (colon == std::string::npos) return {text};
  if (second == std::string::npos) throw UsageError(what + ": a range is from:to:count, not '" + text + "'");
  const double from = number(what, text.substr(0, colon));
  const double to = number(what, text.substr(colon + 1, second - colon - 1));
  const double count = number(what, text.substr(second + 1));
  if (!(from > 0 && to > 0 && count >= 2 && count <= 1000 && count == std::floor(count)))
    throw UsageError(what + ": a range needs two positive numbers and a count from 2 to 1000");
  std::vector<std::string> values;
  for (int i = 0; i < count; ++i) {
    std::ostringstream value;
    value << from * std::pow(to / from, i / (count - 1));
    values.push_back(value.str());
  }
  return values;
}

/// Settings from a list such as {"Adam.beta1=0.8", "0.9", "SGD.learning_rate=1e-3:1:7"}.
inline std::vector<Setting> parse_settings(const std::string& option, const std::vector<std::string>& items) {
  const std::string wanted = option + " takes OPTIMIZER.FIELD=VALUE, not '";
  std::vector<Setting> settings;
  for (const std::string& item : items) {
    const std::size_t equal = item.find('='), dot = item.find('.');
    if (equal != std::string::npos && dot < equal) {
      settings.push_back({item.substr(0, dot), item.substr(dot + 1, equal - dot - 1), {}});
    } else if (equal != std::string::npos || settings.empty()) {
      throw UsageError(wanted + item + '\'');
    }
    const std::string value = equal == std::string::npos ? item : item.substr(equal + 1);
    for (std::string& v : expand(settings.back().optimizer + '.' + settings.back().field, value))
      settings.back().values.push_back(std::move(v));
  }
  return settings;
}

/// The names of the choices that a field may be set to.
inline std::vector<std::string> choices(gradus::AMSGradForm) { return {"torch", "optax", "paper"}; }
inline std::vector<std::string> choices(gradus::AdafactorForm) { return {"torch", "t5"}; }
inline std::vector<std::string> choices(gradus::Layout) { return {"outputs_by_inputs", "inputs_by_outputs"}; }
inline std::vector<std::string> choices(gradus::MomentumForm) { return {"mean", "sum", "corrected"}; }
inline std::vector<std::string> choices(gradus::MuonScale) {
  return {"original", "match_rms_adamw", "spectral", "none"};
}
inline std::vector<std::string> choices(gradus::NAdamMomentum) { return {"rising", "constant"}; }
inline std::vector<std::string> choices(gradus::NewtonSchulzForm) { return {"cheaper", "plain", "gram"}; }
inline std::vector<std::string> choices(gradus::NorMuonStatistics) { return {"outputs", "longer_side"}; }
inline std::vector<std::string> choices(gradus::NormGuard) { return {"max", "add"}; }
inline std::vector<std::string> choices(gradus::Prescale) {
  return {"frobenius", "schatten4", "spectral", "aol"};
}
inline std::vector<std::string> choices(gradus::ShampooGraft) { return {"none", "sgd", "adagrad"}; }

/// Whether a field can be set from text: numbers, numbers that may be absent, yes or no, and choices.
template <class Field>
constexpr bool settable =
    std::is_arithmetic_v<Field> || std::is_enum_v<Field> || std::is_same_v<Field, std::optional<double>>;

template <class Field>
std::string text_of(const Field& field) {
  if constexpr (std::is_enum_v<Field>) {
    return choices(field)[static_cast<std::size_t>(field)];
  } else if constexpr (std::is_same_v<Field, bool>) {
    return field ? "yes" : "no";
  } else if constexpr (std::is_same_v<Field, std::optional<double>>) {
    return field ? tour::text_of(*field) : "none";
  } else {
    std::ostringstream text;
    text << field;
    return text.str();
  }
}

inline std::string joined(const std::vector<std::string>& items) {
  std::string text;
  for (const std::string& item : items) text.append(text.empty() ? "" : ", ").append(item);
  return text;
}

/// Reads a field from text. Throws `UsageError` that says what it may be.
template <class Field>
void assign(Field& field, const std::string& what, const std::string& text) {
  if constexpr (std::is_enum_v<Field>) {
    const std::vector<std::string> names = choices(field);
    const auto found = std::find(names.begin(), names.end(), text);
    if (found == names.end()) throw UsageError(what + " is one of " + joined(names) + ", not '" + text + "'");
    field = static_cast<Field>(found - names.begin());
  } else if constexpr (std::is_same_v<Field, bool>) {
    if (text != "yes" && text != "no") throw UsageError(what + " is yes or no, not '" + text + "'");
    field = text == "yes";
  } else if constexpr (std::is_same_v<Field, std::optional<double>>) {
    field = text == "none" ? std::nullopt : std::optional(number(what, text));
  } else {
    const double value = number(what, text);
    if (std::is_integral_v<Field> && (value != std::floor(value) || std::abs(value) > 1e9))
      throw UsageError(what + ": '" + text + "' is not an integer");
    field = static_cast<Field>(value);
  }
}

/// "learning_rate=0.001, beta1=0.9, ...": the fields that can be set, in the order of the library.
template <class Optimizer>
std::string list_fields(const Optimizer& optimizer) {
  std::vector<std::string> fields;
  gradus::for_each_field(optimizer, [&]<class Field>(const std::string& name, const Field& field) {
    if constexpr (settable<Field>) fields.push_back(name + '=' + tour::text_of(field));
  });
  return joined(fields);
}

/// Sets one field. Throws `UsageError` for one that the optimizer does not have, with those that it has.
template <class Optimizer>
void set_field(Optimizer& optimizer, const std::string& who, const std::string& name,
               const std::string& text) {
  bool found = false;
  gradus::for_each_field(optimizer, [&]<class Field>(const std::string& full, Field& field) {
    if constexpr (settable<Field>) {
      if (full != name) return;
      found = true;
      tour::assign(field, who + '.' + name, text);
    }
  });
  if (!found) throw UsageError(who + " has no field '" + name + "', it has: " + list_fields(optimizer));
}

/// A variant of an optimizer, as settings with many values make them.
template <class Optimizer>
struct Variant {
  std::string name;
  Optimizer optimizer;
};

/// The optimizer with the settings that bear its name. Each of `sweeps` makes as many variants as it has
/// values, named after them: "Adam beta1=0.8". Throws `UsageError` for what the optimizer refuses, in its
/// words.
template <class Optimizer>
std::vector<Variant<Optimizer>> variants(const std::string& name, Optimizer optimizer,
                                         std::vector<Setting>& settings, std::vector<Setting>& sweeps) {
  for (Setting& setting : settings) {
    if (!examples::same_name(setting.optimizer, name)) continue;
    setting.used = true;
    for (const std::string& value : setting.values) tour::set_field(optimizer, name, setting.field, value);
  }
  std::vector<Variant<Optimizer>> all{{name, optimizer}};
  for (Setting& sweep : sweeps) {
    if (!examples::same_name(sweep.optimizer, name)) continue;
    sweep.used = true;
    std::vector<Variant<Optimizer>> more;
    for (const Variant<Optimizer>& variant : all) {
      for (const std::string& value : sweep.values) {
        more.push_back({variant.name + ' ' + sweep.field + '=' + value, variant.optimizer});
        tour::set_field(more.back().optimizer, name, sweep.field, value);
      }
    }
    all = std::move(more);
  }
  try {
    for (const Variant<Optimizer>& variant : all) variant.optimizer.init(Eigen::Vector2d(0, 0));
  } catch (const std::invalid_argument& error) {
    throw UsageError(error.what());
  }
  return all;
}

}  // namespace tour
