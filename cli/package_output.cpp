// SPDX-License-Identifier: Apache-2.0
#include "cli/package_output.h"

#include <unistd.h>

#include <fmt/format.h>

#include "base/byte_size.h"
#include "base/error.h"

namespace cli {

void require_no_terminal(const std::string& output) {
    if (output == "-" && ::isatty(STDOUT_FILENO) == 1) {
        throw base::Error(base::ErrorKind::usage, "a package is not written to a terminal",
                          "name a file with -o FILE.ova, or lead standard output elsewhere");
    }
}

std::ostream& result_stream(const std::string& output, base::cli::Io& io) {
    return output == "-" ? io.err : io.out;
}

std::uint64_t parse_chunk_size(const std::string& text) {
    if (text.empty()) {
        return 0;
    }
    const std::uint64_t bytes = base::parse_byte_size(text);
    if (bytes < base::kMiB) {
        throw base::Error(base::ErrorKind::usage, fmt::format("chunks of {} are too small", text),
                          "give --chunk-size 1 MiB or more");
    }
    return bytes;
}

}  // namespace cli
