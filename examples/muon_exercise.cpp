// SPDX-License-Identifier: MIT
//
// An exercise: a gradient matrix has the singular values 100, 1 and 0.01. What do SGD, Adam and Muon make of
// it? Prints the singular values of each optimizer's first step, and the cosine between the step and the
// polar factor UVᵀ of the gradient UΣVᵀ, in the basis of the singular vectors and in a rotated one.
#include <cmath>
#include <cstdio>
#include <gradus/gradus.hpp>
#include <string>

using Matrix = Eigen::Matrix3d;

// The rotation by `angle` in the plane of two coordinates.
Matrix rotation(int i, int j, double angle) {
  Matrix r = Matrix::Identity();
  r(i, i) = r(j, j) = std::cos(angle);
  r(j, i) = std::sin(angle);
  r(i, j) = -r(j, i);
  return r;
}

// One step from zero, with learning rate 1 and without the sign.
template <class Optimizer>
Matrix first_step(Optimizer optimizer, const Matrix& gradient) {
  optimizer.learning_rate = 1;
  optimizer.weight_decay = 0;
  Matrix parameters = Matrix::Zero();
  auto state = optimizer.init(parameters);
  optimizer.step(parameters, gradient, state);
  return -parameters;
}

int main() {
  const Matrix u = rotation(0, 1, 0.5) * rotation(1, 2, 0.7) * rotation(0, 2, 0.3);
  const Matrix v = rotation(0, 2, 0.4) * rotation(0, 1, 0.9) * rotation(1, 2, 0.2);
  const Matrix sigma = Eigen::Vector3d(100, 1, 0.01).asDiagonal();

  const auto print_column = [](const Matrix& step, const Matrix& polar) {
    const Eigen::Vector3d s = Eigen::JacobiSVD<Matrix>(step).singularValues();
    const double cosine = step.cwiseProduct(polar).sum() / (step.norm() * polar.norm());
    std::printf(" %9.4f %7.4f %7.4f %7.4f", s(0), s(1), s(2), cosine);
  };
  const auto print_row = [&](const std::string& name, const auto& optimizer) {
    std::printf("%-28s", name.c_str());
    print_column(first_step(optimizer, sigma), Matrix::Identity());
    std::printf("   ");
    print_column(first_step(optimizer, u * sigma * v.transpose()), u * v.transpose());
    std::printf("\n");
  };
  const auto muon = [](const gradus::NewtonSchulz& method) {
    return gradus::Muon{.momentum = 0, .orthogonalizer = method};
  };

  std::printf("%-28s %33s    %34s\n", "", "basis of the singular vectors", "rotated basis");
  std::printf("%-28s %9s %7s %7s %7s    %9s %7s %7s %7s\n", "first step of", "s1", "s2", "s3", "cosine", "s1",
              "s2", "s3", "cosine");
  print_row("SGD", gradus::SGD{});
  print_row("Adam", gradus::Adam{});
  print_row("Muon, exact", gradus::BasicMuon<gradus::ExactPolar>{});
  print_row("Muon, Jordan x 5", muon({}));
  print_row("Muon, Jordan x 8", muon({.steps = 8}));
  print_row("Muon, Polar Express x 5", muon(gradus::polar_express()));
  print_row("Muon, convergent x 10", muon({.steps = 10, .coefficients = gradus::quintics::convergent}));
  print_row("Muon, cubic x 10", muon({.steps = 10, .coefficients = gradus::quintics::cubic}));
  print_row("Muon, cubic x 25", muon({.steps = 25, .coefficients = gradus::quintics::cubic}));
  std::printf(
      "\nSGD moves by the singular values: 10000 times less along the weakest direction than along the\n"
      "strongest. Adam takes the sign of every entry: right in the basis of the singular vectors by "
      "accident,\n"
      "and a matrix of ones, of rank one, in the other. Muon moves alike in all directions and in every "
      "basis,\n"
      "as far as its Newton-Schulz steps lift small singular values. If a weak direction is noise, that too\n"
      "is lifted.\n");
}
