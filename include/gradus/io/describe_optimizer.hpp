// SPDX-License-Identifier: MIT
//
// An optimizer as text: its name and its fields.
// not in the umbrella: it needs nlohmann-json 3.11 or later (Debian: nlohmann-json3-dev)
#pragma once

#include <cmath>
#include <gradus/core/state.hpp>
#include <map>
#include <nlohmann/json.hpp>
#include <vector>

namespace GRADUS_NAMESPACE::io::detail {

inline constexpr std::string_view optimizer_key = "gradus.optimizer";

// A number as text that reads back equal, a choice as its number; nothing for what is neither.
template <class Value>
std::string field_text(const Value& value) {
  if constexpr (gradus::detail::is_optional<Value>) {
    return value ? detail::field_text(*value) : "none";
  } else if constexpr (std::is_enum_v<Value>) {
    return std::to_string(static_cast<long long>(value));
  } else if constexpr (std::is_floating_point_v<Value>) {
    return std::isfinite(value) ? nlohmann::json(value).dump() : std::to_string(value);
  } else if constexpr (std::is_arithmetic_v<Value>) {
    return nlohmann::json(value).dump();
  } else {
    return {};
  }
}

// "Lookahead(AdamW)": the optimizer and those inside it, but for one without fields, such as Frozen in a
// route. A user's without a name is "custom".
template <class O>
std::string optimizer_name(const O& optimizer) {
  std::string inside;
  if constexpr (gradus::detail::NamesItsFields<O>) {
    optimizer.visit_fields([&](std::string_view, const auto& value) {
      if constexpr (requires { value.validate(); }) {
        inside += (inside.empty() ? "" : ", ") + detail::optimizer_name(value);
      }
    });
  }
  std::string name = "custom";
  if constexpr (requires { std::string(optimizer.name()); }) name = optimizer.name();
  return name + (inside.empty() ? "" : '(' + inside + ')');
}

// The metadata of a file about an optimizer.
template <class O>
std::map<std::string, std::string> describe_optimizer(const O& optimizer) {
  std::map<std::string, std::string> text{{std::string(optimizer_key), detail::optimizer_name(optimizer)}};
  gradus::for_each_field(optimizer, [&](const std::string& name, const auto& value) {
    if (auto as_text = detail::field_text(value); !as_text.empty()) {
      text[std::string(optimizer_key) + '.' + name] = std::move(as_text);
    }
  });
  return text;
}

// A sentence for every field whose text differs.
inline std::vector<std::string> changed_fields(const std::map<std::string, std::string>& before,
                                               const std::map<std::string, std::string>& now) {
  std::vector<std::string> changed;
  for (const auto& [key, text] : now) {
    const auto found = before.find(key);
    if (found != before.end() && found->second != text) {
      changed.push_back(key.substr(optimizer_key.size() + 1) + " was " + found->second + ", is " + text);
    }
  }
  return changed;
}

}  // namespace GRADUS_NAMESPACE::io::detail
