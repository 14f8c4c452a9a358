// SPDX-License-Identifier: Apache-2.0
// The block layer of a QEMU that is not there, as far as copies of disks need it: nodes by name,
// backup jobs that are begun by a transaction, and what QEMU refuses. A job's copy is the bytes
// that the disk's file has when the job begins. Not thread-safe.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/json.h"

namespace tests {

class FakeBlockJobs {
  public:
    // Orders: copy-ms=MS (how long a job takes), copy-fails (see fake_qemu.cpp).
    using Orders = std::map<std::string, std::string>;

    // The JSON of a -blockdev argument.
    void add_argument(const std::string& json);
    // The value of "return", or nullopt for a command that is none of the block layer's. Throws
    // base::Error with QEMU's words when it is refused.
    std::optional<base::Json> execute(std::string_view command, const base::Json& arguments,
                                      const Orders& orders);

  private:
    using Clock = std::chrono::steady_clock;
    struct Node {
        std::string driver;
        std::string file;     // node below it, of a qcow2; path, of a file
        std::string backing;  // node; empty: none
    };
    struct Job {
        std::string target;
        Clock::time_point end;
        std::string error;
        bool concluded = false;
    };
    void add_node(const base::Json& node);
    void delete_node(const std::string& name);
    void begin_backup(const base::Json& data, const Orders& orders);
    Job& require_job(const base::Json& arguments);
    const Node& require_node(const std::string& name) const;
    base::Json list_nodes() const;
    base::Json list_jobs();

    std::map<std::string, Node> nodes_;
    std::map<std::string, Job> jobs_;
};

}  // namespace tests
