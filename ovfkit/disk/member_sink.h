// SPDX-License-Identifier: Apache-2.0
// Where the bytes of an untrusted disk member go: a push decoder that turns the stream into a
// sparse raw file, a qcow2 or another streamOptimized VMDK, in any chunking, in one pass.
// A format is never guessed: the descriptor's format URI says what is expected and the first bytes
// must agree (member_format.h). streamOptimized VMDK and raw are decoded as they come; what can
// only be read at random waits in a nameless file (foreign_sink.h): the very bytes that were hashed
// are decoded, which a second look at the package would not promise.
// The descriptor `fd` is borrowed; the file is neither synced nor renamed here (the importer does
// that once every digest matched). Used by one thread; decoding runs on threads of its own.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include "base/byte_size.h"
#include "base/error.h"
#include "base/stream.h"
#include "ovfkit/disk/disk_reader.h"
#include "ovfkit/disk/stream_vmdk_encoder.h"

namespace ovfkit {

struct DecodedDisk {
    std::string encoding;               // "streamOptimized", "raw", "qcow2", "vhdx", …; "+gzip"
    std::uint64_t capacity_bytes = 0;   // by the disk's own header, not by the descriptor
    std::uint64_t populated_bytes = 0;  // bytes of the grains that were written
};

// write() throws as soon as the stream turns out wrong or a worker failed, naming the object:
// invalid_input (damaged, truncated, over a limit), unsupported (another format; the hint says how
// to convert), environment (no space). After a throw only destruction is allowed; the file then
// holds rubbish and is the caller's to remove.
class DiskSink : public base::ByteSink {
  public:
    // The end of the stream: waits for the workers, checks completeness, sets the file's size.
    DecodedDisk finish() { return finish_over(nullptr); }
    // The same for a delta (DiskSinkOptions::is_delta): what the stream left out comes from the
    // parent, which must be no larger. Its disk is whole afterwards.
    virtual DecodedDisk finish_over(const DiskReader* parent) = 0;
};

// For those who get their sinks back as what they gave: the disk's, which is then no longer in
// `sink`; nullptr, and `sink` as it was, for any other.
std::unique_ptr<DiskSink> take_disk_sink(std::unique_ptr<base::ByteSink>& sink);

struct DiskSinkOptions {
    std::string name;  // for messages: the member's name
    int fd = -1;       // an empty regular file open for reading and writing
    DiskFormat target = DiskFormat::raw;
    // The caller compares a digest of all bytes before it uses the file: grains need not be
    // inflated to see that they are whole.
    bool covered_by_digest = false;
    // The descriptor says that it is a delta of another disk (ovf:parentRef): finish_over() gets
    // that one. Otherwise a VMDK that calls itself a delta is refused.
    bool is_delta = false;
    std::uint64_t max_capacity_bytes = 65536 * base::kGiB;
    unsigned threads = 0;  // 0: one per core
    // Where a disk waits that cannot be decoded as it comes; empty: such disks are refused.
    std::filesystem::path spool_folder;

    // Instead of `fd` and `target`: the disk as a streamOptimized VMDK (borrowed).
    base::ByteSink* stream = nullptr;
    StreamVmdkOptions encoding;  // of that
    // Grains that are deflated already are taken over as they are, once they were seen to be whole.
    bool keep_grains = true;
    // Let a VMDK wait too; without that GrainsOutOfOrder is thrown when it needs to.
    bool spool_vmdk = false;
};

// The grains of a VMDK come in another order than the new one has to have.
class GrainsOutOfOrder : public base::Error {
  public:
    explicit GrainsOutOfOrder(const std::string& name);
};

// The decoder for a File of a descriptor. `format_uri` is ovf:format of the Disk that uses it
// (empty when unknown), `compression` is ovf:compression of the File ("", "identity" or "gzip").
std::unique_ptr<DiskSink> make_member_sink(const DiskSinkOptions& options,
                                           const std::string& format_uri,
                                           const std::string& compression = "");

// What our own writer declares, DSP0243 5.2 "Disk".
inline constexpr const char* kStreamOptimizedFormatUri =
    "http://www.vmware.com/interfaces/specifications/vmdk.html#streamOptimized";

}  // namespace ovfkit
