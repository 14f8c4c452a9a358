// SPDX-License-Identifier: Apache-2.0
#include "hvruntime/guest/agent/channel/report.h"

#include "hvruntime/guest/agent/channel/local_request.h"

namespace hvruntime::agent {

namespace {

constexpr std::size_t kMostReported = 4096;
constexpr std::chrono::seconds kPatience{10};

}  // namespace

std::string reportable(std::string text) {
    if (text.size() > kMostReported) {
        text.erase(0, text.size() - kMostReported);
    }
    for (char& c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if ((byte < 0x20 && c != '\n' && c != '\t') || byte >= 0x7f) {
            c = '?';
        }
    }
    return text;
}

void report_keys(std::vector<KeyWrite> writes, const Places& places) {
    LocalRequest request{.kind = LocalRequest::Kind::set};
    for (KeyWrite& write : writes) {
        if (write.value) {
            write.value = reportable(std::move(*write.value));
        }
        request.writes.push_back(std::move(write));
    }
    if (!ask_daemon(request, places, kPatience)) {
        spool_request(request, places);
    }
}

}  // namespace hvruntime::agent
