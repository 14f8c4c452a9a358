// SPDX-License-Identifier: Apache-2.0
// The disks of one package on their way out of it, of which some are deltas of others
// (ovf:parentRef). Their members come in any order: a delta whose parent is not there yet waits
// with its file half made, and is completed from the parent's file when that is. Disks are known by
// a key of the caller's: the id or name of the file. Borrows the descriptors of the files. Not
// thread-safe.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/fd.h"
#include "ovfkit/disk/member_sink.h"

namespace ovfkit {

class DiskFamily {
  public:
    // A disk, then its parent and so on, the last one whole. Throws invalid_input when the same
    // file was expected with another parent: it would be two disks.
    void expect_chain(const std::vector<std::string>& keys);
    bool expects(const std::string& key) const { return disks_.contains(key); }
    // Of an expected disk; empty: it is whole.
    const std::string& parent_of(const std::string& key) const { return disks_.at(key).parent; }
    // Of an expected disk. is_delta is set here.
    std::unique_ptr<DiskSink> open(const std::string& key, DiskSinkOptions options,
                                   const std::string& format_uri, const std::string& compression);
    // All bytes were written. Completes the disk, and those that waited for it.
    void close(const std::string& key, std::unique_ptr<DiskSink> sink);
    // After the last member. Throws invalid_input when the disk or an ancestor did not come.
    const DecodedDisk& require(const std::string& key) const;
    // The disk that was made, after require().
    std::unique_ptr<DiskReader> read(const std::string& key) const;

  private:
    struct Member {
        std::string parent;  // empty: none
        std::string name;    // for messages
        int fd = -1;         // of the file that is made of it
        DiskFormat format = DiskFormat::raw;
        std::unique_ptr<DiskSink> sink;  // all bytes are in, the parent is missing
        std::optional<DecodedDisk> decoded;
    };
    void expect(const std::string& key, const std::string& parent);
    void complete(Member& member);
    std::vector<std::string> waiting_for(const std::string& key) const;

    std::map<std::string, Member> disks_;
};

}  // namespace ovfkit
