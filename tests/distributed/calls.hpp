// SPDX-License-Identifier: MIT
//
// The calls of MPI that means and steps make: the functions of calls.cpp stand before MPI's own.
#pragma once

#include <cstdint>

namespace gradus_test {

/// Counted while `counting`: bytes from other ranks, of which those that an `MPI_Allreduce` leaves count
/// once, and gathers that have been started.
extern std::int64_t received, gathers;
extern bool counting;

}  // namespace gradus_test
