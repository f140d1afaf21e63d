// SPDX-License-Identifier: MIT
//
// The tests of several processes: every rank runs all cases, in the same order.
#define CATCH_CONFIG_RUNNER
#include <gradus/distributed/session.hpp>

#include "catch.hpp"
#if __has_include(<catch2/catch_session.hpp>)
#include <catch2/catch_session.hpp>
#endif

namespace gradus_test {

gradus::mpi::Communicator* all_ranks = nullptr;  // declared in ranks.hpp

}  // namespace gradus_test

int main(int argc, char** argv) {
  return gradus::mpi::run(argc, argv, [&](gradus::mpi::Communicator& ranks) {
    gradus_test::all_ranks = &ranks;
    return Catch::Session().run(argc, argv);
  });
}
