// expect: this optimizer looks at the whole tree
// SPDX-License-Identifier: MIT
#include <gradus/distributed/part.hpp>
#include <gradus/optimizers/prodigy.hpp>
#include <gradus/wrappers/lookahead.hpp>

void test(const Eigen::VectorXd& x) { gradus::mpi::make_plan(gradus::lookahead(gradus::Prodigy{}), x, 2); }
