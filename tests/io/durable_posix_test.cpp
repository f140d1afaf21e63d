// SPDX-License-Identifier: MIT
//
// Durable files among the things that POSIX has: modes, links, pipes, limits, and processes that are killed.
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <gradus/io/safetensors_reader.hpp>
#include <gradus/io/safetensors_writer.hpp>
#include <iterator>
#include <thread>

#include "catch.hpp"
#include "io/temporary_folder.hpp"

namespace {

using namespace gradus_test;
using namespace gradus::io;
namespace fs = std::filesystem;

void save(const fs::path& path, const std::string& text) {
  DurableFile file(path, text.size());
  file.write(text.data(), text.size());
  file.commit();
}

unsigned mode(const fs::path& path) { return static_cast<unsigned>(status(path).permissions()); }

void refuses(const fs::path& path, const std::string& sentence) {
  CHECK_THROWS_AS(DurableFile(path), std::runtime_error);
  CHECK_THROWS_WITH(DurableFile(path), contains(path.string() + ": " + sentence));
}

// Restores a limit on the size of files, and what is done to who exceeds it.
struct FileSizeLimit {
  rlimit before{};
  void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);

  explicit FileSizeLimit(rlim_t bytes) {
    getrlimit(RLIMIT_FSIZE, &before);
    const rlimit limit{bytes, before.rlim_max};
    setrlimit(RLIMIT_FSIZE, &limit);
  }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;
  ~FileSizeLimit() {
    setrlimit(RLIMIT_FSIZE, &before);
    signal(SIGXFSZ, handler);
  }
};

}  // namespace

TEST_CASE("a new file has the mode that the umask leaves, an old one keeps its own") {
  const TemporaryFolder folder;
  const mode_t before = umask(022);
  save(folder.path / "a", "text");
  umask(077);
  save(folder.path / "b", "text");
  fs::permissions(folder.path / "a", fs::perms(0640));
  save(folder.path / "a", "new");
  fs::permissions(folder.path / "b", fs::perms(0666));
  save(folder.path / "b", "new");
  umask(022);
  save(folder.path / "c", "text");
  umask(before);
  CHECK(mode(folder.path / "a") == 0640);
  CHECK(mode(folder.path / "b") == 0666);
  CHECK(mode(folder.path / "c") == 0644);
}

TEST_CASE("a link is followed, and one that leads nowhere refused") {
  const TemporaryFolder folder;
  create_directory(folder.path / "target");
  const auto link = folder.path / "link", target = folder.path / "target" / "file";
  create_symlink(target, link);
  refuses(link, "is a link that leads nowhere");
  std::ofstream(target) << "old";
  save(link, "new text");
  CHECK(is_symlink(symlink_status(link)));
  CHECK(file_size(target) == 8);
}

TEST_CASE("pipes are refused, for writing and for reading, and do not block") {
  const TemporaryFolder folder;
  const auto pipe = folder.path / "pipe";
  REQUIRE(mkfifo(pipe.c_str(), 0600) == 0);
  refuses(pipe, "is not a regular file");
  CHECK_THROWS_WITH(SafetensorsReader(pipe), pipe.string() + ": is not a regular file");
}

TEST_CASE("a folder that cannot be written is an error that says why") {
  if (geteuid() == 0) return;  // root may write everywhere
  const TemporaryFolder folder;
  fs::permissions(folder.path, fs::perms(0500));
  refuses(folder.path / "file", "cannot create");
  CHECK_THROWS_WITH(DurableFile(folder.path / "file"), contains("Permission denied"));
  fs::permissions(folder.path, fs::perms(0700));
}

TEST_CASE("a name that is too long for the temporary file is an error that says so") {
  const TemporaryFolder folder;
  CHECK_THROWS_WITH(DurableFile(folder.path / std::string(250, 'x')), contains("File name too long"));
}

TEST_CASE("a file that grows beyond what is allowed is an error, and the old one stays") {
  const TemporaryFolder folder;
  const auto path = folder.path / "file.safetensors";
  write_safetensors(path, {tensor("t", 1.0)});
  {
    const FileSizeLimit limit(100'000);
    // The error of a full disk comes the same way: where the space is reserved, or where it is written.
    DurableFile file(path);
    const std::string text(60'000, 'x');
    CHECK_NOTHROW(file.write(text.data(), text.size()));
    CHECK_THROWS_AS(file.write(text.data(), text.size()), std::runtime_error);
    CHECK(folder.count() == 1);

    const Eigen::MatrixXd large = Eigen::MatrixXd::Zero(200, 200);
    CHECK_THROWS_AS(write_safetensors(path, {tensor("m", large)}), std::runtime_error);
    CHECK_THROWS_WITH(write_safetensors(path, {tensor("m", large)}), contains(path.string() + ": cannot ") &&
                                                                         contains("bytes") &&
                                                                         contains("File too large"));
  }
  double t = 0;
  SafetensorsReader(path).read("t", t);
  CHECK(t == 1);
  CHECK(folder.count() == 1);
}

TEST_CASE("who has the old file open keeps it") {
  const TemporaryFolder folder;
  const auto path = folder.path / "file.safetensors";
  write_safetensors(path, {tensor("t", 1.0)});
  const SafetensorsReader old(path);
  write_safetensors(path, {tensor("t", 2.0)});
  double t = 0;
  old.read("t", t);
  CHECK(t == 1);
  SafetensorsReader(path).read("t", t);
  CHECK(t == 2);
}

TEST_CASE("threads that write to one name do not disturb each other") {
  const TemporaryFolder folder;
  const auto path = folder.path / "file";
  const auto loop = [&](char letter) {
    for (int i = 0; i < 100; ++i) save(path, std::string(1000, letter));
  };
  std::thread a(loop, 'a'), b(loop, 'b');
  a.join();
  b.join();
  std::ifstream file(path);
  const std::string last{std::istreambuf_iterator<char>(file), {}};
  CHECK((last == std::string(1000, 'a') || last == std::string(1000, 'b')));
  CHECK(folder.count() == 1);
}

// GRADUS_TEST_KILLS=1000 in the environment: as many rounds, and a line about them.
TEST_CASE("a process that is killed while it writes leaves a whole file") {
  const char* more = std::getenv("GRADUS_TEST_KILLS");
  const int rounds = more == nullptr ? 50 : std::atoi(more);
  const TemporaryFolder folder;
  const auto path = folder.path / "file.safetensors";
  Eigen::MatrixXd m = Eigen::MatrixXd::Zero(500, 300), read = m;
  write_safetensors(path, {tensor("m", m)});
  double newest = 0;
  int interrupted = 0;
  std::minstd_rand random(42);
  for (int round = 0; round < rounds; ++round) {
    const pid_t child = fork();
    if (child == 0) {
      for (double value = newest + 1;; ++value) {
        m.setConstant(value);
        write_safetensors(path, {tensor("m", m)});
      }
    }
    std::this_thread::sleep_for(std::chrono::microseconds(random() % 20'000));
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
    interrupted += folder.count() > 1;
    CHECK(folder.count() <= 2);
    SafetensorsReader(path).read("m", read);
    CHECK(read.minCoeff() == read.maxCoeff());
    CHECK(read(0, 0) >= newest);
    newest = read(0, 0);
  }
  if (more != nullptr) {
    WARN(rounds << " processes killed, " << interrupted << " of them beside a temporary file; " << newest
                << " files written");
  }
  write_safetensors(path, {tensor("m", m)});
  CHECK(folder.count() == 1);
}
