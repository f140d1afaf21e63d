// SPDX-License-Identifier: MIT
//
// Draws the ways of four optimizers over the contours of the Styblinski-Tang function, as SVG on the standard
// output: `figure > figure.svg`. To be read from top to bottom: paths, contours, optimizers, page.
#include <cmath>
#include <cstdio>
#include <gradus/objectives/separable_minima.hpp>
#include <gradus/optimizers/adam.hpp>
#include <gradus/optimizers/momentum.hpp>
#include <gradus/optimizers/muon.hpp>
#include <gradus/optimizers/sgd.hpp>
#include <string>
#include <vector>

using Point = Eigen::Vector2d;
using Points = std::vector<Point>;

const gradus::StyblinskiTang f;

// 1. A path in the plane as SVG writes it, in hundredths of a unit, without points that hardly differ.

std::string path(const Points& points) {
  std::string text;
  Eigen::Vector2i last{0, 0};
  for (const Point& point : points) {
    const Eigen::Vector2i here = (100 * point).array().round().cast<int>(), by = here - last;
    if (!text.empty() && by.squaredNorm() < 4) continue;
    text += text.empty() ? 'M' : 'l';
    text.append(std::to_string(by.x())).append(" ").append(std::to_string(by.y()));
    last = here;
  }
  return text;
}

// 2. The contours: from each point of a scan where the function takes the value, along the curve on which it
// keeps it. Every contour encloses a point where the gradient is zero, so the scan passes through those
// alone.

Points contour(const Point& start, double value) {
  constexpr double step = 0.16;
  Points points{start};
  Point gradient, x = start;
  do {
    f(x, gradient);
    x += step * Point(-gradient.y(), gradient.x()).normalized();
    for (int newton = 0; newton < 3; ++newton) {
      const double above = f(x, gradient) - value;
      x -= above / gradient.squaredNorm() * gradient;
    }
    points.push_back(x);
  } while (points.size() < 4 || (x - start).norm() > step);
  return points;
}

std::vector<Points> contours(double value) {
  constexpr double critical[] = {-2.903534, 0.156731, 2.746803}, step = 0.01;
  std::vector<Points> found;
  Point gradient;
  for (const double y : critical) {
    for (Point x{-6, y}; x.x() < 6; x.x() += step) {
      const Point next{x.x() + step, y};
      const double before = f(x, gradient) - value, after = f(next, gradient) - value;
      if ((before < 0) == (after < 0)) continue;
      const Point start = x + before / (before - after) * (next - x);
      bool is_new = true;
      for (const Points& points : found) {
        for (const Point& point : points) is_new = is_new && (point - start).norm() > 0.1;
      }
      if (is_new) found.push_back(contour(start, value));
    }
  }
  return found;
}

// 3. The optimizers. Their learning rates fall to 0, linearly.

struct Way {
  std::string name, colour;
  Points points = {};
};

template <class Optimizer>
Way way(const std::string& colour, Optimizer optimizer) {
  constexpr int steps = 400;
  const double peak = optimizer.learning_rate;
  Way way{std::string(optimizer.name()), colour};
  Point x{4.1, 4.5}, gradient;
  auto state = optimizer.init(x);
  way.points.push_back(x);
  for (int t = 0; t < steps; ++t) {
    f(x, gradient);
    optimizer.learning_rate = peak * (1 - t / double(steps));
    optimizer.step(x, gradient, state);
    way.points.push_back(x);
  }
  return way;
}

std::vector<Way> ways() {
  using namespace gradus;
  return {way("#f76707", Momentum{.learning_rate = 0.0012, .momentum = 0.98}),
          way("#be4bdb", Muon{.learning_rate = 0.18, .weight_decay = 0}),
          way("#0ca678", Adam{.learning_rate = 0.4}), way("#228be6", SGD{.learning_rate = 0.002})};
}

// 4. The page. Its colours stand out from white and from black, and it has no background of its own.

int main() {
  std::puts(R"svg(<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1420 1060" fill="none">
<title>Ways of four optimizers over the Styblinski-Tang function, from (4.1, 4.5)</title>
<svg width="1060" height="1060" viewBox="-530 -530 1060 1060">
<g transform="scale(1-1)" stroke-linejoin="round" stroke-linecap="round">
<g fill="#4c7bb0" fill-opacity=".065" fill-rule="evenodd" stroke="#7f93ab" stroke-opacity=".6" stroke-width="1.5">)svg");
  for (double value = -72; value <= 84; value += 12) {
    std::printf("<path d=\"");
    for (const Points& points : contours(value)) std::printf("%sz", path(points).c_str());
    std::puts("\"/>");
  }
  std::puts("</g>");
  for (const Way& way : ways()) {
    std::printf("<path stroke=\"%s\" stroke-width=\"6\" d=\"%s\"/>\n", way.colour.c_str(),
                path(way.points).c_str());
  }
  for (const Way& way : ways()) {
    const Point& end = way.points.back();
    std::printf("<circle cx=\"%.0f\" cy=\"%.0f\" r=\"11\" fill=\"%s\" stroke=\"#fff\" stroke-width=\"3\"/>\n",
                100 * end.x(), 100 * end.y(), way.colour.c_str());
  }
  std::puts(R"svg(<circle cx="410" cy="450" r="11" fill="#868e96" stroke="#fff" stroke-width="3"/>
</g></svg>
<g font-family="sans-serif" font-size="38">)svg");
  int line = 0;
  for (const Way& way : ways()) {
    const int y = 130 + 70 * line++;
    std::printf("<path stroke=\"%s\" stroke-width=\"8\" d=\"M1110 %dh50\"/>", way.colour.c_str(), y - 12);
    std::printf("<text x=\"1180\" y=\"%d\" fill=\"%s\">%s</text>\n", y, way.colour.c_str(), way.name.c_str());
  }
  std::puts("</g></svg>");
}
