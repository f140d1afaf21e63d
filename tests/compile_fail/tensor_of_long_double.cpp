// expect-only: gradus: a safetensors file cannot hold this scalar, such as long double
// SPDX-License-Identifier: MIT
#include <gradus/io/tensor_info.hpp>

auto test() { return gradus::io::dtype_of<long double>(); }
