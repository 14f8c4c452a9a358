// SPDX-License-Identifier: Apache-2.0
#include "imagebuilder/tree/plain_package.h"

#include <unistd.h>
#include <algorithm>
#include <atomic>
#include <charconv>
#include <exception>
#include <future>
#include <string_view>
#include <thread>

#include <fmt/format.h>

#include "base/error.h"
#include "base/file.h"
#include "base/interrupt.h"
#include "base/process.h"

namespace imagebuilder {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view kArchiveMagic = "!<arch>\n";
constexpr std::size_t kMemberHeader = 60;
constexpr std::size_t kNameBytes = 16;
constexpr std::size_t kSizeAt = 48;
constexpr std::size_t kSizeBytes = 10;
constexpr std::string_view kMemberEnd = "`\n";
constexpr std::uint64_t kLargestPackage = std::uint64_t{2} << 30U;
constexpr std::uint64_t kLargestMember = 9'999'999'999;  // as the ten digits hold it

[[noreturn]] void refuse(const fs::path& deb) {
    throw base::Error(base::ErrorKind::invalid_input,
                      fmt::format("'{}' is not a Debian package", deb.string()));
}

struct Member {
    std::string_view name;  // without padding
    std::string_view header;
    std::string_view content;
};

// The members of a common archive, as deb(5) has it: no long names.
std::vector<Member> members_of(std::string_view archive, const fs::path& deb) {
    std::vector<Member> members;
    if (!archive.starts_with(kArchiveMagic)) {
        refuse(deb);
    }
    archive.remove_prefix(kArchiveMagic.size());
    while (!archive.empty()) {
        const std::string_view header = archive.substr(0, kMemberHeader);
        std::uint64_t size = 0;
        if (header.size() < kMemberHeader || !header.ends_with(kMemberEnd) ||
            std::from_chars(header.data() + kSizeAt, header.data() + kSizeAt + kSizeBytes, size)
                    .ec != std::errc() ||
            size > archive.size() - kMemberHeader) {
            refuse(deb);
        }
        const std::string_view padded = header.substr(0, kNameBytes);
        members.push_back({padded.substr(0, padded.find_last_not_of(" /") + 1), header,
                           archive.substr(kMemberHeader, size)});
        archive.remove_prefix(std::min(kMemberHeader + size + size % 2, archive.size()));
    }
    return members;
}

std::string header_of(std::string_view like, std::string_view name, std::uint64_t size) {
    return fmt::format("{:<16}{}{:<10}{}", name, like.substr(kNameBytes, kSizeAt - kNameBytes),
                       size, kMemberEnd);
}

void write_padded(int fd, std::string_view content, const std::string& what) {
    base::write_all(fd, content, what);
    base::write_all(fd, content.size() % 2 == 0 ? "" : "\n", what);
}

// dpkg-deb writes the tar behind a header whose size is put right afterwards.
void write_plain_data(int fd, const Member& data, const fs::path& deb, const std::string& what) {
    const off_t begin = ::lseek(fd, 0, SEEK_CUR);
    base::write_all(fd, header_of(data.header, "data.tar", 0), what);
    base::Command unpack;
    unpack.argv = {"dpkg-deb", "--fsys-tarfile", deb.string()};
    unpack.stdout_fd = fd;
    base::run_checked(unpack);
    const auto size = static_cast<std::uint64_t>(::lseek(fd, 0, SEEK_CUR) - begin) - kMemberHeader;
    if (size > kLargestMember) {
        refuse(deb);
    }
    if (size % 2 != 0) {
        base::write_all(fd, "\n", what);
    }
    const std::string header = header_of(data.header, "data.tar", size);
    if (::pwrite(fd, header.data(), header.size(), begin) != static_cast<ssize_t>(header.size())) {
        throw base::SystemError(errno, fmt::format("cannot write '{}'", what));
    }
}

}  // namespace

void write_plain_package(const fs::path& deb, const fs::path& plain) {
    const std::string archive = base::read_file(deb, kLargestPackage);
    base::AtomicFile file(plain);
    const std::string what = plain.string();
    base::write_all(file.fd(), kArchiveMagic, what);
    bool has_data = false;
    for (const Member& member : members_of(archive, deb)) {
        if (member.name.starts_with("data.tar") && !has_data) {
            has_data = true;
            write_plain_data(file.fd(), member, deb, what);
        } else {
            base::write_all(file.fd(), member.header, what);
            write_padded(file.fd(), member.content, what);
        }
    }
    if (!has_data) {
        refuse(deb);
    }
    file.commit_unsynced();
}

void write_plain_packages(const std::vector<fs::path>& debs, const fs::path& folder) {
    std::atomic<std::size_t> next = 0;
    const auto work = [&] {
        for (std::size_t at = next++; at < debs.size(); at = next++) {
            base::interrupt().check();
            const fs::path plain = folder / debs[at].filename();
            if (!fs::exists(plain)) {
                write_plain_package(debs[at], plain);
            }
        }
    };
    std::vector<std::future<void>> workers;
    const std::size_t processors = std::max(1U, std::thread::hardware_concurrency());
    for (std::size_t i = 0; i < std::min(processors, debs.size()); ++i) {
        workers.push_back(std::async(std::launch::async, work));
    }
    for (std::future<void>& worker : workers) {
        worker.get();
    }
}

}  // namespace imagebuilder
