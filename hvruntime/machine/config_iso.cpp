// SPDX-License-Identifier: Apache-2.0
#include "hvruntime/machine/config_iso.h"

#include <cstdlib>
#include <cstring>
#include <ctime>
#include <memory>
#include <mutex>
#include <vector>

#include <fmt/format.h>
// Without it, the header leaves burn_source to libburn.h.
#define LIBISOFS_WITHOUT_LIBBURN 1  // NOLINT(readability-identifier-naming): the library's name
extern "C" {
#include <libisofs/libisofs.h>
#include <stdint.h>  // libisofs.h wants it to come first
}

#include "base/error.h"
#include "base/file.h"

namespace hvruntime {

namespace {

// libisofs keeps one message queue per process: one user at a time.
std::mutex& library_mutex() {
    static std::mutex mutex;
    return mutex;
}

void check(int status, std::string_view what) {
    if (status < 0) {
        throw base::Error(base::ErrorKind::external,
                          fmt::format("cannot {}: {}", what, ::iso_error_to_msg(status)));
    }
}

struct Library {
    Library() {
        check(::iso_init(), "start libisofs");
        std::string never = "NEVER";
        std::string none = "";
        ::iso_set_msgs_severities(never.data(), never.data(), none.data());
    }
    Library(const Library&) = delete;
    Library& operator=(const Library&) = delete;
    ~Library() { ::iso_finish(); }
};

struct Release {
    void operator()(IsoImage* image) const { ::iso_image_unref(image); }
    void operator()(IsoWriteOpts* options) const { ::iso_write_opts_free(options); }
    void operator()(burn_source* source) const {
        source->cancel(source);
        source->free_data(source);
        std::free(source);  // NOLINT: it comes from the library's malloc
    }
};

std::unique_ptr<IsoImage, Release> make_image(const ConfigIso& iso) {
    IsoImage* raw_image = nullptr;
    check(::iso_image_new(iso.label.c_str(), &raw_image), "make an ISO image");
    std::unique_ptr<IsoImage, Release> image(raw_image);
    for (const ConfigFile& file : iso.files) {
        // The stream owns a malloc'ed copy.
        auto* copy = static_cast<unsigned char*>(std::malloc(file.content.size() + 1));  // NOLINT
        if (copy == nullptr) {
            throw std::bad_alloc();
        }
        std::memcpy(copy, file.content.data(), file.content.size());
        IsoStream* stream = nullptr;
        check(::iso_memory_stream_new(copy, file.content.size(), &stream), "read from memory");
        IsoFile* node = nullptr;
        check(::iso_tree_add_new_file(::iso_image_get_root(image.get()), file.name.c_str(), stream,
                                      &node),
              fmt::format("add '{}' to the ISO image", file.name));
        // SAFETY: an IsoFile is an IsoNode first; the library's own ISO_NODE() does the same cast.
        ::iso_node_set_permissions(reinterpret_cast<IsoNode*>(node),
                                   static_cast<mode_t>(file.mode));
    }
    return image;
}

std::unique_ptr<IsoWriteOpts, Release> make_options() {
    IsoWriteOpts* raw_options = nullptr;
    check(::iso_write_opts_new(&raw_options, 0), "set up the ISO image");
    std::unique_ptr<IsoWriteOpts, Release> options(raw_options);
    ::iso_write_opts_set_iso_level(options.get(), 3);
    ::iso_write_opts_set_rockridge(options.get(), 1);
    ::iso_write_opts_set_joliet(options.get(), 1);
    // The label is looked for as it is given, space and all: ECMA-119 would make it "OVF_ENV".
    ::iso_write_opts_set_relaxed_vol_atts(options.get(), 1);
    return options;
}

void write_image(int fd, const std::string& name, IsoImage* image, IsoWriteOpts* options) {
    burn_source* raw_source = nullptr;
    check(::iso_image_create_burn_source(image, options, &raw_source), "write an ISO image");
    const std::unique_ptr<burn_source, Release> source(raw_source);
    std::vector<unsigned char> sector(2048);
    while (true) {
        const int got = source->read_xt != nullptr && source->read == nullptr
                            ? source->read_xt(source.get(), sector.data(), 2048)
                            : source->read(source.get(), sector.data(), 2048);
        if (got == 0) {
            return;
        }
        if (got < 0) {
            throw base::Error(base::ErrorKind::external, "libisofs failed to make the image");
        }
        base::write_all(fd, std::as_bytes(std::span(sector)).first(static_cast<std::size_t>(got)),
                        name);
    }
}

}  // namespace

void write_config_iso(const std::filesystem::path& path, const ConfigIso& iso) {
    const std::lock_guard lock(library_mutex());
    const Library library;
    const auto image = make_image(iso);
    const auto options = make_options();
    base::AtomicFile file(path, 0600);
    write_image(file.fd(), path.string(), image.get(), options.get());
    file.commit();
}

}  // namespace hvruntime
