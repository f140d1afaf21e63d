// SPDX-License-Identifier: MIT
//
// The loss and the gradient of the language model of examples/gpt are PyTorch's: reference/gpt.py.
#include <gradus/core/for_each_block.hpp>
#include <gradus/gradients/clip.hpp>
#include <gradus/io/checkpoint.hpp>
#include <sstream>

#include "../../examples/gpt/loss.hpp"
#include "catch.hpp"

using namespace gpt;

namespace {

std::vector<int> numbers(const std::string& text) {
  std::istringstream stream(text);
  return {std::istream_iterator<int>(stream), {}};
}

}  // namespace

TEST_CASE("the language model has PyTorch's loss and gradient") {
  const std::string folder = GRADUS_TEST_DATA "/torch/";
  const Configuration sizes{9, 5, 2, 2, 6};
  Model<double> model = random_model<double>(sizes, 0), expected = model, gradient = model;
  const auto metadata = gradus::io::load_parameters(folder + "gpt.safetensors", model);
  gradus::io::load_parameters(folder + "gpt-gradient.safetensors", expected);
  const Batch batch{numbers(metadata.at("inputs")), numbers(metadata.at("targets"))};
  Loss<double>::set_zero(gradient);
  const double loss = Loss<double>(sizes, 3, 1)(model, batch, gradient);
  CHECK(std::abs(loss - std::stod(metadata.at("loss"))) < 1e-12);
  const double size = gradus::norm(expected);
  CHECK(size > 0.1);
  gradus::for_each_block([](auto& x, const auto& y) { x -= y; }, gradient, std::as_const(expected));
  CHECK(gradus::norm(gradient) < 1e-12 * size);
}
