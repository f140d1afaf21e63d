// SPDX-License-Identifier: MIT
//
// Observers for `minimize`: recording, printing, a progress bar.
#pragma once

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <gradus/core/checks.hpp>
#include <iomanip>
#include <ostream>
#include <string>
#include <utility>
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

/// A bar that fills as steps are taken, with the steps a second and the time left, redrawn on one line when
/// its percentage changes or a second has passed. For a terminal: whether the stream is one is the caller's
/// to know. `ProgressBar bar{total_steps, std::cerr};`
class ProgressBar {
 public:
  /// Of `total` ≥ 1 steps, on a stream that must outlive this; `label` stands before the bar of `width`
  /// characters.
  ProgressBar(std::int64_t total, std::ostream& out, std::string label = {}, int width = 40)
      : total_(total), out_(&out), label_(std::move(label)), width_(width) {
    require_at_least("ProgressBar", "total", total, 1);
    require_at_least("ProgressBar", "width", width, 1);
  }

  /// As an observer of `minimize`.
  template <class Progress>
  void operator()(const Progress& progress) {
    show(progress.step, progress.value);
  }

  /// For a loop of one's own: `step` of `total` are done, and this is the value now. The first call starts
  /// the clock, also that of a run that goes on from a checkpoint.
  void show(std::int64_t step, double value) {
    const auto now = std::chrono::steady_clock::now();
    const auto since = [&](auto then) { return std::chrono::duration<double>(now - then).count(); };
    const int percent = static_cast<int>(100 * std::clamp(step, std::int64_t{0}, total_) / total_);
    if (first_step_ < 0) first_step_ = step, began_ = now;
    if (percent == shown_percent_ && since(shown_at_) < 1) return;
    shown_percent_ = percent, shown_at_ = now;

    const auto filled = static_cast<std::size_t>(width_ * percent / 100);
    *out_ << '\r' << label_ << " [" << std::string(filled, '#')
          << std::string(static_cast<std::size_t>(width_) - filled, '.') << "] " << std::setw(3) << percent
          << "%  value " << value;
    const double seconds = since(began_), done = static_cast<double>(step - first_step_);
    if (done > 0 && seconds > 0) {
      const double left = static_cast<double>(total_ - step) * seconds / done;
      *out_ << "  " << done / seconds << " steps/s  " << time_text(left) << " left";
    }
    *out_ << "      " << (percent == 100 ? "\n" : "");
    out_->flush();
  }

 private:
  // "1:02:03", "2:03", "0:03".
  static std::string time_text(double seconds) {
    const std::int64_t total = std::llround(seconds);
    const auto two_digits = [](std::int64_t n) { return (n < 10 ? "0" : "") + std::to_string(n); };
    const std::int64_t hours = total / 3600, minutes = total / 60 % 60;
    return (hours > 0 ? std::to_string(hours) + ':' + two_digits(minutes) : std::to_string(minutes)) + ':' +
           two_digits(total % 60);
  }

  std::int64_t total_;
  std::ostream* out_;
  std::string label_;
  int width_;
  int shown_percent_ = -1;
  std::int64_t first_step_ = -1;
  std::chrono::steady_clock::time_point began_{}, shown_at_{};
};

}  // namespace GRADUS_NAMESPACE
