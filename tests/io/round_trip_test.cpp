// SPDX-License-Identifier: MIT
//
// What is written is read again with the same bits, whatever the storage, and equal content is equal bytes.
#include <cmath>
#include <cstring>
#include <fstream>
#include <gradus/io/safetensors_reader.hpp>
#include <gradus/io/safetensors_writer.hpp>
#include <iterator>
#include <limits>

#include "catch.hpp"
#include "io/temporary_folder.hpp"

namespace {

using namespace gradus_test;
using namespace gradus::io;
using Eigen::Dynamic;
using Eigen::Index;

std::string bytes_of(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// 1, 2, 3, ... row by row; small integers wrap.
template <class M>
void fill(M& m) {
  using Scalar = typename M::Scalar;
  using Number = std::conditional_t<std::is_integral_v<Scalar>, Index, float>;
  for (Index i = 0; i < m.rows(); ++i) {
    for (Index j = 0; j < m.cols(); ++j)
      m(i, j) = static_cast<Scalar>(static_cast<Number>(1 + i * m.cols() + j));
  }
}

template <class M, class... Sizes>
M zeros(Sizes... sizes) {
  return M::Zero(sizes...);
}

// What a file must contain for a matrix: its coefficients row by row.
template <class M>
std::string row_by_row(const M& m) {
  std::string bytes;
  for (Index i = 0; i < m.rows(); ++i) {
    for (Index j = 0; j < m.cols(); ++j) {
      const typename M::Scalar x = m(i, j);
      bytes.append(reinterpret_cast<const char*>(&x), sizeof x);
    }
  }
  return bytes;
}

// Writes `from`; the file ends in its coefficients row by row, and `to`, of zeros, becomes equal to `from`.
template <class From, class To>
void check_round_trip(const From& from, To&& to) {
  const TemporaryFolder folder;
  const auto path = folder.path / "file.safetensors";
  write_safetensors(path, {tensor("m", from)});
  CHECK(bytes_of(path).ends_with(row_by_row(from)));
  const SafetensorsReader file(path);
  CHECK(file.tensors().at("m").shape.size() == (From::IsVectorAtCompileTime ? 1 : 2));
  file.read("m", to);
  CHECK(row_by_row(to) == row_by_row(from));
  CHECK(folder.count() == 1);
}

template <class Scalar>
using ColumnMajor = Eigen::Matrix<Scalar, Dynamic, Dynamic>;
template <class Scalar>
using RowMajor = Eigen::Matrix<Scalar, Dynamic, Dynamic, Eigen::RowMajor>;

}  // namespace

TEMPLATE_TEST_CASE("matrices of every storage come back", "", double, float, Eigen::half, Eigen::bfloat16,
                   std::int64_t, std::uint8_t) {
  using Scalar = TestType;
  for (const auto& [rows, cols] : {std::pair<Index, Index>{3, 5}, {1, 7}, {7, 1}, {65, 130}, {128, 64}}) {
    INFO(rows << " x " << cols);
    ColumnMajor<Scalar> columns(rows, cols);
    fill(columns);
    const RowMajor<Scalar> by_rows = columns;
    check_round_trip(columns, zeros<ColumnMajor<Scalar>>(rows, cols));
    check_round_trip(columns, zeros<RowMajor<Scalar>>(rows, cols));
    check_round_trip(by_rows, zeros<ColumnMajor<Scalar>>(rows, cols));
    check_round_trip(by_rows, zeros<RowMajor<Scalar>>(rows, cols));
    check_round_trip(by_rows.transpose(), zeros<RowMajor<Scalar>>(cols, rows));
  }
}

TEST_CASE("blocks and strided maps come back, and nothing beside them is written") {
  Eigen::MatrixXd around = Eigen::MatrixXd::Constant(20, 12, -1), from(8, 5);
  fill(from);
  check_round_trip(from, around.block(3, 4, 8, 5));
  CHECK((around.array() == -1).count() == 20 * 12 - 8 * 5);
  check_round_trip(around.block(3, 4, 8, 5), zeros<Eigen::MatrixXd>(8, 5));

  Eigen::Matrix<double, Dynamic, Dynamic, Eigen::RowMajor> wide(8, 20);
  wide.setConstant(-1);
  check_round_trip(from, wide.leftCols(5));
  CHECK((wide.array() == -1).count() == 8 * 15);

  std::vector<float> memory(200, -1);
  using Strides = Eigen::Stride<Dynamic, Dynamic>;
  const Eigen::MatrixXf narrow = from.cast<float>();
  check_round_trip(narrow, Eigen::Map<Eigen::MatrixXf, 0, Strides>(memory.data(), 8, 5, Strides(24, 3)));
  CHECK(std::count(memory.begin(), memory.end(), -1.0F) == 160);
  check_round_trip(narrow, Eigen::Ref<Eigen::MatrixXf>(*std::make_unique<Eigen::MatrixXf>(8, 5)));
}

TEST_CASE("vectors are of one dimension, whatever their stride and direction") {
  Eigen::VectorXf from(1000);
  fill(from);
  check_round_trip(from, zeros<Eigen::VectorXf>(1000));
  check_round_trip(from.transpose().eval(), zeros<Eigen::RowVectorXf>(1000));
  Eigen::MatrixXf around = Eigen::MatrixXf::Constant(1000, 3, -1), across = around.transpose();
  check_round_trip(from, around.col(1));
  check_round_trip(from.transpose().eval(), across.row(1));
  CHECK((around.array() == -1).count() == 2000);
  CHECK(across == around.transpose());
  check_round_trip(across.row(1), zeros<Eigen::RowVectorXf>(1000));
  Eigen::MatrixXf square = Eigen::MatrixXf::Zero(1000, 1000);
  check_round_trip(from, square.diagonal());
  CHECK(square.sum() == from.sum());
  const Eigen::ArrayXf array = from;
  check_round_trip(array, zeros<Eigen::ArrayXf>(1000));
}

TEST_CASE("fixed sizes and size zero come back") {
  Eigen::Matrix<double, 3, 4> fixed;
  fill(fixed);
  check_round_trip(fixed, zeros<Eigen::Matrix<double, 3, 4>>());
  check_round_trip(fixed, zeros<Eigen::MatrixXd>(3, 4));
  check_round_trip(Eigen::Vector3f(1, 2, 3), zeros<Eigen::Vector3f>());
  check_round_trip(Eigen::MatrixXd(0, 4), Eigen::MatrixXd(0, 4));
  check_round_trip(Eigen::MatrixXd(4, 0), Eigen::MatrixXd(4, 0));
  check_round_trip(Eigen::VectorXf(0), Eigen::VectorXf(0));
}

TEST_CASE("matrices that are larger than a slab come back") {
  Eigen::MatrixXd tall(300'000, 3), wide(3, 600'000);  // a slab of doubles holds 524288
  fill(tall);
  fill(wide);
  check_round_trip(tall, zeros<Eigen::MatrixXd>(300'000, 3));
  check_round_trip(wide, zeros<Eigen::MatrixXd>(3, 600'000));
}

TEST_CASE("a matrix is sent in pieces of at most 4 MiB, unless it lies in memory as in the file") {
  const auto largest_piece = [](const auto& matrix) {
    std::size_t largest = 0, sum = 0;
    send(view(matrix), [&](const void*, std::size_t size) {
      largest = std::max(largest, size);
      sum += size;
    });
    CHECK(sum == static_cast<std::size_t>(matrix.size()) * sizeof(float));
    return largest;
  };
  const std::size_t slab = std::size_t{4} << 20;
  CHECK(largest_piece(Eigen::MatrixXf(2000, 1000)) <= slab);
  CHECK(largest_piece(Eigen::MatrixXf(2, 1'500'000)) <= slab);
  CHECK(largest_piece(Eigen::MatrixXf(1'500'000, 2)) <= slab);
  CHECK(largest_piece(RowMajor<float>(2000, 1000)) == 8'000'000);
}

TEST_CASE("numbers keep every bit, and types their names") {
  const TemporaryFolder folder;
  const auto path = folder.path / "file.safetensors";
  const double nan_with_payload = std::bit_cast<double>(0x7ff8'dead'beef'0001);
  const auto largest = std::numeric_limits<std::int64_t>::max();
  write_safetensors(path, {tensor("zero", -0.0), tensor("small", 1e-300), tensor("third", 1.0 / 3),
                           tensor("nan", nan_with_payload), tensor("t", largest), tensor("f", 0.1F),
                           tensor("u", std::uint64_t{1} << 63), tensor("h", Eigen::half(0.5F)),
                           tensor("i8", std::int8_t{-3}), tensor("u16", std::uint16_t{65535}),
                           tensor("i32", -7), tensor("b", Eigen::bfloat16(2))});
  const SafetensorsReader file(path);
  double x = 1;
  file.read("zero", x);
  CHECK((x == 0 && std::signbit(x)));
  file.read("small", x);
  CHECK(x == 1e-300);
  file.read("third", x);
  CHECK(x == 1.0 / 3);
  file.read("nan", x);
  CHECK(std::bit_cast<std::uint64_t>(x) == std::bit_cast<std::uint64_t>(nan_with_payload));
  std::int64_t t = 0;
  file.read("t", t);
  CHECK(t == largest);
  std::uint64_t u = 0;
  file.read("u", u);
  CHECK(u == std::uint64_t{1} << 63);
  const auto dtype = [&](const char* name) { return file.tensors().at(name).dtype.name; };
  CHECK(dtype("zero") == "F64");
  CHECK(dtype("t") == "I64");
  CHECK(dtype("u") == "U64");
  CHECK(dtype("f") == "F32");
  CHECK(dtype("h") == "F16");
  CHECK(dtype("b") == "BF16");
  CHECK(dtype("i8") == "I8");
  CHECK(dtype("u16") == "U16");
  CHECK(dtype("i32") == "I32");
}

TEST_CASE("every dtype that C++ can have is one of the format's, with as many bits") {
  const auto is_listed = []<class... Scalars>() {
    const auto same = [](const Dtype& a, const Dtype& b) { return a.name == b.name && a.bits == b.bits; };
    return (std::any_of(std::begin(dtypes), std::end(dtypes),
                        [&](const Dtype& d) { return same(d, dtype_of<Scalars>()); }) &&
            ...);
  };
  CHECK(is_listed.
        operator()<double, float, Eigen::half, Eigen::bfloat16, std::int8_t, std::int16_t, std::int32_t,
                   std::int64_t, std::uint8_t, std::uint16_t, std::uint32_t, std::uint64_t>());
}

TEST_CASE("the file is, byte by byte, what the format says") {
  const TemporaryFolder folder;
  const auto path = folder.path / "file.safetensors";
  Eigen::Matrix2f m;
  m << 1, 2, 3, 4;
  write_safetensors(path, {tensor("w", m), tensor("t", std::int64_t{5}), tensor("a", 2.0F)},
                    {{"step", "100"}, {"note", "\"quoted\"\n"}});
  std::string header = R"({"__metadata__":{"note":"\"quoted\"\n","step":"100"},)"
                       R"("t":{"dtype":"I64","shape":[],"data_offsets":[0,8]},)"
                       R"("a":{"dtype":"F32","shape":[],"data_offsets":[8,12]},)"
                       R"("w":{"dtype":"F32","shape":[2,2],"data_offsets":[12,28]}})";
  header.append((8 - header.size() % 8) % 8, ' ');
  std::string expected(8, '\0');
  expected[0] = static_cast<char>(header.size());
  expected += header + row_by_row(Eigen::Matrix<std::int64_t, 1, 1>(5)) +
              row_by_row(Eigen::Matrix<float, 1, 1>(2)) + row_by_row(m);
  CHECK(bytes_of(path) == expected);
  CHECK(SafetensorsReader(path).metadata().at("note") == "\"quoted\"\n");
}

TEST_CASE("equal content gives equal bytes in whatever order it comes") {
  const TemporaryFolder folder;
  const auto a = folder.path / "a", b = folder.path / "b";
  const Eigen::MatrixXf m = Eigen::MatrixXf::Random(30, 20);
  const Eigen::VectorXd v = Eigen::VectorXd::Random(9);
  const RowMajor<float> m_by_rows = m;
  write_safetensors(a, {tensor("m", m), tensor("v", v), tensor("b", std::uint8_t{1})}, {{"x", "1"}});
  write_safetensors(b, {tensor("b", std::uint8_t{1}), tensor("v", v), tensor("m", m_by_rows)}, {{"x", "1"}});
  CHECK(bytes_of(a) == bytes_of(b));
}

TEST_CASE("a file without tensors and metadata is written and read") {
  const TemporaryFolder folder;
  const auto path = folder.path / "file.safetensors";
  write_safetensors(path, {});
  CHECK(bytes_of(path) == std::string("\x08\0\0\0\0\0\0\0{}      ", 16));
  CHECK(SafetensorsReader(path).tensors().empty());
}

TEST_CASE("what no file can hold is refused before the file is touched") {
  const TemporaryFolder folder;
  const auto path = folder.path / "file.safetensors";
  const Eigen::MatrixXf m = Eigen::MatrixXf::Zero(2, 3);
  const auto refuses = [&](std::vector<OutputTensor> tensors, const std::string& sentence,
                           const std::map<std::string, std::string>& metadata = {}) {
    CHECK_THROWS_AS(write_safetensors(path, tensors, metadata), std::invalid_argument);
    CHECK_THROWS_WITH(write_safetensors(path, tensors, metadata), path.string() + ": " + sentence);
    CHECK(folder.count() == 0);
  };
  const auto with_shape = [](std::vector<std::uint64_t> shape) {
    return OutputTensor{"a", dtype_of<float>(), std::move(shape), [](const ByteSink&) {}};
  };
  refuses({tensor("a.b", m), tensor("c", 1.0), tensor("a.b", 1.0)},
          "two tensors are called 'a.b': F32 [2, 3] and F64 []");
  refuses({tensor("", m)}, "a tensor without a name");
  refuses({tensor(std::string("x\0y", 3), m)}, "a name with a NUL");
  refuses({tensor(std::string(1025, 'x'), 1.0)},
          "'" + std::string(200, 'x') + "...': a name of 1025 bytes, but at most 1024 are allowed");
  refuses({tensor("\xFF", m)}, "'\xFF' is not UTF-8");
  refuses({tensor("a", m)}, "'\xFF' is not UTF-8", {{"x", "\xFF"}});
  refuses({tensor("__metadata__", m)}, "'__metadata__' is no name for a tensor");
  refuses({with_shape({1, 1, 1, 1, 1, 1, 1, 1, 1})}, "'a' has more than 8 dimensions");
  refuses({with_shape({std::uint64_t{1} << 62, 4})}, "'a': shape overflows");
  refuses({with_shape({std::uint64_t{1} << 62})}, "'a': size overflows");
  refuses({with_shape({2})}, "'a' sends fewer bytes than F32 [2] has");
  auto too_many = with_shape({2});
  too_many.send = [](const ByteSink& sink) { sink("123456789", 9); };
  refuses({too_many}, "'a' sends more bytes than F32 [2] has");
}

TEST_CASE("a header that is too large is refused") {
  const TemporaryFolder folder;
  const std::map<std::string, std::string> metadata{{"x", std::string(100'000'001, 'x')}};
  CHECK_THROWS_WITH(write_safetensors(folder.path / "file", {}, metadata),
                    contains("is larger than 100000000"));
}
