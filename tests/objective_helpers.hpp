// SPDX-License-Identifier: MIT
//
// What the tests of objectives share.
#pragma once

#include <gradus/objectives/objectives.hpp>
#include <stdexcept>
#include <string>
#include <vector>

#include "catch.hpp"

namespace gradus_test {

// Calls `body(f, d, random)` for every test function in every one of some dimensions that it accepts.
template <class Body>
void for_each_function_and_dimension(Body body) {
  gradus::for_each_test_function([&](const auto& f) {
    using F = std::remove_cvref_t<decltype(f)>;
    gradus::PortableRandom random(2024);
    for (Eigen::Index d : {1, 2, 3, 4, 5, 8}) {
      if (!gradus::test_functions::accepts<F>(d)) continue;
      INFO(F::name << " in " << d << " dimensions");
      body(f, d, random);
    }
  });
}

template <class F>
Eigen::VectorXd random_point(const F&, Eigen::Index d, gradus::PortableRandom& random) {
  const gradus::Domain domain = F::domain(d);
  const Eigen::VectorXd unit = (random.matrix(d, 1).array() + 1) / 2;
  return domain.lower + unit.cwiseProduct(domain.upper - domain.lower);
}

// Points all over the domain, and some around the start, where the flattest functions are not flat.
template <class F>
std::vector<Eigen::VectorXd> random_points(const F& f, Eigen::Index d, gradus::PortableRandom& random) {
  const Eigen::VectorXd size = F::domain(d).upper - F::domain(d).lower;
  std::vector<Eigen::VectorXd> points;
  points.reserve(25);
  for (int i = 0; i < 20; ++i) points.push_back(random_point(f, d, random));
  for (int i = 0; i < 5; ++i) points.push_back(f.start(d) + 0.01 * size.cwiseProduct(random.matrix(d, 1)));
  return points;
}

// What an std::invalid_argument that `call` throws says.
template <class Call>
std::string message_of(Call call) {
  try {
    call();
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "nothing was thrown";
}

}  // namespace gradus_test
