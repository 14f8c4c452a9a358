// SPDX-License-Identifier: Apache-2.0
#include "hvruntime/guest/kv_routes.h"

#include <algorithm>
#include <memory>
#include <utility>

#include <fmt/format.h>

#include "base/cli/io.h"
#include "base/error.h"

namespace hvruntime {

namespace {

using base::Json;
using Clock = std::chrono::steady_clock;

constexpr std::string_view kMachine = "/v1/deployments/{deployment}/machines/{machine}";
constexpr std::uint64_t kDefaultWaitSeconds = 300;
constexpr std::uint64_t kLongestWaitSeconds = 7U * 24 * 3600;
constexpr std::chrono::seconds kSignOfLife{1};

Json to_json(const KeyEntry& entry, bool show_secret) {
    Json json = {{"key", entry.key},
                 {"value", entry.value},
                 {"owner", to_string(entry.owner)},
                 {"revision", entry.revision},
                 {"secret", entry.secret}};
    if (entry.secret && !show_secret) {
        json["value"] = nullptr;
    }
    return json;
}

Json to_json(const GuestState& state) {
    Json json = {{"connected", state.connected},
                 {"settled", state.settled},
                 {"version", state.agent_version},
                 {"boot", state.boot_id},
                 {"problem", state.problem}};
    if (state.last_seen) {
        json["last_seen_ms"] = std::chrono::duration_cast<std::chrono::milliseconds>(
                                   state.last_seen->time_since_epoch())
                                   .count();
    }
    return json;
}

Reply list_keys(GuestChannels& channels, const std::string& machine, const std::string& prefix) {
    Reply reply;
    reply.body["keys"] = Json::array();
    for (const KeyEntry& entry : channels.list(machine, prefix)) {
        reply.body["keys"].push_back(to_json(entry, false));
    }
    reply.body["guest"] = to_json(channels.state(machine));
    return reply;
}

Reply show_key(GuestChannels& channels, const std::string& machine, const std::string& key) {
    const std::optional<KeyEntry> entry = channels.get(machine, key);
    if (!entry) {
        throw base::Error(base::ErrorKind::not_found, fmt::format("there is no key '{}'", key),
                          "'muster kv list' shows the keys of a machine");
    }
    Reply reply;
    reply.body = to_json(*entry, true);
    return reply;
}

Reply set_keys(GuestChannels& channels, const std::string& machine, const Json& body, bool secret) {
    if (!body.is_object() || body.empty()) {
        throw base::Error(base::ErrorKind::invalid_input,
                          "the request must be an object of keys and values");
    }
    std::vector<KeyWrite> writes;
    for (const auto& [key, value] : body.items()) {
        if (!value.is_string() && !value.is_null()) {
            throw base::Error(base::ErrorKind::invalid_input,
                              fmt::format("the value of key '{}' is not a text", key));
        }
        writes.push_back(
            {.key = key,
             .value = value.is_null() ? std::nullopt : std::optional(value.get<std::string>()),
             .secret = secret});
    }
    channels.set(machine, writes);
    Reply reply;
    reply.body["keys"] = writes.size();
    return reply;
}

// Waits in slices, so that a client that has gone and a daemon that ends are noticed.
class KeyWait {
  public:
    KeyWait(GuestChannels& channels, std::string machine, std::string key,
            std::optional<std::string> value, std::chrono::seconds limit)
        : channels_(channels),
          machine_(std::move(machine)),
          key_(std::move(key)),
          value_(std::move(value)),
          limit_(limit),
          deadline_(Clock::now() + limit) {}

    std::optional<std::string> next(std::chrono::milliseconds slice) {
        if (done_) {
            return std::nullopt;
        }
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline_ - Clock::now());
        try {
            const KeyEntry entry = channels_.wait(
                machine_, key_, value_, std::clamp(left, std::chrono::milliseconds(0), slice));
            done_ = true;
            return base::to_json_text(to_json(entry, true)) + "\n";
        } catch (const base::Error& error) {
            if (error.kind() == base::ErrorKind::timeout && left > slice) {
                return sign_of_life();
            }
            done_ = true;
            return base::to_json_text(base::cli::error_to_json(
                       error.kind() == base::ErrorKind::timeout ? late(error) : error)) +
                   "\n";
        }
    }

  private:
    // The last slice's error speaks of the slice.
    base::Error late(const base::Error& of_slice) const {
        return {base::ErrorKind::timeout,
                fmt::format("key '{}' did not come within {} s", key_, limit_.count()),
                of_slice.hint()};
    }
    std::string sign_of_life() {
        if (Clock::now() - last_sent_ < kSignOfLife) {
            return "";
        }
        last_sent_ = Clock::now();
        return "\n";
    }

    GuestChannels& channels_;
    const std::string machine_;
    const std::string key_;
    const std::optional<std::string> value_;
    const std::chrono::seconds limit_;
    const Clock::time_point deadline_;
    Clock::time_point last_sent_ = Clock::now();
    bool done_ = false;
};

Reply wait_for_key(GuestChannels& channels, const std::string& machine, const Request& request) {
    const auto value = request.query.find("value");
    const std::uint64_t seconds =
        std::min(request.number_query("timeout", kDefaultWaitSeconds), kLongestWaitSeconds);
    check_key(request.param("key"));
    const auto wait = std::make_shared<KeyWait>(
        channels, machine, request.param("key"),
        value == request.query.end() ? std::nullopt : std::optional(value->second),
        std::chrono::seconds(seconds));
    Reply reply;
    reply.stream = [wait](std::chrono::milliseconds slice) { return wait->next(slice); };
    return reply;
}

}  // namespace

void add_kv_routes(HttpServer& server, GuestChannels& channels, MachineResolver resolve) {
    const auto machine_of = [resolve = std::move(resolve)](const Request& request) {
        return resolve(request.param("deployment"), request.param("machine"));
    };
    const std::string kv = fmt::format("{}/kv", kMachine);
    server.route("GET", kv, [&channels, machine_of](const Request& request) {
        return list_keys(channels, machine_of(request), request.query_or("prefix", ""));
    });
    server.route("PUT", kv, [&channels, machine_of](const Request& request) {
        return set_keys(channels, machine_of(request), request.json(),
                        request.query_or("secret", "0") == "1");
    });
    server.route("GET", kv + "/{key}", [&channels, machine_of](const Request& request) {
        return show_key(channels, machine_of(request), request.param("key"));
    });
    server.route("GET", kv + "/{key}/wait", [&channels, machine_of](const Request& request) {
        return wait_for_key(channels, machine_of(request), request);
    });
}

}  // namespace hvruntime
