// SPDX-License-Identifier: MIT
//
// The optimizers of the page as a program of this machine, to compare numbers with. Every line of the input
// is a run, "FUNCTION;X;Y;STEPS;OPTIMIZER;FIELD=VALUE;..."; of each a line is printed with the coordinates of
// all its points, or the error.
#include <cstdio>
#include <iostream>
#include <sstream>

#include "optimizer.hpp"

namespace {

using namespace playground;

std::vector<std::string> split(const std::string& line) {
  std::vector<std::string> parts;
  std::istringstream stream(line);
  for (std::string part; std::getline(stream, part, ';');) parts.push_back(part);
  return parts;
}

std::vector<Point> run(const std::vector<std::string>& request) {
  const Optimizer& optimizer = find_optimizer(request.at(4));
  const std::vector<Field> fields = optimizer.fields();
  std::vector<double> values = optimizer.defaults();
  for (std::size_t i = 5; i < request.size(); ++i) {
    const auto equals = request[i].find('=');
    const auto field = std::find_if(fields.begin(), fields.end(),
                                    [&](const Field& f) { return f.name == request[i].substr(0, equals); });
    if (equals == std::string::npos || field == fields.end())
      throw std::invalid_argument(optimizer.name + " has no field for '" + request[i] + "'");
    values[static_cast<std::size_t>(field - fields.begin())] = std::stod(request[i].substr(equals + 1));
  }
  return optimizer.run(find_function(request[0]), values, {std::stod(request[1]), std::stod(request[2])},
                       std::stoi(request[3]), 1);
}

}  // namespace

int main() {
  for (std::string line; std::getline(std::cin, line);) {
    try {
      for (const Point& x : run(split(line))) std::printf("%.17g %.17g ", x[0], x[1]);
      std::printf("\n");
    } catch (const std::exception& error) {
      std::printf("%s\n", error.what());
    }
  }
}
