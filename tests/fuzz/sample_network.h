// SPDX-License-Identifier: Apache-2.0
// The network that the fuzzers of guests' packets talk to: one host, db.
#pragma once

#include "hvruntime/net/switch_spec.h"

inline hvruntime::SwitchSpec sample_network() {
    return {.id = "a1",
            .name = "back",
            .subnet = "10.84.0.0/24",
            .domains = {"shop1"},
            .hosts = {{.name = "db", .ip = "10.84.0.10", .mac = "52:54:00:00:00:0a"}}};
}
