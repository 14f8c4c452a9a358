// SPDX-License-Identifier: Apache-2.0
// Passes the members of a package that is being read on to writers: to one, under other names, or
// to several at once. For packages that are merged or split.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "ovfkit/package/inspection.h"
#include "ovfkit/package/package_reader.h"
#include "ovfkit/package/package_writer.h"

namespace ovfkit::edit {

struct RelayTarget {
    PackageWriter* writer;
    std::string name;
};

class MemberRelay : public PackageHandler {
  public:
    using OnDescriptor = std::function<void(const std::string& name, const std::string& text)>;
    // Empty: the member is only hashed.
    using TargetsOf = std::function<std::vector<RelayTarget>(const std::string& member)>;

    MemberRelay(OnDescriptor on_descriptor, TargetsOf targets_of, ProgressCall on_progress);
    void on_descriptor(const std::string& name, const std::string& text,
                       const Envelope& envelope) override;
    bool wants_chunks() const override { return true; }
    std::unique_ptr<base::ByteSink> open_member(const std::string& name,
                                                std::uint64_t size) override;
    void close_member(const std::string& name, std::unique_ptr<base::ByteSink> sink) override;
    void on_progress(std::uint64_t done, std::uint64_t total) override;

  private:
    OnDescriptor on_descriptor_;
    TargetsOf targets_of_;
    ProgressCall on_progress_;
    std::vector<RelayTarget> open_;
};

// "disk.vmdk.000000001" is a chunk of "disk.vmdk": the name without the number, and the number
// with its dot.
std::pair<std::string, std::string> split_chunk_name(const std::string& member);

}  // namespace ovfkit::edit
