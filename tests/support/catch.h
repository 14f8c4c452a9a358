// SPDX-License-Identifier: Apache-2.0
// The one place that knows which Catch2 this is (v2, from Debian).
#pragma once

#include <string>

#include <catch2/catch.hpp>

#include "base/error.h"

namespace tests {

// The Error that fn throws; fails the test when it throws none.
template <typename Fn>
base::Error error_of(Fn&& fn) {
    try {
        fn();
    } catch (const base::Error& error) {
        return error;
    }
    FAIL("expected an error");
    base::unreachable("FAIL returned");
}

}  // namespace tests
