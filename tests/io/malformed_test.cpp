// SPDX-License-Identifier: MIT
//
// Files that are not what they should be are refused, each with its sentence, and whatever is asked of the
// others, what does not fit is refused as well.
#include <cstring>
#include <fstream>
#include <gradus/io/safetensors_reader.hpp>

#include "catch.hpp"
#include "io/safetensors_cases.hpp"
#include "io/temporary_folder.hpp"

namespace {

using namespace gradus_test;
using gradus::io::SafetensorsReader;

SafetensorsReader reader(const std::string& bytes) {
  return SafetensorsReader(std::as_bytes(std::span(bytes)), "bytes");
}

}  // namespace

TEST_CASE("files made by hand are refused, or read, from memory and from the disk") {
  const TemporaryFolder folder;
  const auto cases = safetensors_cases();
  CHECK(cases.size() >= 102);
  for (const FileCase& file : cases) {
    INFO(file.what);
    const auto path = folder.path / file.what;
    std::ofstream(path, std::ios::binary).write(file.bytes.data(), std::ssize(file.bytes));
    if (file.sentence.empty()) {
      CHECK_NOTHROW(reader(file.bytes));
      CHECK_NOTHROW(SafetensorsReader(path));
    } else {
      CHECK_THROWS_AS(reader(file.bytes), std::invalid_argument);
      CHECK_THROWS_WITH(reader(file.bytes), contains("bytes: ") && contains(file.sentence));
      CHECK_THROWS_AS(SafetensorsReader(path), std::invalid_argument);
      CHECK_THROWS_WITH(SafetensorsReader(path), contains(path.string() + ": ") && contains(file.sentence));
    }
  }
}

TEST_CASE("twenty million brackets are refused at the third") {
  const std::string header = R"({"a":)" + std::string(20'000'000, '[');
  CHECK_THROWS_WITH(reader(file_of(header, 0)), contains("'a': array where none is allowed"));
}

TEST_CASE("every prefix of a valid file is refused") {
  const std::string valid = safetensors_cases().back().bytes;
  for (std::size_t size = 0; size < valid.size(); ++size) {
    INFO(size);
    CHECK_THROWS_AS(reader(valid.substr(0, size)), std::invalid_argument);
  }
}

TEST_CASE("names in messages are short and cannot steer a terminal") {
  const std::string name = "\\u001b[2J" + std::string(300, 'x');
  const auto bytes = file_of("{\"" + name + "\":3}", 0);
  CHECK_THROWS_WITH(reader(bytes), contains("'?[2Jxxx") && contains("...': number") && !contains("\x1b"));
}

TEST_CASE("what does not fit the destination is refused, and the destination is as it was") {
  const auto bytes = of_dtype("F32", "[2,3]", 24);
  const auto file = reader(bytes);
  const auto refuses = [&](std::string_view name, auto destination, const std::string& sentence) {
    const auto before = destination;
    CHECK_THROWS_AS(file.read(name, destination), std::invalid_argument);
    CHECK_THROWS_WITH(file.read(name, destination), "bytes: " + sentence);
    CHECK_THROWS_WITH(file.check(name, destination), "bytes: " + sentence);
    CHECK(destination == before);
  };
  using namespace Eigen;
  refuses("b", MatrixXf{MatrixXf::Ones(2, 3)}, "there is no tensor 'b', expected F32 [2, 3]");
  refuses("a", MatrixXd{MatrixXd::Ones(2, 3)}, "'a' is F32 [2, 3], expected F64 [2, 3]");
  refuses("a", MatrixXf{MatrixXf::Ones(3, 2)}, "'a' is F32 [2, 3], expected F32 [3, 2]");
  refuses("a", VectorXf{VectorXf::Ones(6)}, "'a' is F32 [2, 3], expected F32 [6]");
  refuses("a", MatrixXf{MatrixXf::Ones(0, 0)}, "'a' is F32 [2, 3], expected F32 [0, 0]");
  refuses("a", 1.0F, "'a' is F32 [2, 3], expected F32 []");
  refuses("a", std::int64_t{1}, "'a' is F32 [2, 3], expected I64 []");
  refuses("a", ArrayXXi{ArrayXXi::Ones(2, 3)}.matrix().eval(), "'a' is F32 [2, 3], expected I32 [2, 3]");
}

TEST_CASE("a column is no vector, and one number no scalar") {
  const auto column_bytes = of_dtype("F32", "[4,1]", 16), one_bytes = of_dtype("I64", "[1]", 8);
  Eigen::VectorXf vector(4);
  CHECK_THROWS_WITH(reader(column_bytes).read("a", vector), contains("F32 [4, 1], expected F32 [4]"));
  std::int64_t t = 0;
  CHECK_THROWS_WITH(reader(one_bytes).read("a", t), contains("I64 [1], expected I64 []"));
  const auto half = of_dtype("F16", "[4]", 8);
  Eigen::Matrix<Eigen::bfloat16, 4, 1> v;
  CHECK_THROWS_WITH(reader(half).read("a", v), contains("F16 [4], expected BF16 [4]"));
  const auto huge = of_dtype("F32", "[0,9223372036854775808,2]", 0);
  Eigen::MatrixXf m(0, 2);
  CHECK_THROWS_WITH(reader(huge).read("a", m), contains("expected F32 [0, 2]"));
}

TEST_CASE("a tensor of a type that has no C++ type here can be in a file, and is refused when asked for") {
  const auto bytes = of_dtype("F8_E4M3", "[4]", 4);
  const auto file = reader(bytes);
  CHECK(file.tensors().at("a").dtype.name == "F8_E4M3");
  Eigen::VectorXf vector(4);
  CHECK_THROWS_WITH(file.read("a", vector), contains("F8_E4M3 [4], expected F32 [4]"));
}

TEST_CASE("what is no file is said to be none") {
  const TemporaryFolder folder;
  CHECK_THROWS_AS(SafetensorsReader(folder.path), std::runtime_error);
  CHECK_THROWS_WITH(SafetensorsReader(folder.path), folder.path.string() + ": is a folder");
  const auto none = folder.path / "none";
  CHECK_THROWS_WITH(SafetensorsReader(none), none.string() + ": there is no such file");
}

TEST_CASE("a file that is shortened while it is read is an error") {
  const TemporaryFolder folder;
  const auto path = folder.path / "short";
  const auto bytes = of_dtype("F32", "[2,2]", 16);
  std::ofstream(path, std::ios::binary).write(bytes.data(), std::ssize(bytes));
  const SafetensorsReader file(path);
  Eigen::MatrixXf m = Eigen::MatrixXf::Zero(2, 2);
  CHECK_NOTHROW(file.read("a", m));
  std::filesystem::resize_file(path, bytes.size() - 4);
  CHECK_THROWS_AS(file.read("a", m), std::runtime_error);
  CHECK_THROWS_WITH(file.read("a", m), contains(path.string() + ": cannot read 16 bytes at"));
}
