// SPDX-License-Identifier: MIT
//
// A law: save, load in another process, and go on with the same bits. `io.resume` saves and loads, then
// `io.resume_in_another_process` runs the same tests with the files that it has left.
#include "io/resume.hpp"

#include "optimizers.hpp"

using namespace gradus;
using namespace gradus_test;

TEST_CASE("every optimizer goes on from its file with the same bits") {
  for_each_optimizer([](const Entry& entry) {
    for (const auto& [variant, optimizer] : entry.variants) {
      check_on_trees(entry.name + '-' + variant, optimizer);
    }
    check_on_trees(entry.name, entry.usual);
    check_on_tree<Eigen::bfloat16>(entry.name, entry.usual);
  });
}

TEST_CASE("optimizers of half go on from their files with the same bits") {
  check_on_tree<Eigen::half>("AdamW", AdamW{});
  check_on_tree<Eigen::half>("Muon", Muon{});
}
