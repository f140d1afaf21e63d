// SPDX-License-Identifier: MIT
//
// The parts of the list of optimizers.
#pragma once

#include "optimizers.hpp"

namespace gradus_test {

std::vector<Entry> first_order();
std::vector<Entry> adaptive();
std::vector<Entry> others();
std::vector<Entry> adam_relatives();
std::vector<Entry> averaging();
std::vector<Entry> layerwise();
std::vector<Entry> curvature();
std::vector<Entry> muon();
std::vector<Entry> geometry();

}  // namespace gradus_test
