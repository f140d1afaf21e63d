// SPDX-License-Identifier: MIT
//
// The functions that the page calls. Points come back as x, y, x, y, ...; errors as text, which calls.js
// throws again.
#include <emscripten/bind.h>
#include <emscripten/val.h>

#include "orthogonalization.hpp"
#include "search.hpp"

namespace {

using namespace playground;
using emscripten::val;

// A copy that JavaScript owns.
val array(const std::vector<double>& numbers) {
  return val::global("Float64Array").new_(val(emscripten::typed_memory_view(numbers.size(), numbers.data())));
}

val array(const Eigen::Ref<const Eigen::MatrixXd>& m) {  // row after row
  std::vector<double> numbers;
  for (gradus::Index i = 0; i < m.rows(); ++i) {
    for (gradus::Index j = 0; j < m.cols(); ++j) numbers.push_back(m(i, j));
  }
  return array(numbers);
}

template <class Items, class Convert>
val list(const Items& items, const Convert& convert) {
  val result = val::array();
  for (const auto& item : items) result.call<void>("push", convert(item));
  return result;
}

val strings(const std::vector<std::string>& items) {
  return list(items, [](const std::string& s) { return val(s); });
}

Point point(const val& v) { return {v[0].as<double>(), v[1].as<double>()}; }
Box box(const val& v) {
  return {{v[0].as<double>(), v[1].as<double>()}, {v[2].as<double>(), v[3].as<double>()}};
}

template <class Result>
val guarded(const Result& result) {
  try {
    return result();
  } catch (const std::exception& error) {
    return val(std::string(error.what()));
  }
}

// The formula is parsed once, not in every call.
const Function& function(const std::string& name) {
  static Function last = functions().front();
  if (last.name != name) last = find_function(name);
  return last;
}

val function_list() {
  return list(functions(), [](const Function& f) { return val(f.name); });
}

val describe_function(const std::string& name) {
  return guarded([&] {
    const Function& f = function(name);
    val result = val::object();
    result.set("source", f.source);
    result.set("start", array(f.start));
    result.set("box", array({f.domain.lower[0], f.domain.lower[1], f.domain.upper[0], f.domain.upper[1]}));
    return result;
  });
}

val optimizer_list() {
  return list(optimizers(), [](const Optimizer& o) { return val(o.name); });
}

val describe_optimizer(const std::string& name) {
  return guarded([&] {
    return list(find_optimizer(name).fields(), [](const Field& field) {
      val result = val::object();
      result.set("name", field.name);
      result.set("kind", field.kind);
      result.set("value", field.value);
      result.set("choices", strings(field.choices));
      result.set("accepted", array(field.accepted));
      return result;
    });
  });
}

// The value and the gradient.
val evaluate(const std::string& name, const val& x) {
  return guarded([&] {
    Point gradient;
    const double value = function(name)(point(x), gradient);
    return array({value, gradient[0], gradient[1]});
  });
}

val grid(const std::string& name, const val& corners, int columns, int rows) {
  return guarded([&] { return array(heights(function(name), box(corners), columns, rows)); });
}

// x, y, value of every minimum
val find_minima(const std::string& name, const val& corners) {
  return guarded([&] {
    std::vector<double> numbers;
    for (const Minimum& m : minima(function(name), box(corners)))
      numbers.insert(numbers.end(), {m.x[0], m.x[1], m.value});
    return array(numbers);
  });
}

// x, y, value of every step
val run(const std::string& name, const std::string& optimizer, const val& values, const val& start,
        int steps) {
  return guarded([&] {
    const Function& f = function(name);
    const auto fields = emscripten::vecFromJSArray<double>(values);
    std::vector<double> numbers;
    for (const Point& x : find_optimizer(optimizer).run(f, fields, point(start), steps, 1))
      numbers.insert(numbers.end(), {x[0], x[1], f(x)});
    return array(numbers);
  });
}

val row_of_ends(const std::string& name, const std::string& optimizer, const val& values, const val& corners,
                int n, int row, int steps) {
  return guarded([&] {
    const auto fields = emscripten::vecFromJSArray<double>(values);
    std::vector<double> numbers;
    for (const Point& x :
         ends(function(name), find_optimizer(optimizer), fields, box(corners), n, row, steps))
      numbers.insert(numbers.end(), {x[0], x[1]});
    return array(numbers);
  });
}

val best_rate(const std::string& name, const std::string& optimizer, const val& values, const val& start,
              int steps, double lowest) {
  return guarded([&] {
    const auto fields = emscripten::vecFromJSArray<double>(values);
    const auto trials =
        try_rates(function(name), find_optimizer(optimizer), fields, point(start), steps, lowest);
    std::vector<double> numbers;
    for (const Trial& trial : trials) numbers.insert(numbers.end(), {trial.rate, trial.value});
    val result = val::object();
    result.set("best", best_of(trials).rate);
    result.set("trials", array(numbers));
    return result;
  });
}

val coefficient_list() {
  return list(coefficient_sets(), [](const CoefficientSet& set) { return val(set.name); });
}

// The method of a set, or that of "own" coefficients a, b, c.
gradus::NewtonSchulz method_of(const std::string& set, const val& own, int steps) {
  if (set == "own") {
    return {.steps = steps,
            .coefficients = gradus::Quintic{own[0].as<double>(), own[1].as<double>(), own[2].as<double>()}};
  }
  return method_named(set, steps);
}

val newton_schulz(const std::string& kind, double condition, const std::string& set, const val& own,
                  int steps) {
  return guarded([&] {
    const Eigen::MatrixXd m = matrix_of(kind, condition);
    const gradus::NewtonSchulz method = method_of(set, own, steps);
    const Iterates found = iterates(m, method);
    std::vector<std::vector<double>> rows;
    for (int k = 0; k < method.steps; ++k) {
      const auto& [a, b, c] = method.coefficients[k];
      rows.push_back({a, b, c});
    }
    val result = val::object();
    result.set("rows", m.rows());
    result.set("cols", m.cols());
    result.set("safety", method.safety);
    result.set("matrices", list(found.matrices, [](const auto& x) { return array(x); }));
    result.set("sigmas", list(found.singular_values, [](const auto& s) { return array(s); }));
    result.set("coefficients", list(rows, [](const auto& row) { return array(row); }));
    result.set("first", list(first_steps(method), [](const FirstStep& step) {
                 val entry = val::object();
                 entry.set("name", step.name);
                 entry.set("aligned", array(step.aligned.singular_values));
                 entry.set("alignedCosine", step.aligned.cosine);
                 entry.set("rotated", array(step.rotated.singular_values));
                 entry.set("rotatedCosine", step.rotated.cosine);
                 return entry;
               }));
    return result;
  });
}

}  // namespace

EMSCRIPTEN_BINDINGS(playground) {
  emscripten::function("functions", &function_list);
  emscripten::function("describeFunction", &describe_function);
  emscripten::function("optimizers", &optimizer_list);
  emscripten::function("describeOptimizer", &describe_optimizer);
  emscripten::function("evaluate", &evaluate);
  emscripten::function("grid", &grid);
  emscripten::function("minima", &find_minima);
  emscripten::function("run", &run);
  emscripten::function("rowOfEnds", &row_of_ends);
  emscripten::function("bestRate", &best_rate);
  emscripten::function("coefficientSets", &coefficient_list);
  emscripten::function("newtonSchulz", &newton_schulz);
}
