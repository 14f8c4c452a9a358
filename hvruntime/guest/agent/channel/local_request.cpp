// SPDX-License-Identifier: Apache-2.0
#include "hvruntime/guest/agent/channel/local_request.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include <fmt/format.h>

#include "base/fd.h"
#include "base/file.h"
#include "base/json.h"
#include "base/random.h"

namespace hvruntime::agent {

namespace {

using Kind = LocalRequest::Kind;
using Clock = std::chrono::steady_clock;

constexpr std::array<std::pair<Kind, std::string_view>, 5> kKinds{{{Kind::get, "get"},
                                                                   {Kind::set, "set"},
                                                                   {Kind::list, "list"},
                                                                   {Kind::wait, "wait"},
                                                                   {Kind::event, "event"}}};

[[noreturn]] void refuse(std::string why) {
    throw base::Error(base::ErrorKind::invalid_input, std::move(why));
}

sockaddr_un address_of(const std::filesystem::path& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const std::string& text = path.native();
    if (text.size() >= sizeof(address.sun_path)) {
        refuse(fmt::format("'{}' is too long for a socket", text));
    }
    std::memcpy(address.sun_path, text.data(), text.size());
    return address;
}

void send_all(int fd, std::string_view data) {
    while (!data.empty()) {
        const ssize_t sent = ::send(fd, data.data(), data.size(), MSG_NOSIGNAL);
        if (sent < 0 && errno != EINTR) {
            throw base::SystemError(errno, "writing to muster-guest's daemon");
        }
        data.remove_prefix(static_cast<std::size_t>(std::max<ssize_t>(sent, 0)));
    }
}

std::string receive_line(int fd, Clock::time_point deadline) {
    std::string line;
    while (line.empty() || line.back() != '\n') {
        const auto left =
            std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()).count();
        pollfd entry{fd, POLLIN, 0};
        const int ready = ::poll(&entry, 1, static_cast<int>(std::clamp<long>(left, 0, 3'600'000)));
        if (ready == 0 && Clock::now() >= deadline) {
            throw base::Error(base::ErrorKind::timeout, "no answer in time");
        }
        if (ready <= 0) {
            continue;
        }
        std::array<char, 65536> buffer;
        const ssize_t got = ::recv(fd, buffer.data(), buffer.size(), 0);
        if (got == 0) {
            throw base::Error(base::ErrorKind::external, "muster-guest's daemon went away",
                              "try again; 'systemctl status muster-guest' may say why");
        }
        if (got < 0 && errno != EINTR) {
            throw base::SystemError(errno, "reading from muster-guest's daemon");
        }
        line.append(buffer.data(), static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
    }
    line.pop_back();
    return line;
}

}  // namespace

std::string to_line(const LocalRequest& request) {
    base::Json json;
    for (const auto& [kind, name] : kKinds) {
        if (kind == request.kind) {
            json["op"] = name;
        }
    }
    json["key"] = request.key;
    if (request.value) {
        json["value"] = *request.value;
    }
    base::Json writes = base::Json::array();
    for (const KeyWrite& write : request.writes) {
        base::Json item = {{"key", write.key}};
        if (write.value) {
            item["value"] = *write.value;
        }
        if (write.secret) {
            item["secret"] = true;
        }
        writes.push_back(std::move(item));
    }
    json["writes"] = std::move(writes);
    json["text"] = request.text;
    return base::to_json_text(json) + "\n";
}

LocalRequest parse_local_request(std::string_view line) {
    const base::Json json = base::parse_json(line, "the request");
    const std::string op = base::require_string(json, "op");
    const auto* known = std::find_if(kKinds.begin(), kKinds.end(),
                                     [&](const auto& kind) { return kind.second == op; });
    if (known == kKinds.end()) {
        refuse(fmt::format("'{}' is no request", op));
    }
    LocalRequest request{.kind = known->first,
                         .key = base::string_or(json, "key", ""),
                         .text = base::string_or(json, "text", "")};
    if (json.contains("value")) {
        request.value = base::require_string(json, "value");
    }
    if (json.contains("writes") && json["writes"].is_array()) {
        for (const base::Json& item : json["writes"]) {
            KeyWrite write{.key = base::require_string(item, "key")};
            if (item.contains("value")) {
                write.value = base::require_string(item, "value");
            }
            write.secret = item.contains("secret");
            request.writes.push_back(std::move(write));
        }
    }
    return request;
}

std::string reply_line(const std::vector<KeyEntry>& entries) {
    base::Json list = base::Json::array();
    for (const KeyEntry& entry : entries) {
        list.push_back({{"key", entry.key},
                        {"value", entry.value},
                        {"owner", to_string(entry.owner)},
                        {"secret", entry.secret}});
    }
    return base::to_json_text({{"entries", list}}) + "\n";
}

std::string reply_line(const base::Error& error) {
    return base::to_json_text({{"kind", base::to_string(error.kind())},
                               {"message", error.message()},
                               {"hint", error.hint()}}) +
           "\n";
}

std::vector<KeyEntry> parse_local_reply(std::string_view line) {
    const base::Json json = base::parse_json(line, "the daemon's answer");
    if (json.contains("kind")) {
        throw base::Error(base::find_error_kind(base::require_string(json, "kind"))
                              .value_or(base::ErrorKind::internal),
                          base::require_string(json, "message"), base::string_or(json, "hint", ""));
    }
    std::vector<KeyEntry> entries;
    for (const base::Json& item : json.at("entries")) {
        entries.push_back(KeyEntry{
            .key = base::require_string(item, "key"),
            .value = base::require_string(item, "value"),
            .owner = base::require_string(item, "owner") == "host" ? Side::host : Side::guest,
            .secret = item.at("secret").get<bool>()});
    }
    return entries;
}

std::optional<std::vector<KeyEntry>> ask_daemon(const LocalRequest& request, const Places& places,
                                                std::chrono::milliseconds limit) {
    const auto deadline = Clock::now() + limit;
    const base::UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const sockaddr_un address = address_of(places.socket());
    // SAFETY: the socket API takes every address type through sockaddr.
    if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
        if (errno == ENOENT || errno == ECONNREFUSED) {
            return std::nullopt;
        }
        throw base::SystemError(errno, "connecting to muster-guest's daemon",
                                errno == EACCES ? "only root may ask it" : "");
    }
    send_all(fd.get(), to_line(request));
    return parse_local_reply(receive_line(fd.get(), deadline));
}

void spool_request(const LocalRequest& request, const Places& places) {
    base::make_dirs(places.run_dir(), 0700);
    base::make_dirs(places.spool(), 0700);
    // Names sort by time. write_file renames into place: the daemon never sees half of it.
    const auto now = std::chrono::steady_clock::now().time_since_epoch().count();
    base::write_file(places.spool() / fmt::format("{:020}-{}.json", now, base::random_hex(8)),
                     to_line(request), 0600);
}

}  // namespace hvruntime::agent
