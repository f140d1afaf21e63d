// SPDX-License-Identifier: MIT
//
// The file of all runs. What stands there is not run again.
#pragma once

#include <filesystem>
#include <fstream>
#include <mutex>
#include <optional>
#include <sstream>

#include "run.hpp"

namespace comparison {

/// A table of runs, a line for each: a comment that says what they have in common, the names of the columns,
/// the runs. Every line is written when its run has ended; a line that was cut off is dropped when the file
/// is opened again. May be used by several threads, but by one program at a time.
class Records {
 public:
  /// Throws `std::runtime_error` if the file has runs of other settings.
  Records(const std::filesystem::path& path, const std::string& settings, std::int64_t steps)
      : path_(path), steps_(steps) {
    std::string head = "# " + settings + "\noptimizer,rate,seed,steps,outcome,cpu_seconds,wall_seconds";
    for (const std::int64_t t : checkpoints(steps)) head += ",loss_" + std::to_string(t);
    head += '\n';
    const std::string found = read();
    if (found.size() >= head.size() && !found.starts_with(head)) {
      throw std::runtime_error("'" + path.string() + "' has runs of other settings; name another folder:\n" +
                               found.substr(0, found.find('\n')) + "\n" + head.substr(0, head.find('\n')));
    }
    const bool fresh = found.size() < head.size();
    if (!fresh) {
      const std::size_t end = found.rfind('\n') + 1;
      if (end < found.size()) std::filesystem::resize_file(path, end);
      std::istringstream lines(found.substr(head.size(), end - head.size()));
      for (std::string line; std::getline(lines, line);) runs_.push_back(parse(line));
    }
    file_.open(path, fresh ? std::ios::trunc : std::ios::app);
    if (fresh) write(head);
  }

  /// All runs, in the order in which they ended.
  std::vector<Run> runs() const {
    const std::scoped_lock lock(mutex_);
    return runs_;
  }

  /// The run, if it is there.
  std::optional<Run> find(const std::string& optimizer, const std::string& rate, int seed) const {
    const std::scoped_lock lock(mutex_);
    for (const Run& run : runs_) {
      if (run.optimizer == optimizer && run.rate == rate && run.seed == seed) return run;
    }
    return std::nullopt;
  }

  /// Writes the run down.
  void add(const Run& run) {
    std::ostringstream line;
    line << run.optimizer << ',' << run.rate << ',' << run.seed << ',' << steps_ << ','
         << (run.diverged ? "diverged" : "finished") << ',' << run.cpu_seconds << ',' << run.wall_seconds;
    line.precision(5);
    for (const double loss : run.losses) line << ',' << loss;
    line << '\n';
    const std::scoped_lock lock(mutex_);
    write(line.str());
    runs_.push_back(run);
  }

 private:
  std::string read() const {
    std::ifstream file(path_, std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(file), {});
  }

  void write(const std::string& text) {
    file_ << text << std::flush;
    if (!file_) throw std::runtime_error("cannot write to '" + path_.string() + "'");
  }

  static Run parse(const std::string& line) {
    std::vector<std::string> cells;
    std::istringstream stream(line);
    for (std::string cell; std::getline(stream, cell, ',');) cells.push_back(cell);
    if (cells.size() < 8) throw std::runtime_error("this line is no run: " + line);
    Run run{cells[0],           cells[1], std::stoi(cells[2]), cells[4] == "diverged", std::stod(cells[5]),
            std::stod(cells[6])};
    for (std::size_t i = 7; i < cells.size(); ++i) run.losses.push_back(std::stod(cells[i]));
    return run;
  }

  std::filesystem::path path_;
  std::int64_t steps_;
  std::vector<Run> runs_;
  std::ofstream file_;
  mutable std::mutex mutex_;
};

}  // namespace comparison
