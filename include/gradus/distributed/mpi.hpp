// SPDX-License-Identifier: MIT
//
// All of distributed/, but checkpoint.hpp and checkpoints.hpp, which need nlohmann-json too.
// not in the umbrella: it needs MPI 3.1 or later (Debian: libopenmpi-dev)
#pragma once

#include <gradus/distributed/agree.hpp>
#include <gradus/distributed/average.hpp>
#include <gradus/distributed/communicator.hpp>
#include <gradus/distributed/compare.hpp>
#include <gradus/distributed/data_parallel.hpp>
#include <gradus/distributed/gradient_average.hpp>
#include <gradus/distributed/orthogonalize_shared.hpp>
#include <gradus/distributed/session.hpp>
#include <gradus/distributed/sharded.hpp>
