// SPDX-License-Identifier: Apache-2.0
#include "deployer/host_info.h"

#include <sstream>
#include <thread>

#include <sys/utsname.h>
#include <unistd.h>

#include "base/file.h"

namespace deployer {

namespace {

// "MemTotal:       24000000 kB"
std::uint64_t memory_info_bytes(const std::string& name) {
    std::istringstream lines(base::read_file("/proc/meminfo", 1U << 20U));
    std::string key;
    std::uint64_t kib = 0;
    std::string unit;
    while (lines >> key >> kib) {
        std::getline(lines, unit);
        if (key == name + ":") {
            return kib * 1024;
        }
    }
    return 0;
}

}  // namespace

base::Json describe_host(const hvruntime::AccelChoice& accel,
                         const std::filesystem::path& data_dir) {
    utsname names{};
    ::uname(&names);
    return {
        {"name", names.nodename},
        {"kernel", names.release},
        {"cpus", std::thread::hardware_concurrency()},
        {"memory_bytes", memory_info_bytes("MemTotal")},
        {"memory_available_bytes", memory_info_bytes("MemAvailable")},
        {"accelerator", to_json(accel)},
        {"network",
         {{"kind", "rootless"}, {"why", "one user-space switch per network; needs no privilege"}}},
        {"uid", ::getuid()},
        {"data_folder", data_dir.string()},
        {"data_free_bytes", std::filesystem::space(data_dir).available}};
}

}  // namespace deployer
