// SPDX-License-Identifier: Apache-2.0
#include "ovfkit/disk/disk_target.h"

#include "ovfkit/disk/qcow2/qcow2_writer.h"
#include "ovfkit/disk/raw/sparse_file.h"

namespace ovfkit {

namespace {

class RawTarget : public DiskTarget {
  public:
    RawTarget(int fd, const std::string& name) : file_(fd, name) {}

    const std::string& name() const override { return file_.name(); }
    void set_capacity(std::uint64_t bytes) override { file_.set_size(bytes); }
    void reserve(std::uint64_t /*offset*/, std::uint64_t /*length*/) override {}
    void write_at(std::uint64_t offset, std::span<const std::byte> data) override {
        file_.write_at(offset, data);
    }
    void finish() override {}

  private:
    SparseFile file_;
};

}  // namespace

std::unique_ptr<DiskTarget> make_disk_target(DiskFormat format, int fd, const std::string& name) {
    if (format == DiskFormat::qcow2) {
        return std::make_unique<Qcow2Writer>(fd, name);
    }
    return std::make_unique<RawTarget>(fd, name);
}

}  // namespace ovfkit
