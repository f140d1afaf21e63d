// SPDX-License-Identifier: MIT
//
// An exercise: a gradient matrix has the singular values 100, 1 and 0.01. What do SGD, Adam and Muon make of
// it? Prints the singular values of each optimizer's first step, and the cosine between the step and the
// polar factor UVᵀ of the gradient UΣVᵀ, in the basis of the singular vectors and in a rotated one.
#include <cstdio>
#include <gradus/gradus.hpp>
#include <string>

#include "theory/geometry.hpp"

int main() {
  using theory::plain_muon;
  const auto print_column = [](const theory::Step& step) {
    const Eigen::Vector3d& s = step.singular_values;
    std::printf(" %9.4f %7.4f %7.4f %7.4f", s(0), s(1), s(2), step.cosine);
  };
  const auto print_row = [&](const std::string& name, const auto& optimizer) {
    std::printf("%-28s", name.c_str());
    print_column(theory::first_step(optimizer, theory::aligned_gradient()));
    std::printf("   ");
    print_column(theory::first_step(optimizer, theory::rotated_gradient()));
    std::printf("\n");
  };

  std::printf("%-28s %33s    %34s\n", "", "basis of the singular vectors", "rotated basis");
  std::printf("%-28s %9s %7s %7s %7s    %9s %7s %7s %7s\n", "first step of", "s1", "s2", "s3", "cosine", "s1",
              "s2", "s3", "cosine");
  print_row("SGD", gradus::SGD{});
  print_row("Adam", gradus::Adam{});
  print_row("Muon, exact", gradus::BasicMuon<gradus::ExactPolar>{});
  print_row("Muon, Jordan x 5", plain_muon({}));
  print_row("Muon, Jordan x 8", plain_muon({.steps = 8}));
  print_row("Muon, Polar Express x 5", plain_muon(gradus::polar_express()));
  print_row("Muon, convergent x 10", plain_muon({.steps = 10, .coefficients = gradus::quintics::convergent}));
  print_row("Muon, cubic x 10", plain_muon({.steps = 10, .coefficients = gradus::quintics::cubic}));
  print_row("Muon, cubic x 25", plain_muon({.steps = 25, .coefficients = gradus::quintics::cubic}));
  print_row("Scion, Frobenius norm", theory::descent_under(gradus::FrobeniusNorm{}));
  print_row("Scion, nuclear norm", theory::descent_under(gradus::NuclearNorm{}));
  print_row("Scion, longest column", theory::descent_under(gradus::OneToTwoNorm{}));
  print_row("Scion, longest row", theory::descent_under(gradus::TwoToMaxNorm{}));
  std::printf(
      "\nSGD moves by the singular values: 10000 times less along the weakest direction than along the\n"
      "strongest. Adam takes the sign of every entry: right in the basis of the singular vectors by "
      "accident,\n"
      "and a matrix of ones, of rank one, in the other. Muon moves alike in all directions and in every "
      "basis,\n"
      "as far as its Newton-Schulz steps lift small singular values. If a weak direction is noise, that too\n"
      "is lifted. Each is a norm's steepest descent: SGD's direction is the Frobenius norm's, Adam's that of "
      "the\n"
      "largest entry, Muon's the spectral norm's. Under the nuclear norm the strongest direction is all, "
      "under\n"
      "that of the longest column or row nearly all.\n");
}
