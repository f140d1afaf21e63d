// SPDX-License-Identifier: MIT
#pragma once

/// The library's version is MAJOR.MINOR.PATCH (semantic versioning). CMake and pkg-config read it from here.
#define GRADUS_VERSION_MAJOR 0
/// See `GRADUS_VERSION_MAJOR`.
#define GRADUS_VERSION_MINOR 1
/// See `GRADUS_VERSION_MAJOR`.
#define GRADUS_VERSION_PATCH 0
