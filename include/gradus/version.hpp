// SPDX-License-Identifier: MIT
#pragma once

/// The library's version, as three numbers (semantic versioning). CMake and pkg-config read them from here.
#define GRADUS_VERSION_MAJOR 0
#define GRADUS_VERSION_MINOR 1
#define GRADUS_VERSION_PATCH 0
