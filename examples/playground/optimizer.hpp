// SPDX-License-Identifier: MIT
//
// The optimizers of the library behind one type: their fields, and their way over a function.
#pragma once

#include "field.hpp"
#include "function.hpp"

namespace playground {

/// An optimizer by its name.
struct Optimizer {
  std::string name;
  std::function<std::vector<Field>()> fields;  ///< with the defaults of the library

  /// The points at the steps 0, `every`, 2 `every`, ... up to `steps`: those that the optimizer offers as its
  /// solution. The last is the first that is not finite. `values` are those of the fields; what the optimizer
  /// refuses throws `std::invalid_argument`.
  std::function<std::vector<Point>(const Function& f, const std::vector<double>& values, Point start,
                                   int steps, int every)>
      run;

  /// The defaults.
  std::vector<double> defaults() const {
    std::vector<double> values;
    for (const Field& field : fields()) values.push_back(field.value);
    return values;
  }
};

/// An entry of the list. `make(f)` returns the optimizer with the defaults of the library; most have no use
/// for the function.
template <class Make>
Optimizer entry(const std::string& name, const Make& make) {
  const auto run = [make](const Function& f, const std::vector<double>& values, Point x, int steps,
                          int every) {
    auto optimizer = make(f);
    assign_fields(optimizer, values);
    auto state = optimizer.init(x);
    std::vector<Point> points{gradus::solution(optimizer, x, state)};
    points.reserve(static_cast<std::size_t>(steps / every) + 1);
    Point gradient;
    for (int i = 1; i <= steps; ++i) {
      f(x, gradient);
      optimizer.step(x, gradient, state);
      if (i % every == 0 || !x.allFinite()) points.push_back(gradus::solution(optimizer, x, state));
      if (!x.allFinite()) break;
    }
    return points;
  };
  return {name, [make] { return describe_fields(make(functions().front())); }, run};
}

/// An entry that is called what the optimizer is called.
template <class O>
Optimizer entry() {
  return entry(std::string(O::name()), [](const Function&) { return O{}; });
}

std::vector<Optimizer> plain_optimizers();     // one rate for all coefficients, or the sign alone
std::vector<Optimizer> adaptive_optimizers();  // a rate for each coefficient
std::vector<Optimizer> matrix_optimizers();    // for whole matrices, of which a point is a small one

/// All of them.
inline const std::vector<Optimizer>& optimizers() {
  static const std::vector<Optimizer> all = [] {
    std::vector<Optimizer> found;
    for (const auto& part : {plain_optimizers(), adaptive_optimizers(), matrix_optimizers()})
      found.insert(found.end(), part.begin(), part.end());
    return found;
  }();
  return all;
}

/// The optimizer of this name. Throws `std::invalid_argument` if there is none.
inline const Optimizer& find_optimizer(const std::string& name) {
  for (const Optimizer& optimizer : optimizers()) {
    if (optimizer.name == name) return optimizer;
  }
  throw std::invalid_argument("there is no optimizer '" + name + "'");
}

}  // namespace playground
