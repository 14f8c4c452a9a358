// SPDX-License-Identifier: Apache-2.0
#include "hvruntime/guest/agent/config/environment_cd.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>
#include <array>
#include <cerrno>

#include <fmt/format.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/log.h"
#include "hvruntime/guest/agent/channel/uevents.h"
#include "hvruntime/guest/agent/config/iso_reader.h"

namespace hvruntime::agent {

namespace {

constexpr std::size_t kMostEnvBytes = 8U << 20U;
constexpr int kMostDrives = 8;
constexpr std::array<std::string_view, 3> kLabels{"ovf env", "ovfenv", "ovf-transport"};

bool is_environment_label(std::string label) {
    for (char& c : label) {
        c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    }
    for (const std::string_view known : kLabels) {
        if (label == known) {
            return true;
        }
    }
    return false;
}

EnvironmentCd read_cd(const std::filesystem::path& source, bool any_label) {
    const base::UniqueFd fd = base::open_file(source, O_RDONLY | O_NONBLOCK);
    const IsoReader iso([&](std::uint64_t offset, std::span<std::byte> buffer) {
        return base::pread_some(fd.get(), buffer, offset, source.string());
    });
    EnvironmentCd cd{.source = source};
    if (any_label || is_environment_label(iso.label())) {
        cd.ovf_env = iso.read_root_file("ovf-env.xml", kMostEnvBytes);
        cd.machine = iso.read_root_file("muster.json", kMostEnvBytes);
    }
    return cd;
}

std::optional<EnvironmentCd> look_at_drives() {
    for (int i = 0; i < kMostDrives; ++i) {
        const std::string drive = fmt::format("/dev/sr{}", i);
        if (::access(drive.c_str(), F_OK) != 0) {
            continue;
        }
        try {
            EnvironmentCd cd = read_cd(drive, false);
            if (cd.ovf_env || cd.machine) {
                return cd;
            }
        } catch (const base::Error& error) {  // an empty drive, music, a drive not yet ready
            base::log(base::LogLevel::info, "configure", "{}: {}", drive, error.message());
        }
    }
    return std::nullopt;
}

}  // namespace

EnvironmentCd read_environment_image(const std::filesystem::path& image) {
    EnvironmentCd cd = base::in_context(image.string(), [&] { return read_cd(image, true); });
    if (!cd.ovf_env && !cd.machine) {
        throw base::Error(
            base::ErrorKind::not_found,
            fmt::format("'{}' has no ovf-env.xml and no muster.json", image.string()));
    }
    return cd;
}

std::optional<EnvironmentCd> find_environment_cd(std::chrono::milliseconds limit) {
    using Clock = std::chrono::steady_clock;
    const auto deadline = Clock::now() + limit;
    Uevents uevents;  // before looking, so that no drive is missed
    while (true) {
        if (std::optional<EnvironmentCd> cd = look_at_drives()) {
            return cd;
        }
        const auto left =
            std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
        if (left <= 0) {
            return std::nullopt;
        }
        pollfd entry{uevents.fd(), POLLIN, 0};
        ::poll(&entry, 1, static_cast<int>(left));
        uevents.drain();
    }
}

}  // namespace hvruntime::agent
