// SPDX-License-Identifier: Apache-2.0
#include "imagebuilder/source/recipe_source.h"

#include <array>

#include <fmt/format.h>

#include "base/error.h"
#include "base/http_client.h"
#include "base/letter_case.h"
#include "imagebuilder/saved/saved_images.h"

namespace imagebuilder {

namespace {

using BaseKind = BaseSource::Kind;

constexpr std::array kBaseKinds{BaseKind::tarball, BaseKind::image, BaseKind::disk,
                                BaseKind::ova,     BaseKind::iso,   BaseKind::saved};

std::string parse_sha256(const base::YamlNode& node) {
    const std::string digest = base::to_lower(node.as_string());
    if (digest.size() != 64 || digest.find_first_not_of("0123456789abcdef") != std::string::npos) {
        node.fail("a sha256 has 64 hex digits");
    }
    return digest;
}

void check_location(const base::YamlNode& node, const BaseSource& source) {
    const std::string_view kind = to_string(source.kind);
    if (source.location.empty()) {
        node.fail(fmt::format("'{}' names no file", kind));
    }
    if (source.kind == BaseKind::saved) {
        try {
            check_saved_name(source.location);
        } catch (const base::Error& error) {
            node.fail(error.message(), error.hint());
        }
        return;
    }
    if (!base::is_http_url(source.location)) {
        return;
    }
    if (source.kind == BaseKind::disk || source.kind == BaseKind::ova) {
        node.fail(fmt::format("'{}' is a file of this host", kind),
                  "write 'image: URL' for a disk from the web");
    }
    if (source.sha256.empty()) {
        node.fail(fmt::format("{} from the web needs its digest",
                              source.kind == BaseKind::tarball ? "a tarball" : "an image"),
                  "write 'sha256: …' beside it, from a source that you trust");
    }
}

}  // namespace

std::string_view to_string(BaseSource::Kind kind) {
    switch (kind) {
        case BaseKind::tarball: return "tarball";
        case BaseKind::image: return "image";
        case BaseKind::disk: return "disk";
        case BaseKind::ova: return "ova";
        case BaseKind::iso: return "iso";
        case BaseKind::saved: return "template";
    }
    base::unreachable("a source of no kind");
}

std::optional<BaseSource> find_base_source(base::YamlKeys& keys) {
    std::optional<BaseSource> source;
    for (const BaseKind kind : kBaseKinds) {
        const auto node = keys.find(to_string(kind));
        if (!node) {
            continue;
        }
        if (source) {
            node->fail(fmt::format("a recipe starts from one thing: '{}' is there too",
                                   to_string(source->kind)));
        }
        source = BaseSource{.kind = kind,
                            .location = node->as_string(),
                            .sha256 = {},
                            .system = {},
                            .key_file = {}};
        if (const auto digest = keys.find("sha256")) {
            source->sha256 = parse_sha256(*digest);
        }
        check_location(*node, *source);
        if (kind != BaseKind::tarball && kind != BaseKind::iso) {
            if (const auto file = keys.find("key_file")) {
                source->key_file = file->as_string();
            }
        }
        if (kind == BaseKind::ova) {
            if (const auto system = keys.find("system")) {
                source->system = system->as_string();
            }
        }
    }
    return source;
}

std::string parse_release(const base::YamlNode& node) {
    const std::string release = node.as_string();
    if (release.empty() ||
        release.find_first_not_of("abcdefghijklmnopqrstuvwxyz-") != std::string::npos) {
        node.fail("a release is a code name in small letters", "for example 'release: bookworm'");
    }
    return release;
}

}  // namespace imagebuilder
