// SPDX-License-Identifier: Apache-2.0
// What the image store knows about an image. The disk is always a raw file: the format is not
// something that is looked for in its bytes, now or ever.
#pragma once

#include <cstdint>
#include <string>

#include "base/json.h"

namespace hvruntime {

struct ImageRecord {
    std::string id;                    // 64 hex digits; set by ImageStore::publish
    std::string name;                  // for people: "guestbook 1.0.0: db"
    std::string origin;                // what it was imported from, for people
    std::string disk = "disk.raw";     // file names inside the image's folder
    std::string kernel;                // empty: none
    std::string initrd;                // empty: none
    std::string cmdline;               // for direct boot
    std::uint64_t capacity_bytes = 0;  // size of the disk
    std::string source_sha256;         // of the file it was decoded from, lower-case hex
    std::int64_t created_at_ms = 0;    // Unix time; set by ImageStore::publish
};

base::Json to_json(const ImageRecord& record);  // with "format": "raw"
// Throws invalid_input, also for any format but raw and for names that are not plain file names.
ImageRecord parse_image_record(const base::Json& json);

}  // namespace hvruntime
