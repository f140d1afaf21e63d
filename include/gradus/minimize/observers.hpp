// SPDX-License-Identifier: MIT
//
// Observers for `minimize`: recording, printing, a progress bar.
#pragma once

#include <algorithm>
#include <cstdint>
#include <gradus/core/checks.hpp>
#include <iomanip>
#include <ostream>
#include <string>
#include <vector>

namespace GRADUS_NAMESPACE {

/// Records every point and value of a run: `Trajectory<Eigen::Vector2d> path; minimize(f, x0, adam, {},
/// path);`
template <class X>
struct Trajectory {
  std::vector<X> points;       ///< start first
  std::vector<double> values;  ///< f of the points

  /// As an observer of `minimize`.
  template <class Progress>
  void operator()(const Progress& progress) {
    points.push_back(progress.x);
    values.push_back(progress.value);
  }
};

/// Prints step and value every `period` ≥ 1 steps: `PrintEvery{100, std::cout}`.
struct PrintEvery {
  std::int64_t period;  ///< ≥ 1
  std::ostream& out;    ///< must outlive this

  /// As an observer of `minimize`.
  template <class Progress>
  void operator()(const Progress& progress) const {
    require_at_least("PrintEvery", "period", period, 1);
    if (progress.step % period != 0) return;
    out << "step " << std::setw(8) << progress.step << "  value " << progress.value << '\n';
  }
};

/// A bar that fills as steps are taken, redrawn on one line when its percentage changes. For a terminal:
/// whether the stream is one is the caller's to know. `ProgressBar bar{total_steps, std::cerr};`
struct ProgressBar {
  std::int64_t total;      ///< steps of the whole run, at least 1
  std::ostream& out;       ///< must outlive this
  std::string label{};     ///< stands before the bar
  int width = 40;          ///< characters of the bar
  int shown_percent = -1;  ///< what the bar stands at; −1 before it is drawn

  /// As an observer of `minimize`.
  template <class Progress>
  void operator()(const Progress& progress) {
    show(progress.step, progress.value);
  }

  /// For a loop of one's own: `step` of `total` are done, and this is the value now.
  void show(std::int64_t step, double value) {
    require_at_least("ProgressBar", "total", total, 1);
    const int percent = static_cast<int>(100 * std::clamp(step, std::int64_t{0}, total) / total);
    if (percent == shown_percent) return;
    shown_percent = percent;
    const auto filled = static_cast<std::size_t>(width * percent / 100);
    out << '\r' << label << " [" << std::string(filled, '#')
        << std::string(static_cast<std::size_t>(width) - filled, '.') << "] " << std::setw(3) << percent
        << "%  value " << value << "      ";
    if (percent == 100) out << '\n';
    out.flush();
  }
};

}  // namespace GRADUS_NAMESPACE
