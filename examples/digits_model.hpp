// SPDX-License-Identifier: MIT
//
// A small neural network that reads handwritten digits: the data, the model, the loss and its gradient. To be
// read from top to bottom.
#pragma once

#include <algorithm>
#include <cmath>
#include <fstream>
#include <gradus/core/tree.hpp>
#include <numeric>
#include <random>
#include <sstream>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace digits {

using Eigen::Index;
using Matrix = Eigen::MatrixXf;
using Vector = Eigen::VectorXf;
using Random = std::mt19937;  // used without the distributions of <random>, which differ between platforms

// 1. The data: one image a column, 64 grey values from 0 to 1, and the digit that it shows.

struct Dataset {
  Matrix images;
  std::vector<Index> digits;

  Index size() const { return images.cols(); }
};

inline Dataset read_digits(const std::string& path) {
  std::ifstream file(path);
  if (!file) throw std::runtime_error("cannot open the images '" + path + "'; --data names another file");
  std::vector<float> values;
  for (std::string line; std::getline(file, line);) {
    std::replace(line.begin(), line.end(), ',', ' ');
    std::istringstream numbers(line);
    for (float value = 0; numbers >> value;) values.push_back(value);
    if (values.size() % 65 != 0 || !numbers.eof()) {
      throw std::runtime_error("'" + path + "': not every line holds 65 numbers");
    }
  }
  if (values.empty()) throw std::runtime_error("'" + path + "' is empty");
  const Eigen::Map<const Matrix> table(values.data(), 65, static_cast<Index>(values.size() / 65));
  Dataset data{table.topRows(64) / 16, {}};
  for (Index i = 0; i < table.cols(); ++i) {
    const float digit = table(64, i);
    if (!(digit >= 0 && digit <= 9))
      throw std::runtime_error("'" + path + "': not every line ends in a digit");
    data.digits.push_back(static_cast<Index>(digit));
  }
  return data;
}

inline std::vector<Index> shuffled_indices(Index n, Random& random) {
  std::vector<Index> order(static_cast<std::size_t>(n));
  std::iota(order.begin(), order.end(), Index{0});
  for (std::size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[random() % i]);
  return order;
}

template <class Iterator>
Dataset select(const Dataset& data, Iterator first, Iterator last) {
  Dataset chosen{Matrix(data.images.rows(), last - first), {}};
  for (; first != last; ++first) {
    chosen.images.col(static_cast<Index>(chosen.digits.size())) = data.images.col(*first);
    chosen.digits.push_back(data.digits[static_cast<std::size_t>(*first)]);
  }
  return chosen;
}

struct Digits {
  Dataset training, test;
};

// Each fifth image of a fixed shuffle is kept for the test.
inline Digits split(const Dataset& data) {
  Random random(1998);
  const std::vector<Index> order = shuffled_indices(data.size(), random);
  std::vector<Index> training, test;
  for (std::size_t i = 0; i < order.size(); ++i) (i % 5 == 4 ? test : training).push_back(order[i]);
  return {select(data, training.begin(), training.end()), select(data, test.begin(), test.end())};
}

// 2. The model: three layers. The macro makes it a tree of parameters; its gradient is kept in the same type.

struct Mlp {
  Matrix w1, w2, w3;
  Vector b1, b2, b3;
  GRADUS_LEAVES(w1, b1, w2, b2, w3, b3)
};

inline Mlp random_mlp(Random& random) {
  const auto layer = [&](Index outputs, Index inputs) {
    // He's initialisation: uniform, of variance 2 / inputs.
    const float limit = std::sqrt(6.0F / static_cast<float>(inputs));
    Matrix w(outputs, inputs);
    for (float& x : w.reshaped()) x = limit * (static_cast<float>(random() >> 8) / 8388608.0F - 1);
    return w;
  };
  Mlp model;
  model.w1 = layer(128, 64), model.b1 = Vector::Zero(128);
  model.w2 = layer(64, 128), model.b2 = Vector::Zero(64);
  model.w3 = layer(10, 64), model.b3 = Vector::Zero(10);
  return model;
}

// What each layer makes of the images; `scores` are the logarithms of the odds, up to a constant.
struct Activations {
  Matrix hidden1, hidden2, scores;
};

inline Activations forward(const Mlp& model, const Matrix& images) {
  Activations a;
  a.hidden1 = ((model.w1 * images).colwise() + model.b1).cwiseMax(0);
  a.hidden2 = ((model.w2 * a.hidden1).colwise() + model.b2).cwiseMax(0);
  a.scores = (model.w3 * a.hidden2).colwise() + model.b3;
  return a;
}

inline double accuracy(const Mlp& model, const Dataset& data) {
  const Matrix scores = forward(model, data.images).scores;
  Index correct = 0;
  for (Index i = 0; i < data.size(); ++i) {
    Index best = 0;
    scores.col(i).maxCoeff(&best);
    if (best == data.digits[static_cast<std::size_t>(i)]) ++correct;
  }
  return static_cast<double>(correct) / static_cast<double>(data.size());
}

// 3. The loss: mean cross-entropy of the softmax of the scores. Its gradient follows from the chain rule,
// from the last layer to the first: `delta` is the derivative by what a layer computes before its ReLU.

inline double loss(const Mlp& model, const Dataset& batch, Mlp& gradient) {
  const Activations a = forward(model, batch.images);
  const auto n = static_cast<float>(batch.size());
  double total = 0;
  Matrix delta(a.scores.rows(), a.scores.cols());
  for (Index i = 0; i < batch.size(); ++i) {
    const Index digit = batch.digits[static_cast<std::size_t>(i)];
    // Shifted by the largest, so that exp cannot overflow.
    const Vector shifted = a.scores.col(i).array() - a.scores.col(i).maxCoeff();
    const Vector odds = shifted.array().exp();
    total += std::log(odds.sum()) - shifted[digit];
    delta.col(i) = odds / (odds.sum() * n);
    delta(digit, i) -= 1 / n;
  }
  gradient.w3.noalias() = delta * a.hidden2.transpose();
  gradient.b3 = delta.rowwise().sum();

  delta = (model.w3.transpose() * delta).eval().cwiseProduct(a.hidden2.cwiseSign());
  gradient.w2.noalias() = delta * a.hidden1.transpose();
  gradient.b2 = delta.rowwise().sum();

  delta = (model.w2.transpose() * delta).eval().cwiseProduct(a.hidden1.cwiseSign());
  gradient.w1.noalias() = delta * batch.images.transpose();
  gradient.b1 = delta.rowwise().sum();
  return total / n;
}

}  // namespace digits
