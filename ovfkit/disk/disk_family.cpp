// SPDX-License-Identifier: Apache-2.0
#include "ovfkit/disk/disk_family.h"

#include <fcntl.h>
#include <cerrno>
#include <utility>

#include <fmt/format.h>

#include "base/error.h"

namespace ovfkit {

namespace {

std::unique_ptr<DiskReader> open_made_disk(int fd, const std::string& name, DiskFormat format) {
    base::UniqueFd own(::fcntl(fd, F_DUPFD_CLOEXEC, 0));
    if (!own) {
        throw base::SystemError(errno, fmt::format("cannot read disk '{}' again", name));
    }
    return open_foreign_disk(std::move(own), name, format);
}

}  // namespace

void DiskFamily::expect_chain(const std::vector<std::string>& keys) {
    for (std::size_t i = 0; i < keys.size(); ++i) {
        expect(keys[i], i + 1 < keys.size() ? keys[i + 1] : "");
    }
}

void DiskFamily::expect(const std::string& key, const std::string& parent) {
    const auto [known, is_new] = disks_.try_emplace(key);
    if (is_new) {
        known->second.parent = parent;
        known->second.name = key;
    } else if (known->second.parent != parent) {
        throw base::Error(base::ErrorKind::invalid_input,
                          fmt::format("file '{}' is a delta of '{}' for one disk and of '{}' for "
                                      "another",
                                      key, known->second.parent, parent),
                          "each of them needs a file of its own");
    }
}

std::unique_ptr<DiskSink> DiskFamily::open(const std::string& key, DiskSinkOptions options,
                                           const std::string& format_uri,
                                           const std::string& compression) {
    Member& member = disks_.at(key);
    member.name = options.name;
    member.fd = options.fd;
    member.format = options.target;
    options.is_delta = !member.parent.empty();
    return make_member_sink(options, format_uri, compression);
}

void DiskFamily::close(const std::string& key, std::unique_ptr<DiskSink> sink) {
    disks_.at(key).sink = std::move(sink);
    std::vector<std::string> ready{key};
    while (!ready.empty()) {
        const std::string next = std::move(ready.back());
        ready.pop_back();
        Member& member = disks_.at(next);
        complete(member);
        if (member.decoded) {
            const auto children = waiting_for(next);
            ready.insert(ready.end(), children.begin(), children.end());
        }
    }
}

void DiskFamily::complete(Member& member) {
    if (member.parent.empty()) {
        member.decoded = member.sink->finish();
    } else {
        const auto found = disks_.find(member.parent);
        if (found == disks_.end() || !found->second.decoded) {
            return;
        }
        const Member& parent = found->second;
        const auto disk = open_made_disk(parent.fd, parent.name, parent.format);
        member.decoded = member.sink->finish_over(disk.get());
    }
    member.sink.reset();
}

std::vector<std::string> DiskFamily::waiting_for(const std::string& key) const {
    std::vector<std::string> children;
    for (const auto& [name, member] : disks_) {
        if (member.parent == key && member.sink) {
            children.push_back(name);
        }
    }
    return children;
}

const DecodedDisk& DiskFamily::require(const std::string& key) const {
    const auto found = disks_.find(key);
    if (found != disks_.end() && found->second.decoded) {
        return *found->second.decoded;
    }
    if (found != disks_.end() && found->second.sink) {
        throw base::Error(base::ErrorKind::invalid_input,
                          fmt::format("the package has no member '{}', which disk '{}' is a delta "
                                      "of",
                                      found->second.parent, found->second.name));
    }
    throw base::Error(base::ErrorKind::invalid_input,
                      fmt::format("the package has no member '{}', which a disk refers to", key));
}

std::unique_ptr<DiskReader> DiskFamily::read(const std::string& key) const {
    const Member& member = disks_.at(key);
    return open_made_disk(member.fd, member.name, member.format);
}

}  // namespace ovfkit
