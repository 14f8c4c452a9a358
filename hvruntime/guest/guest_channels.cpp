// SPDX-License-Identifier: Apache-2.0
// What callers on the host do; the connections are in guest_channels_thread.cpp.
#include "hvruntime/guest/guest_channels.h"

#include <sys/eventfd.h>
#include <sys/un.h>
#include <algorithm>
#include <cerrno>

#include <fmt/format.h>

#include "base/error.h"
#include "hvruntime/guest/guest_channel_state.h"

namespace hvruntime {

namespace {

constexpr std::chrono::hours kLongestWait{24 * 365};  // keeps time points from overflowing

std::chrono::steady_clock::time_point deadline_after(std::chrono::milliseconds limit) {
    return std::chrono::steady_clock::now() +
           std::min<std::chrono::milliseconds>(limit, kLongestWait);
}

[[noreturn]] void throw_interrupted(std::string_view what) {
    throw base::Error(base::ErrorKind::interrupted, fmt::format("{} was interrupted", what));
}

[[noreturn]] void throw_forgotten(const std::string& machine) {
    throw base::Error(base::ErrorKind::not_found,
                      fmt::format("machine '{}' was deleted meanwhile", machine));
}

}  // namespace

GuestChannels::GuestChannels(KeyStore& store, GuestListener listener, GuestChannelTimes times)
    : store_(store),
      listener_(std::move(listener)),
      times_(times),
      wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    if (!wake_) {
        throw base::SystemError(errno, "making an eventfd");
    }
    thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

GuestChannels::~GuestChannels() {
    thread_.request_stop();
    wake();
    thread_.join();
}

GuestChannels::ChannelPtr GuestChannels::require_channel(const std::string& machine) {
    {
        const std::lock_guard lock(mutex_);
        if (const auto found = channels_.find(machine); found != channels_.end()) {
            return found->second;
        }
    }
    const std::vector<KeyRecord> stored = store_.load(machine);
    auto channel = std::make_shared<Channel>(machine, stored, times_.retry_first);
    const std::lock_guard lock(mutex_);
    return channels_.try_emplace(machine, std::move(channel)).first->second;
}

void GuestChannels::attach(const std::string& machine, const std::string& socket_path) {
    if (socket_path.empty() || socket_path.size() >= sizeof(sockaddr_un::sun_path)) {
        throw base::Error(
            base::ErrorKind::invalid_input,
            fmt::format("'{}' cannot be the path of a unix socket", socket_path),
            fmt::format("use a path of 1 to {} bytes", sizeof(sockaddr_un::sun_path) - 1));
    }
    const ChannelPtr channel = require_channel(machine);
    {
        const std::lock_guard lock(mutex_);
        channel->moved = channel->moved || channel->socket_path != socket_path;
        channel->socket_path = socket_path;
        channel->state.attached = true;
    }
    wake();
}

void GuestChannels::detach(const std::string& machine) {
    {
        const std::lock_guard lock(mutex_);
        const auto found = channels_.find(machine);
        if (found == channels_.end()) {
            return;
        }
        found->second->socket_path.clear();
        found->second->moved = true;
        found->second->state.attached = false;
        found->second->session.end();
    }
    wake();
}

void GuestChannels::forget(const std::string& machine) {
    const ChannelPtr channel = require_channel(machine);
    const std::lock_guard order(channel->order);
    store_.remove_all(machine);
    {
        const std::lock_guard lock(mutex_);
        channel->forgotten = true;
        channel->socket_path.clear();
        channel->session.end();
        channels_.erase(machine);
    }
    changed_.notify_all();
    wake();
}

// Plan, store, apply, in this order: a reader never sees what could be lost. `then` runs under the
// lock, after applying.
void GuestChannels::commit(Channel& channel, const std::function<std::vector<KeyRecord>()>& plan,
                           const std::function<void()>& then) {
    std::vector<KeyEntry> visible;
    {
        const std::lock_guard order(channel.order);
        std::vector<KeyRecord> records;
        {
            const std::lock_guard lock(mutex_);
            if (channel.forgotten) {
                throw_forgotten(channel.machine);
            }
            records = plan();
        }
        if (!records.empty()) {
            store_.save(channel.machine, records);
        }
        const std::lock_guard lock(mutex_);
        KeyTable::Applied applied = channel.table.apply(records);
        channel.session.send_keys(applied.to_send);
        visible = std::move(applied.visible);
        if (then) {
            then();
        }
    }
    changed_.notify_all();
    if (!visible.empty() && listener_.on_keys) {
        base::guarded("guest", [&] { listener_.on_keys(channel.machine, visible); });
    }
}

void GuestChannels::set(const std::string& machine, std::span<const KeyWrite> writes) {
    const ChannelPtr channel = require_channel(machine);
    commit(
        *channel, [&] { return channel->table.plan_set(writes); }, nullptr);
    wake();
}

void GuestChannels::set(const std::string& machine, const std::string& key,
                        const std::string& value) {
    const KeyWrite write{.key = key, .value = value};
    set(machine, std::span(&write, 1));
}

void GuestChannels::drop_guest_keys(const std::string& machine) {
    const ChannelPtr channel = require_channel(machine);
    commit(
        *channel, [&] { return channel->table.plan_remote_snapshot({}); }, nullptr);
}

std::optional<KeyEntry> GuestChannels::get(const std::string& machine, std::string_view key) {
    const ChannelPtr channel = require_channel(machine);
    const std::lock_guard lock(mutex_);
    return channel->table.find(key);
}

std::vector<KeyEntry> GuestChannels::list(const std::string& machine, std::string_view prefix) {
    const ChannelPtr channel = require_channel(machine);
    const std::lock_guard lock(mutex_);
    return channel->table.list(prefix);
}

KeyEntry GuestChannels::wait(const std::string& machine, const std::string& key,
                             const std::optional<std::string>& value,
                             std::chrono::milliseconds limit, std::stop_token stop) {
    check_key(key);
    const ChannelPtr channel = require_channel(machine);
    const auto deadline = deadline_after(limit);
    std::optional<KeyEntry> entry;
    std::unique_lock lock(mutex_);
    const bool came = changed_.wait_until(lock, stop, deadline, [&] {
        entry = channel->table.find(key);
        return channel->forgotten || (entry && (!value || entry->value == *value));
    });
    if (channel->forgotten) {
        throw_forgotten(machine);
    }
    if (!came && stop.stop_requested()) {
        throw_interrupted(fmt::format("waiting for key '{}' of machine '{}'", key, machine));
    }
    if (!came) {
        throw base::Error(
            base::ErrorKind::timeout,
            fmt::format("key '{}' of machine '{}' did not come within {} s", key, machine,
                        std::chrono::duration_cast<std::chrono::seconds>(limit).count()),
            channel->session.open() ? "the guest's agent is connected: see the machine's console "
                                      "for what the application says"
                                    : "the guest's agent is not connected: see the machine's "
                                      "console for how far it has booted");
    }
    return *entry;
}

void GuestChannels::wait_settled(const std::string& machine, std::chrono::milliseconds limit,
                                 std::stop_token stop) {
    const ChannelPtr channel = require_channel(machine);
    const auto deadline = deadline_after(limit);
    std::unique_lock lock(mutex_);
    const bool came = changed_.wait_until(
        lock, stop, deadline, [&] { return channel->forgotten || channel->session.settled(); });
    if (channel->forgotten) {
        throw_forgotten(machine);
    }
    if (!came && stop.stop_requested()) {
        throw_interrupted(fmt::format("waiting for the guest of machine '{}'", machine));
    }
    if (!came) {
        throw base::Error(
            base::ErrorKind::timeout,
            fmt::format("the guest of machine '{}' did not acknowledge its keys", machine),
            "see the machine's console for whether it is running");
    }
}

GuestState GuestChannels::state(const std::string& machine) {
    const ChannelPtr channel = require_channel(machine);
    const std::lock_guard lock(mutex_);
    GuestState state = channel->state;
    state.connected = channel->session.open();
    state.settled = channel->session.settled();
    return state;
}

}  // namespace hvruntime
