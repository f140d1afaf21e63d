// SPDX-License-Identifier: MIT
//
// Files that are just valid, or just not: what is wrong with each, and the sentence that says so.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace gradus_test {

/// A file made by hand. `sentence` is a part of the error's text; empty: the file is valid.
struct FileCase {
  std::string what;
  std::string bytes;
  std::string sentence;
};

/// The eight bytes that open a file.
inline std::string length_bytes(std::uint64_t length) {
  std::string bytes;
  for (int i = 0; i < 8; ++i) bytes += static_cast<char>(length >> 8 * i & 0xff);
  return bytes;
}

/// A file of this header, without padding, and so many bytes of data.
inline std::string file_of(const std::string& header, std::size_t data) {
  return gradus_test::length_bytes(header.size()) + header + std::string(data, '\1');
}

/// One tensor "a" with this description, in front of 16 bytes of data.
inline std::string one_tensor(const std::string& description, std::size_t data = 16) {
  return gradus_test::file_of("{\"a\":" + description + "}", data);
}

/// "a", of type F32 with 16 bytes, and this shape.
inline std::string of_shape(const std::string& shape) {
  return one_tensor(R"({"dtype":"F32","shape":)" + shape + R"(,"data_offsets":[0,16]})");
}

/// "a", of type F32 and shape [2,2], with these offsets.
inline std::string of_offsets(const std::string& offsets, std::size_t data = 16) {
  return one_tensor(R"({"dtype":"F32","shape":[2,2],"data_offsets":)" + offsets + "}", data);
}

/// A tensor of this type, in as many bytes.
inline std::string of_dtype(const std::string& dtype, const std::string& shape, std::size_t bytes) {
  return one_tensor("{\"dtype\":\"" + dtype + "\",\"shape\":" + shape + ",\"data_offsets\":[0," +
                        std::to_string(bytes) + "]}",
                    bytes);
}

