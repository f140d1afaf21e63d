// SPDX-License-Identifier: MIT
//
// The list of the page as a program of this machine, to compare numbers with. Every line of the input is a
// run, "FUNCTION;X;Y;STEPS;OPTIMIZER;FIELD=VALUE;..."; of each a line is printed with the coordinates of all
// its points, or the error. Without input, with --list, it prints the functions and the optimizers.
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

int main(int argc, char** argv) {
  if (argc == 2 && std::string(argv[1]) == "--list") {
    for (const Function& f : functions()) std::printf("%s\n", f.name.c_str());
    for (const Optimizer& o : optimizers()) {
      std::printf("%s\n", o.name.c_str());
      for (const Field& field : o.fields()) {
        std::printf("  %s %s %.17g", field.name.c_str(), field.kind.c_str(), field.value);
        for (const std::string& choice : field.choices) std::printf(" %s", choice.c_str());
        for (const double number : field.accepted) std::printf(" %g", number);
        std::printf("\n");
      }
    }
    return 0;
  }
  for (std::string line; std::getline(std::cin, line);) {
    try {
      for (const Point& x : run(split(line))) std::printf("%.17g %.17g ", x[0], x[1]);
      std::printf("\n");
    } catch (const std::exception& error) {
      std::printf("%s\n", error.what());
    }
  }
}
