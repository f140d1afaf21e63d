// SPDX-License-Identifier: MIT
//
// Whatever happens while a file is written, at its name stands the old one or the new one.
#include <fstream>
#include <gradus/io/durable_file.hpp>
#include <iterator>

#include "catch.hpp"
#include "io/temporary_folder.hpp"

namespace {

using namespace gradus_test;
using gradus::io::DurableFile;
namespace fs = std::filesystem;

std::string content(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void save(const fs::path& path, const std::string& text) {
  DurableFile file(path, text.size());
  file.write(text.data(), text.size());
  file.commit();
}

void refuses(const fs::path& path, const std::string& sentence) {
  CHECK_THROWS_AS(DurableFile(path), std::runtime_error);
  CHECK_THROWS_WITH(DurableFile(path), contains(path.string() + ": " + sentence));
}

}  // namespace

TEST_CASE("a durable file takes its name at the end and leaves nothing else behind") {
  const TemporaryFolder folder;
  const auto path = folder.path / "file";
  save(path, "old");
  {
    DurableFile file(path);
    file.write("new ", 4);
    CHECK(content(path) == "old");
    file.write("text", 4);
    CHECK(folder.count() == 2);
    file.commit();
    CHECK(content(path) == "new text");
  }
  CHECK(content(path) == "new text");
  CHECK(folder.count() == 1);
}

TEST_CASE("a durable file that is not committed has not happened") {
  const TemporaryFolder folder;
  const auto path = folder.path / "file";
  { DurableFile(path, 100).write("text", 4); }
  CHECK(folder.count() == 0);
  save(path, "old");
  { DurableFile(path, 100).write("text", 4); }
  CHECK(content(path) == "old");
  CHECK(folder.count() == 1);
}

TEST_CASE("a durable file in the current folder needs no folder in its name") {
  const TemporaryFolder folder;
  const auto before = fs::current_path();
  current_path(folder.path);
  save("file", "text");
  current_path(before);
  CHECK(content(folder.path / "file") == "text");
}

TEST_CASE("a durable file is refused where it cannot be") {
  const TemporaryFolder folder;
  refuses(folder.path, "is a folder");
  refuses("", "is not the name of a file");
  refuses(folder.path / "", "is not the name of a file");
  refuses(folder.path / "none" / "file", "there is no folder " + (folder.path / "none").string());
}

TEST_CASE("of two durable files of one name the last one wins") {
  const TemporaryFolder folder;
  const auto path = folder.path / "file";
  DurableFile first(path), second(path);
  first.write("first", 5);
  second.write("second", 6);
  second.commit();
  first.commit();
  CHECK(content(path) == "first");
  CHECK(folder.count() == 1);
}

TEST_CASE("what a killed process left behind is removed, and nothing of another name") {
  const TemporaryFolder folder;
  const auto path = folder.path / "file";
  const auto other = {"file.tmp-notes", "file.tmp-0123456789abcdeX", "file2.tmp-0123456789abcdef",
                      "file.tmp-0123456789abcdef0"};
  for (const auto* name : other) std::ofstream(folder.path / name) << "mine";
  std::ofstream(folder.path / "file.tmp-0123456789abcdef") << "left behind";
  save(path, "text");
  CHECK_FALSE(exists(folder.path / "file.tmp-0123456789abcdef"));
  for (const auto* name : other) CHECK(content(folder.path / name) == "mine");
}
