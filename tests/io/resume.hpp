// SPDX-License-Identifier: MIT
//
// Runs that are saved half-way, and go on from their files.
#pragma once

#include <cstdlib>
#include <gradus/gradus.hpp>
#include <gradus/io/checkpoint.hpp>

#include "catch.hpp"
#include "problem.hpp"

namespace gradus_test {

/// Steps to the file, and again to the end: seven, so that wrappers with periods of two and three are amid
/// one.
inline constexpr int half_way = 7;

/// The bytes of parameters and a state as they would be saved.
template <class P, class State>
std::vector<char> bytes_of(const P& params, const State& state) {
  std::vector<char> bytes;
  for (const auto& entry : gradus::io::detail::entries_of(params, state).views) {
    gradus::io::send(entry.view, [&](const void* from, std::size_t size) {
      const char* first = static_cast<const char*>(from);
      bytes.insert(bytes.end(), first, first + size);
    });
  }
  return bytes;
}

/// A run of its own up to a file, and another one that goes on from it, have the bits of an uninterrupted
/// one: parameters, solution, and all of the state. `params` are the start, and `others` a tree of the same
/// shapes with other values. With GRADUS_TEST_RESUME in the environment nothing is saved: the files are those
/// that an earlier process has left.
template <class O, class P>
void check_resumes(const std::string& name, const O& optimizer, P&& params, P&& others) {
  INFO(name);
  const auto path = std::filesystem::path(GRADUS_TEST_WRITTEN) / "resume" / (name + ".safetensors");
  auto state = optimizer.init(params);
  run(optimizer, params, state, 1, half_way);
  if (std::getenv("GRADUS_TEST_RESUME") == nullptr) {
    create_directories(path.parent_path());
    gradus::io::save(path, params, optimizer, state, {{"name", name}});
  }
  auto resumed = optimizer.init(others);
  const auto found = gradus::io::load(path, others, optimizer, resumed);
  CHECK(found.metadata == gradus::io::Metadata{{"name", name}});
  CHECK(found.changed.empty());
  for (const int last : {half_way, 2 * half_way}) {
    if (last > half_way) {
      run(optimizer, params, state, half_way + 1, last);
      run(optimizer, others, resumed, half_way + 1, last);
    }
    CHECK(bytes_of(params, state) == bytes_of(others, resumed));
  }
}

inline const Shapes shapes_with_empty{{4, 3}, {3, 1}, {0, 2}, {2, 4}};

template <class Scalar>
inline constexpr const char* name_of = "double";
template <>
inline constexpr const char* name_of<float> = "float";
template <>
inline constexpr const char* name_of<Eigen::half> = "half";
template <>
inline constexpr const char* name_of<Eigen::bfloat16> = "bfloat16";

template <class Scalar, class O>
void check_on_tree(const std::string& name, const O& optimizer) {
  auto start = make_tree<Scalar>(shapes_with_empty), others = start;
  for (auto& leaf : others) leaf.setConstant(Scalar(0.25));
  check_resumes(name + '-' + name_of<Scalar>, optimizer, start, others);
}

template <class O>
void check_on_trees(const std::string& name, const O& optimizer) {
  check_on_tree<double>(name, optimizer);
  check_on_tree<float>(name, optimizer);
}

}  // namespace gradus_test
