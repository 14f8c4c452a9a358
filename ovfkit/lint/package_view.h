// SPDX-License-Identifier: Apache-2.0
// The package as the rules look at it: what reading it proved, the texts beside the descriptor, and
// the ends of each disk file. Plain values; `descriptor` is borrowed.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/stream.h"
#include "ovfkit/package/look_ahead.h"
#include "ovfkit/package/package_report.h"

namespace ovfkit::lint {

struct DescriptorView;

// The first and the last bytes of a member. Enough of a VMDK for its header, its descriptor, and
// its footer with the end-of-stream marker.
struct FileEnds {
    static constexpr std::size_t kHead = 160 * 1024;
    static constexpr std::size_t kTail = 2048;

    std::string name;
    std::uint64_t size = 0;
    std::string head;  // the first kHead bytes
    std::string tail;  // the last kTail bytes
};

// Keeps the ends of what passes.
class EndsSink : public base::ByteSink {
  public:
    EndsSink(FileEnds& ends) : ends_(ends) {}
    void write(std::span<const std::byte> data) override;

  private:
    FileEnds& ends_;
};

struct PackageView {
    PackageReport report;
    std::optional<PackageText> manifest;
    std::vector<std::unique_ptr<FileEnds>> files;  // other members than descriptor and texts
    const DescriptorView* descriptor = nullptr;    // nullptr: it cannot be read
};

}  // namespace ovfkit::lint
