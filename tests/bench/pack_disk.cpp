// SPDX-License-Identifier: Apache-2.0
// pack_disk encode DISK OUT.vmdk [LEVEL] | decode IN.vmdk OUT.raw: the disk pipelines alone, for
// bench_pack_disk.sh.
#include <fcntl.h>
#include <unistd.h>
#include <cstdio>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/fd.h"
#include "ovfkit/disk/stream_vmdk_decoder.h"
#include "ovfkit/disk/stream_vmdk_encoder.h"

namespace {

void encode(const std::string& in, const std::string& out, int level) {
    const base::UniqueFd fd = base::open_file(out, O_WRONLY | O_CREAT | O_TRUNC);
    base::FdSink sink(fd.get(), out);
    ovfkit::encode_stream_optimized(*ovfkit::open_disk(in), sink, {.level = level});
}

void decode(const std::string& in, const std::string& out) {
    const base::UniqueFd from = base::open_file(in, O_RDONLY);
    const base::UniqueFd to = base::open_file(out, O_WRONLY | O_CREAT | O_TRUNC);
    const auto sink = ovfkit::make_stream_vmdk_decoder({.name = in, .fd = to.get()});
    std::vector<std::byte> buffer(1U << 20U);
    while (const std::size_t got = base::read_some(from.get(), buffer, in)) {
        sink->write(std::span(buffer).first(got));
    }
    sink->finish();
}

}  // namespace

int main(int argc, char** argv) {
    const std::vector<std::string> arguments(argv + 1, argv + argc);
    try {
        if (arguments.size() >= 3 && arguments[0] == "encode") {
            encode(arguments[1], arguments[2], arguments.size() > 3 ? std::stoi(arguments[3]) : 6);
        } else if (arguments.size() == 3 && arguments[0] == "decode") {
            decode(arguments[1], arguments[2]);
        } else {
            std::fputs("usage: pack_disk encode DISK OUT [LEVEL] | decode IN OUT\n", stderr);
            return 2;
        }
    } catch (const base::Error& error) {
        std::fprintf(stderr, "%s\n", error.what());
        return 1;
    }
    return 0;
}
