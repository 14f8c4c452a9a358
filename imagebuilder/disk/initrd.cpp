// SPDX-License-Identifier: Apache-2.0
#include "imagebuilder/disk/initrd.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <set>
#include <sstream>

#include <fmt/format.h>

#include "base/error.h"
#include "base/file.h"
#include "base/process.h"
#include "imagebuilder/disk/cpio.h"
#include "imagebuilder/disk/initrd_script.h"

namespace imagebuilder {

namespace fs = std::filesystem;

namespace {

using base::Error;
using base::ErrorKind;

// The last is for file systems that name it nowhere: they ask for "crc32c" when they are mounted.
constexpr std::array<const char*, 9> kModules{"virtio_pci", "virtio_blk", "virtio_scsi",
                                              "sd_mod",     "sr_mod",     "ahci",
                                              "nvme",       "vmw_pvscsi", "crc32c_generic"};
constexpr std::array<const char*, 20> kApplets{
    "sh",     "mount",    "cat",         "echo",  "ls",     "tr",       "sleep",
    "reboot", "insmod",   "findfs",      "grep",  "usleep", "readlink", "mkdir",
    "setsid", "cttyhack", "switch_root", "uname", "dmesg",  "blkid"};

// "kernel/fs/ext4/ext4.ko.xz" → "ext4"; '-' and '_' are the same to the kernel.
std::string module_name(const std::string& path) {
    std::string name = fs::path(path).filename().string();
    name = name.substr(0, name.find(".ko"));
    std::replace(name.begin(), name.end(), '-', '_');
    return name;
}

bool is_static_program(const fs::path& path) {
    // A dynamic ELF file names its interpreter near its start.
    const base::UniqueFd fd = base::open_file(path.string(), 0);
    std::string head(8192, '\0');
    const std::size_t got =
        base::pread_some(fd.get(), std::as_writable_bytes(std::span(head)), 0, path.string());
    head.resize(got);
    return head.starts_with(
               "\x7f"
               "ELF") &&
           head.find("/ld-linux") == std::string::npos;
}

std::vector<std::string> wanted_modules(const std::string& root_module) {
    std::vector<std::string> wanted(kModules.begin(), kModules.end());
    wanted.push_back(root_module);
    return wanted;
}

void add_modules(CpioWriter& cpio, const std::string& dep, const std::string& root_module,
                 const std::function<std::string(const std::string& path)>& read) {
    for (const std::string& path : needed_modules(dep, root_module)) {
        cpio.add_file("modules/" + module_name(path) + ".ko", read(path));
    }
    for (const std::string& module : wanted_modules(root_module)) {
        std::string list;
        for (const std::string& path : load_order(dep, module)) {
            list += module_name(path) + ".ko\n";
        }
        if (!list.empty()) {
            cpio.add_file("modules/" + module + ".list", list);
        }
    }
}

}  // namespace

std::vector<std::string> load_order(const std::string& modules_dep, const std::string& module) {
    std::istringstream lines(modules_dep);
    for (std::string line; std::getline(lines, line);) {
        const std::size_t colon = line.find(':');
        if (colon == std::string::npos || module_name(line.substr(0, colon)) != module) {
            continue;
        }
        // modules.dep lists dependencies so that the last one is loaded first.
        std::vector<std::string> order{line.substr(0, colon)};
        std::istringstream words(line.substr(colon + 1));
        for (std::string word; words >> word;) {
            order.push_back(word);
        }
        std::reverse(order.begin(), order.end());
        return order;
    }
    return {};
}

fs::path find_static_busybox() {
    const char* chosen = std::getenv("MUSTER_BUSYBOX");
    std::vector<fs::path> candidates{"/usr/bin/busybox", "/bin/busybox"};
    if (chosen != nullptr) {
        candidates = {chosen};
    }
    for (const fs::path& path : candidates) {
        if (fs::exists(path) && is_static_program(path)) {
            return path;
        }
    }
    throw Error(ErrorKind::environment, "there is no static busybox on this host",
                "apt-get install busybox-static");
}

Error no_module_index(const std::string& place) {
    return {ErrorKind::invalid_input,
            fmt::format("the image's kernel has no module index '{}'", place),
            "install a kernel package such as linux-image-cloud-amd64"};
}

std::vector<std::string> needed_modules(const std::string& modules_dep,
                                        const std::string& root_module) {
    std::vector<std::string> paths;
    std::set<std::string> added;
    for (const std::string& module : wanted_modules(root_module)) {
        for (const std::string& path : load_order(modules_dep, module)) {
            if (!added.insert(path).second) {
                continue;
            }
            if (!path.ends_with(".ko")) {
                throw Error(ErrorKind::unsupported,
                            fmt::format("the kernel module '{}' is compressed", path),
                            "use a kernel with plain modules, as Debian 12 has");
            }
            paths.push_back(path);
        }
    }
    return paths;
}

std::string make_initrd(const std::string& modules_dep,
                        const std::function<std::string(const std::string& path)>& read,
                        const fs::path& busybox, const std::string& root_module) {
    CpioWriter cpio;
    for (const char* folder : {"bin", "dev", "proc", "sys", "run", "root", "modules"}) {
        cpio.add_directory(folder);
    }
    cpio.add_char_device("dev/console", 5, 1);  // the kernel opens it before /init runs
    cpio.add_file("bin/busybox", base::read_file(busybox), 0755);
    for (const char* applet : kApplets) {
        cpio.add_symlink(std::string("bin/") + applet, "busybox");
    }
    add_modules(cpio, modules_dep, root_module, read);
    cpio.add_file("init", kInitScript, 0755);
    return cpio.finish();
}

std::string make_initrd(const InitrdOptions& options) {
    const fs::path index = options.modules_dir / "modules.dep";
    if (!fs::exists(index)) {
        throw no_module_index(index.string());
    }
    return make_initrd(
        base::read_file(index),
        [&](const std::string& path) { return base::read_file(options.modules_dir / path); },
        options.busybox, options.root_module);
}

}  // namespace imagebuilder
