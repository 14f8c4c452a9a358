// SPDX-License-Identifier: Apache-2.0
// What verbs that write a package to `-o FILE` or `-o -` (standard output) have in common.
#pragma once

#include <cstdint>
#include <ostream>
#include <string>

#include "base/cli/io.h"

namespace cli {

// Throws usage when the package would be written to a terminal.
void require_no_terminal(const std::string& output);
// Where the verb says what it did: standard output, unless that is the package.
std::ostream& result_stream(const std::string& output, base::cli::Io& io);

// "2 GiB" of --chunk-size; "": 0. Throws usage for less than 1 MiB.
std::uint64_t parse_chunk_size(const std::string& text);

}  // namespace cli
