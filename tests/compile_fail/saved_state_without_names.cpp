// expect-only: gradus: this state does not name its fields, so they cannot be saved: write GRADUS_STATE(m, v)
// SPDX-License-Identifier: MIT
#include <gradus/io/entries.hpp>
#include <gradus/wrappers/lookahead.hpp>

struct Mine {
  struct State {
    Eigen::MatrixXd m;
  };
  State init(const Eigen::MatrixXd& params) const { return {params}; }
  void step(Eigen::MatrixXd& params, const Eigen::MatrixXd& gradient, State&) const { params -= gradient; }
};

// What `save` and `load` begin with.
auto test(const Eigen::MatrixXd& params) {
  return gradus::io::detail::entries_of(params, gradus::lookahead(Mine{}).init(params));
}