/// All cases.
inline std::vector<FileCase> safetensors_cases() {
  using std::string;
  const string entry = R"({"dtype":"F32","shape":[2,2],"data_offsets":[0,16]})";
  const string valid_header = "{\"a\":" + entry + "}", valid = file_of(valid_header, 16);
  const auto named = [&](const string& name) { return file_of("{\"" + name + "\":" + entry + "}", 16); };
  const auto with_metadata = [&](const string& metadata) {
    return file_of("{\"__metadata__\":" + metadata + ",\"a\":" + entry + "}", 16);
  };
  const auto two = [](const string& a, const string& b, std::size_t data) {  // of two floats each
    return file_of(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":)" + a +
                       R"(},"b":{"dtype":"F32","shape":[2],"data_offsets":)" + b + "}}",
                   data);
  };
  const string not_json = "header is not JSON", no_brace = "header does not begin with '{'",
               too_large = "is larger than 100000000", largest = "18446744073709551615";
  string big_endian = length_bytes(valid_header.size());
  big_endian = string(big_endian.rbegin(), big_endian.rend()) + valid.substr(8);
  string ones = "[1";
  for (int i = 1; i < 1000; ++i) ones += ",1";
  ones += "]";

  return {
      // How long the header is.
      {"empty", "", "shorter than 8 bytes"},
      {"seven_bytes", string(7, '\0'), "shorter than 8 bytes"},
      {"no_header", length_bytes(0), no_brace},
      {"header_of_one_brace", file_of("{", 0), not_json},
      {"no_tensors", file_of("{}", 0), ""},
      {"no_tensors_one_byte", file_of("{}", 1), "tensors need 0 bytes, the file has 1"},
      {"length_beyond_the_file", length_bytes(1'000'000) + string(80, '{'),
       "header of 1000000 bytes, but the file has 88"},
      {"length_one_beyond_the_file", length_bytes(valid_header.size() + 1) + valid_header,
       "header of 58 bytes, but the file has 65"},
      {"length_2_to_63", length_bytes(std::uint64_t{1} << 63) + valid.substr(8), too_large},
      {"length_largest", length_bytes(~std::uint64_t{0}) + valid.substr(8), too_large},
      {"length_that_wraps", length_bytes(~std::uint64_t{7}) + valid.substr(8), too_large},
      {"length_above_the_limit", length_bytes(100'000'001) + valid.substr(8), too_large},
      {"length_one_too_small", length_bytes(valid_header.size() - 1) + valid.substr(8), not_json},
      {"length_big_endian", big_endian, too_large},
      // What the header is.
      {"blanks", file_of("        ", 0), no_brace},
      {"blank_first", file_of(" " + valid_header, 16), no_brace},
      {"newline_first", file_of("\n" + valid_header, 16), no_brace},
      {"byte_order_mark", file_of("\xEF\xBB\xBF" + valid_header, 16), no_brace},
      {"array", file_of("[]", 0), no_brace},
      {"null", file_of("null", 0), no_brace},
      {"number", file_of("7", 0), no_brace},
      {"letters", file_of("letters", 0), no_brace},
      {"last_brace_missing", file_of("{\"a\":" + entry, 16), not_json},
      {"trailing_comma", file_of("{\"a\":" + entry + ",}", 16), not_json},
      {"two_objects", file_of("{}{}", 0), not_json},
      {"padded_with_nul", file_of(valid_header + string(3, '\0'), 16), "header has a NUL"},
      {"padded_with_tabs", file_of(valid_header + "\t\t\t", 16), ""},
      {"length_no_multiple_of_8", file_of("{\"ab\":" + entry + "}  ", 16), ""},
      {"comment", file_of("{/* */\"a\":" + entry + "}", 16), not_json},
      {"single_quotes", file_of("{'a':" + entry + "}", 16), not_json},
      // Names.
      {"name_no_utf8", named("\xFF\xFE"), not_json},
      {"name_overlong_utf8", named("\xC0\xAF"), not_json},
      {"name_lone_surrogate", named("\\ud800"), not_json},
      {"name_with_nul", named("x\\u0000y"), "a name with a NUL"},
      {"name_with_raw_tab", named("x\ty"), not_json},
      {"name_empty", named(""), "a tensor without a name"},
      {"name_like_a_path", named("../../etc/passwd"), ""},
      {"name_too_long", named(string(1025, 'x')), "a name of 1025 bytes, but at most 1024 are allowed"},
      {"name_twice_equal", file_of("{\"a\":" + entry + ",\"a\":" + entry + "}", 16), "'a' is there twice"},
      {"name_twice",
       file_of("{\"a\":" + entry + R"(,"a":{"dtype":"F32","shape":[2],"data_offsets":[16,24]}})", 24),
       "'a' is there twice"},
      {"name_twice_escaped",
       file_of("{\"a\":" + entry + R"(,"\u0061":{"dtype":"F32","shape":[2],"data_offsets":[16,24]}})", 24),
       "'a' is there twice"},
      // Metadata.
      {"metadata", with_metadata(R"({"x":"1","y":""})"), ""},
      {"metadata_twice", file_of(R"({"__metadata__":{},"__metadata__":{}})", 0), "duplicate __metadata__"},
      {"metadata_key_twice", with_metadata(R"({"x":"1","x":"1"})"), "duplicate metadata 'x'"},
      {"dtype_twice", one_tensor(R"({"dtype":"F32","dtype":"F32","shape":[2,2],"data_offsets":[0,16]})"),
       "'a': duplicate dtype"},
      {"metadata_of_numbers", with_metadata(R"({"x":1})"), "__metadata__: number where none is allowed"},
      {"metadata_of_null", with_metadata(R"({"x":null})"), "__metadata__: null where none is allowed"},
      {"metadata_of_objects", with_metadata(R"({"x":{}})"), "__metadata__: object where none is allowed"},
      {"metadata_null", with_metadata("null"), "'__metadata__': null where none is allowed"},
      {"metadata_array", with_metadata("[]"), "'__metadata__': array where none is allowed"},
      {"metadata_like_a_tensor", with_metadata(R"({"dtype":"F32","shape":[1],"data_offsets":[0,4]})"),
       "__metadata__: array where none is allowed"},
      // Tensors.
      {"no_dtype", one_tensor(R"({"shape":[2,2],"data_offsets":[0,16]})"), "'a' has no dtype"},
      {"no_shape", one_tensor(R"({"dtype":"F32","data_offsets":[0,16]})"), "'a' has no shape"},
      {"no_offsets", one_tensor(R"({"dtype":"F32","shape":[2,2]})"), "'a' has no data_offsets"},
      {"unknown_key", one_tensor(R"({"dtype":"F32","shape":[2,2],"data_offsets":[0,16],"x":1})"),
       "'a': unknown key 'x'"},
      {"tensor_as_list", one_tensor(R"(["F32",[2,2],[0,16]])"), "'a': array where none is allowed"},
      {"tensor_null", one_tensor("null"), "'a': null where none is allowed"},
      {"tensor_true", one_tensor("true"), "'a': true or false where none is allowed"},
      {"unknown_dtype", of_dtype("F31", "[4]", 16), "'a': unknown dtype 'F31'"},
      {"dtype_in_small_letters", of_dtype("f32", "[4]", 16), "'a': unknown dtype 'f32'"},
      {"dtype_a_number", one_tensor(R"({"dtype":3,"shape":[2,2],"data_offsets":[0,16]})"),
       "'a': number where none is allowed"},
      // Shapes.
      {"shape_negative", of_shape("[-2,-2]"), "'a': a negative number"},
      {"shape_with_point", of_shape("[2.0,2]"), "'a': a number that is not an integer below 2^64"},
      {"shape_with_exponent", of_shape("[2e0,2]"), "'a': a number that is not an integer below 2^64"},
      {"shape_of_text", of_shape(R"(["2","2"])"), "'a': text where none is allowed"},
      {"shape_null", of_shape("null"), "'a': null where none is allowed"},
      {"shape_a_number", of_shape("4"), "'a': number where none is allowed"},
      {"shape_leading_zero", of_shape("[02,2]"), not_json},
      {"shape_minus_zero", of_shape("[-0,2]"), "'a': a negative number"},
      {"shape_2_to_64", of_shape("[18446744073709551616]"),
       "'a': a number that is not an integer below 2^64"},
      {"shape_overflows_to_0", of_dtype("F32", "[4294967296,4294967296]", 0), "'a': shape overflows"},
      {"size_overflows_to_4", of_dtype("F32", "[4611686018427387905]", 4), "'a': size overflows"},
      {"shape_overflows_before_0", of_dtype("F32", "[9223372036854775808,2,0]", 0), "'a': shape overflows"},
      {"shape_0_before_overflow", of_dtype("F32", "[0,9223372036854775808,2]", 0), ""},
      {"thousand_dimensions", of_dtype("F32", ones, 4), "'a' has more than 8 dimensions"},
      {"eight_dimensions", of_dtype("F32", "[1,1,1,1,1,1,1,1]", 4), ""},
      {"scalar", of_dtype("F64", "[]", 8), ""},
      {"size_0", of_dtype("F64", "[0,5]", 0), ""},
      {"two_of_size_0",
       file_of(R"({"a":{"dtype":"F32","shape":[0],"data_offsets":[0,0]},)"
               R"("b":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}})",
               0),
       ""},
      // Offsets.
      {"offsets_reversed", of_offsets("[16,0]"), "'a': data_offsets reversed"},
      {"offsets_negative", of_offsets("[-16,0]"), "'a': a negative number"},
      {"offsets_with_point", of_offsets("[0.0,16.0]"), "'a': a number that is not an integer below 2^64"},
      {"three_offsets", of_offsets("[0,16,16]"), "'a': data_offsets must be two numbers"},
      {"one_offset", of_offsets("[16]"), "'a': data_offsets must be two numbers"},
      {"offsets_null", of_offsets("null"), "'a': null where none is allowed"},
      {"end_beyond_the_data", one_tensor(R"({"dtype":"F32","shape":[4,2],"data_offsets":[0,32]})"),
       "tensors need 32 bytes, the file has 16"},
      {"end_largest", of_offsets("[0," + largest + "]"),
       "'a': shape needs 16 bytes, data_offsets give 18446744073709551615"},
      {"first_begins_at_4", of_offsets("[4,20]", 20), "'a' begins at 4, but the tensor before ends at 0"},
      {"hole", two("[0,8]", "[12,20]", 20), "'b' begins at 12, but the tensor before ends at 8"},
      {"overlap", two("[0,8]", "[4,12]", 12), "'b' begins at 4, but the tensor before ends at 8"},
      {"one_range_for_two", two("[0,8]", "[0,8]", 8), "'b' begins at 0, but the tensor before ends at 8"},
      {"not_in_order", two("[8,16]", "[0,8]", 16), ""},
      {"bytes_appended", valid + "PK\3\4", "tensors need 16 bytes, the file has 20"},
      {"one_byte_short", valid.substr(0, valid.size() - 1), "tensors need 16 bytes, the file has 15"},
      {"shape_too_small", of_shape("[3]"), "'a': shape needs 12 bytes, data_offsets give 16"},
      // Types of other sizes.
      {"half_a_byte", of_dtype("F4", "[3]", 2), "'a': F4 [3] is not whole bytes"},
      {"four_bits", of_dtype("F4", "[4]", 2), ""},
      {"six_bits", of_dtype("F6_E2M3", "[4]", 3), ""},
      {"complex", of_dtype("C64", "[2]", 16), ""},
      {"bool_2", of_dtype("BOOL", "[2]", 2), ""},
      {"double_at_1",
       file_of(R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},)"
               R"("b":{"dtype":"F64","shape":[1],"data_offsets":[1,9]}})",
               9),
       ""},
      // What costs time or memory, and what is no number.
      {"200_arrays", one_tensor(string(200, '[') + string(200, ']')), "'a': array where none is allowed"},
      {"100000_arrays", one_tensor(string(100'000, '[') + string(100'000, ']')),
       "'a': array where none is allowed"},
      {"nan", of_shape("[NaN]"), not_json},
      {"infinity", of_shape("[Infinity]"), not_json},
      {"1e400", of_shape("[1e400]"), not_json},
      {"offset_with_exponent", of_offsets("[0,1.6e1]"), "'a': a number that is not an integer below 2^64"},
      {"valid", valid, ""},
  };
}

}  // namespace gradus_test
