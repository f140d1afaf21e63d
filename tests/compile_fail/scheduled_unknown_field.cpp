// expect: neither this optimizer nor one inside it has that field
// SPDX-License-Identifier: MIT
#include <gradus/gradus.hpp>

void test(Eigen::VectorXd& x) {
  const auto optimizer = gradus::scheduled<&gradus::Adam::learning_rate>(gradus::lookahead(gradus::AdamW{}),
                                                                         gradus::Constant{0.1});
  auto state = optimizer.init(x);
}
