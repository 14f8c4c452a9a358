// SPDX-License-Identifier: Apache-2.0
// A SwitchRuntime in folders of its own, running real switch processes (the program `muster`), and
// a network of two machines, db and web. Whatever a test leaves running is ended.
#pragma once

#include <string>

#include "base/file.h"
#include "hvruntime/net/switch_runtime.h"

namespace tests {

inline hvruntime::SwitchSpec two_machines(const std::string& id = "a1b2c3") {
    return {
        .id = id,
        .name = "back",
        .deployment = "shop1",
        .subnet = "10.84.0.0/24",
        .domains = {"shop1", "guestbook"},
        .hosts = {{.name = "db",
                   .aliases = {"database"},
                   .ip = "10.84.0.10",
                   .mac = "52:54:00:00:00:0a"},
                  {.name = "web", .ip = "10.84.0.11", .mac = "52:54:00:00:00:0b"}},
        .ports = {{.machine_id = "m-db", .mac = "52:54:00:00:00:0a", .ip = "10.84.0.10"},
                  {.machine_id = "m-web", .mac = "52:54:00:00:00:0b", .ip = "10.84.0.11"}},
        .dns_records = {{.name = "app", .ip = "10.84.1.10"}, {.name = "web", .ip = "10.84.1.11"}}};
}

struct NetworkFixture {
    base::TempDir data;
    base::TempDir run{"/tmp", "mt"};
    hvruntime::SwitchRuntime runtime{{.data_dir = data.path(),
                                      .run_dir = run.path(),
                                      .executable = MUSTER_BINARY_DIR "/bin/muster"}};

    ~NetworkFixture() {
        base::guarded("test", [this] {
            for (const auto& status : runtime.list()) {
                runtime.stop(status.spec.id);
            }
        });
    }
};

}  // namespace tests
