// SPDX-License-Identifier: MIT
//
// What the example programs share and no optimizer needs: options, a progress bar, gnuplot.
#pragma once

#include <cctype>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#ifdef _WIN32
#include <io.h>
#else
#include <unistd.h>
#endif

namespace examples {

#ifdef _WIN32
inline const bool on_terminal = _isatty(_fileno(stdout)) != 0;
inline constexpr const char* quietly = " > NUL 2>&1";
#else
inline const bool on_terminal = isatty(fileno(stdout)) != 0;
inline constexpr const char* quietly = " > /dev/null 2>&1";
#endif

/// A mistake on the command line: `run` answers with exit status 2.
struct UsageError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Whether two names agree in their letters and digits, small or capital.
inline bool same_name(const std::string& a, const std::string& b) {
  const auto reduced = [](const std::string& name) {
    std::string result;
    for (const char c : name) {
      const int code = static_cast<unsigned char>(c);
      if (std::isalnum(code) != 0) result += static_cast<char>(std::tolower(code));
    }
    return result;
  };
  return reduced(a) == reduced(b);
}

/// One option `--name VALUE`, its default value, and what `--help` says about it.
struct Option {
  std::string name, value, meaning;
  bool given = false;
};

/// The options of a program. An option that is given more than once collects its values, separated by commas.
/// One that is "no" by default is a flag: by itself it means yes.
class Options {
 public:
  Options(std::vector<Option> known, int argc, char** argv) : options_(std::move(known)) {
    for (int i = 1; i < argc; ++i) {
      const std::string name = argv[i];
      help_ = name == "--help";
      if (help_) break;
      Option& option = options_[position(name)];
      const bool last = i + 1 == argc || std::string(argv[i + 1]).starts_with("--");
      if (last && option.value != "no") throw UsageError(name + " needs a value");
      option.value = (option.given ? option.value + "," : "") + (last ? "yes" : argv[++i]);
      option.given = true;
    }
  }

  /// Whether `--help` was given.
  bool help() const { return help_; }
  /// Whether the option was given; if not, it has its default value.
  bool given(const std::string& name) const { return options_[position(name)].given; }
  /// The value as it was written.
  const std::string& text(const std::string& name) const { return options_[position(name)].value; }

  /// The value split at its commas.
  std::vector<std::string> list(const std::string& name) const {
    std::vector<std::string> items;
    std::istringstream stream(text(name));
    for (std::string item; std::getline(stream, item, ',');) items.push_back(item);
    return items;
  }

  /// The value split at its commas, as numbers of type T.
  template <class T>
  std::vector<T> numbers(const std::string& name) const {
    std::vector<T> values;
    for (const std::string& item : list(name)) {
      std::istringstream stream(item);
      T value{};
      if (!(stream >> value) || !stream.eof()) fail_number(name, item);
      values.push_back(value);
    }
    return values;
  }

  /// The value as one integer from `least` to `most`.
  int integer(const std::string& name, int least, int most = 1'000'000'000) const {
    const std::vector<int> values = numbers<int>(name);
    if (values.size() != 1 || values[0] < least || values[0] > most) {
      throw UsageError(name + " takes one integer from " + std::to_string(least) + " to " +
                       std::to_string(most) + ", not '" + text(name) + "'");
    }
    return values[0];
  }

  /// The value as one number.
  double number(const std::string& name) const {
    const std::vector<double> values = numbers<double>(name);
    if (values.size() != 1) fail_number(name, text(name));
    return values[0];
  }

  /// The value as one number, or nothing if it is empty.
  std::optional<double> optional_number(const std::string& name) const {
    return text(name).empty() ? std::nullopt : std::optional(number(name));
  }

  /// Whether the value is yes; anything else must be no.
  bool flag(const std::string& name) const {
    if (text(name) == "yes") return true;
    if (text(name) == "no") return false;
    throw UsageError(name + " takes yes or no, not '" + text(name) + "'");
  }

  /// Prints one line for each option.
  void print() const {
    for (const Option& option : options_) {
      std::printf("  %-12s %s (default: %s)\n", option.name.c_str(), option.meaning.c_str(),
                  option.value.empty() ? "none" : option.value.c_str());
    }
    std::printf("  %-12s print this text\n", "--help");
  }

 private:
  [[noreturn]] static void fail_number(const std::string& name, const std::string& item) {
    throw UsageError(name + ": '" + item + "' is not a valid number");
  }

  std::size_t position(const std::string& name) const {
    for (std::size_t i = 0; i < options_.size(); ++i) {
      if (options_[i].name == name) return i;
    }
    throw UsageError("unknown option '" + name + "'");
  }

  std::vector<Option> options_;
  bool help_ = false;
};

/// Calls `program(options) -> exit status`. `--help` prints `about` and the options; a mistake on the command
/// line gives status 2, any other exception status 1, with its text on the error stream.
template <class Program>
int run(int argc, char** argv, const char* about, std::vector<Option> known, Program program) {
  try {
    const Options options(std::move(known), argc, argv);
    if (!options.help()) return program(options);
    std::printf("%s\n\nOptions:\n", about);
    options.print();
    return 0;
  } catch (const UsageError& error) {
    std::fprintf(stderr, "error: %s (--help lists the options)\n", error.what());
    return 2;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "error: %s\n", error.what());
    return 1;
  }
}

/// Reports `done` of `total` with a text: a bar on a terminal, one plain line a call elsewhere.
inline void show_progress(int done, int total, const std::string& text) {
  if (!on_terminal) {
    std::printf("%4d/%d  %s\n", done, total, text.c_str());
    return;
  }
  const auto filled = static_cast<std::size_t>(30.0 * done / total);
  std::printf("\r[%s%s] %d/%d  %s%s", std::string(filled, '#').c_str(), std::string(30 - filled, '.').c_str(),
              done, total, text.c_str(), done == total ? "\n" : "");
  std::fflush(stdout);
}

/// Runs gnuplot on a script in its own folder. Returns false, having said why, if that cannot be done.
inline bool gnuplot(const std::filesystem::path& folder, const std::string& script) {
  std::fflush(stdout);
  if (std::system((std::string("gnuplot --version") + quietly).c_str()) != 0) {
    std::printf("gnuplot is not installed: no picture was drawn\n");
    return false;
  }
  const std::filesystem::path before = std::filesystem::current_path();
  std::filesystem::current_path(folder);
  const bool drawn = std::system(("gnuplot " + script).c_str()) == 0;
  std::filesystem::current_path(before);
  if (!drawn) std::printf("gnuplot failed on %s\n", (folder / script).string().c_str());
  return drawn;
}

}  // namespace examples
