// SPDX-License-Identifier: Apache-2.0
// The one way to open a package, whatever form it has: every form is presented as the tar stream
// of an OVA, so that one reader with one set of limits (TarReader, read_package, copy_package)
// reads them all. An OVA comes as it is (a regular file stays seekable, so it can be looked at
// ahead); .tar.gz, .tar.xz and .tar.zst are unpacked on the way, and so is a zip archive with a
// package or an OVA in it (by parts from a server that sends such, from any other stream it is kept
// in a temporary file first); of an .ovf file or a folder a tar stream is made: descriptor,
// manifest, certificate, then the files that the descriptor refers to or the manifest lists, opened
// beneath the folder and never through a link; likewise of the URL of an .ovf. DSP0243 5.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "base/stream.h"

namespace ovfkit {

// By content, not by name.
enum class PackageForm { tar, folder, gzip, xz, zstd, zip, xml, unknown };

struct OpenOptions {
    // An .ovf file is opened as it is, without the files beside it: for verbs that look at the
    // descriptor alone. The source's first byte is then XML's.
    bool bare_descriptor = false;
};

// `location`: a file, a folder that holds one .ovf, "-" for standard input, or an http(s) URL.
// Throws not_found, invalid_input (two descriptors in a folder) or what opening throws. Damage
// shows when the source is read.
std::unique_ptr<base::ByteSource> open_package(const std::string& location,
                                               const OpenOptions& options = {});

// The same for a source that is open already: unpacks it when it is compressed.
std::unique_ptr<base::ByteSource> unpacked_source(std::unique_ptr<base::ByteSource> source);

// From the first bytes; 512 are enough for every form.
PackageForm find_package_form(std::span<const std::byte> start);

// For verbs that treat a folder differently (they write into it): the path of the descriptor when
// `location` is an .ovf file or a folder that holds one, else absent.
std::optional<std::string> find_folder_descriptor(const std::string& location);

}  // namespace ovfkit
