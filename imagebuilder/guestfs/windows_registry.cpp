// SPDX-License-Identifier: Apache-2.0
#include "imagebuilder/guestfs/windows_registry.h"

#include <algorithm>

#include "imagebuilder/guestfs/open_guest.h"

namespace imagebuilder {

namespace {

constexpr std::size_t kMostServices = 2000;

std::string strip(std::optional<std::string> answer) {
    return plain_answer(answer.value_or(""));
}

bool is_handle(std::string_view text) {
    return !text.empty() && text.size() <= 20 &&
           text.find_first_not_of("0123456789") == std::string_view::npos;
}

// The value's handle; nullopt: there is no such value.
std::optional<std::string> find_value(GuestfishSession& session, const std::string& node,
                                      const std::string& key) {
    const std::string value = strip(session.find({"hivex-node-get-value", node, key}));
    return is_handle(value) && value != "0" ? std::optional(value) : std::nullopt;
}

std::string text_value(GuestfishSession& session, const std::string& node, const std::string& key) {
    const auto value = find_value(session, node, key);
    return value ? strip(session.find({"hivex-value-string", *value})) : "";
}

std::optional<std::uint32_t> dword_value(GuestfishSession& session, const std::string& node,
                                         const std::string& key) {
    const auto value = find_value(session, node, key);
    const auto bytes = value ? session.find({"hivex-value-value", *value}) : std::nullopt;
    return bytes ? parse_dword(*bytes) : std::nullopt;
}

std::string find_child(GuestfishSession& session, const std::string& node, const std::string& key) {
    const std::string child = strip(session.find({"hivex-node-get-child", node, key}));
    return is_handle(child) && child != "0" ? child : "";
}

std::vector<WindowsService> read_services(GuestfishSession& session, const std::string& services) {
    std::vector<WindowsService> read;
    for (const std::string& node :
         parse_handles(session.find({"hivex-node-children", services}).value_or(""))) {
        if (read.size() >= kMostServices) {
            break;
        }
        WindowsService service;
        service.type = dword_value(session, node, "Type").value_or(0);
        if (service.type == 0) {
            continue;  // a key for something else
        }
        service.name = strip(session.find({"hivex-node-name", node}));
        service.start = dword_value(session, node, "Start").value_or(3);
        service.display_name = text_value(session, node, "DisplayName");
        service.image_path = text_value(session, node, "ImagePath");
        service.account = text_value(session, node, "ObjectName");
        read.push_back(std::move(service));
    }
    return read;
}

}  // namespace

std::vector<std::string> parse_handles(std::string_view text) {
    std::vector<std::string> handles;
    for (const std::string& line : parse_lines(text)) {
        const std::size_t colon = line.find("_h: ");
        if (colon != std::string::npos && is_handle(std::string_view(line).substr(colon + 4))) {
            handles.push_back(line.substr(colon + 4));
        }
    }
    return handles;
}

std::optional<std::uint32_t> parse_dword(std::string_view bytes) {
    if (bytes.size() < 4) {
        return std::nullopt;
    }
    std::uint32_t value = 0;
    for (std::size_t i = 4; i-- > 0;) {
        value = value << 8U | static_cast<unsigned char>(bytes[i]);
    }
    return value;
}

std::vector<WindowsService> read_windows_services(GuestfishSession& session,
                                                  const std::string& root) {
    const std::string hive = strip(session.find({"inspect-get-windows-system-hive", root}));
    const std::string set = strip(session.find({"inspect-get-windows-current-control-set", root}));
    if (hive.empty() || set.empty() || !session.find({"hivex-open", hive})) {
        return {};
    }
    const std::string top = strip(session.find({"hivex-root"}));
    const std::string control = is_handle(top) ? find_child(session, top, set) : "";
    const std::string services = control.empty() ? "" : find_child(session, control, "Services");
    std::vector<WindowsService> read;
    if (!services.empty()) {
        read = read_services(session, services);
    }
    session.find({"hivex-close"});
    std::sort(read.begin(), read.end(),
              [](const auto& a, const auto& b) { return a.name < b.name; });
    return read;
}

}  // namespace imagebuilder
