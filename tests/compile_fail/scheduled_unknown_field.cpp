// expect: neither this optimizer nor one inside it has that field
// SPDX-License-Identifier: MIT
#include <gradus/optimizers/adam.hpp>
#include <gradus/optimizers/adamw.hpp>
#include <gradus/schedules/constant.hpp>
#include <gradus/wrappers/lookahead.hpp>
#include <gradus/wrappers/scheduled.hpp>

void test(Eigen::VectorXd& x) {
  const auto optimizer = gradus::scheduled<&gradus::Adam::learning_rate>(gradus::lookahead(gradus::AdamW{}),
                                                                         gradus::Constant{0.1});
  auto state = optimizer.init(x);
}
