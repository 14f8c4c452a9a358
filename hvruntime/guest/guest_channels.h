// SPDX-License-Identifier: Apache-2.0
// The host's end of the guest channels of all machines: keeps the connections to QEMU's chardev
// sockets, the keys in memory and, through KeyStore, durable. Thread-safe; one thread of its own
// for all connections. Keys can be read and set whether a machine is attached or not: they are kept
// and handed over when the guest answers. Rules of the channel: hvruntime/doc/guest_channel.md.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/fd.h"
#include "hvruntime/guest/channel_session.h"
#include "hvruntime/guest/key_entry.h"

namespace hvruntime {

// Where the keys live for good: bound to hvruntime/store below /kv/<machine>/<key>. Called from
// several threads, for one machine at a time; must not call back into GuestChannels.
class KeyStore {
  public:
    virtual ~KeyStore() = default;
    virtual std::vector<KeyRecord> load(const std::string& machine) = 0;
    // All or nothing, durable on return. A record with neither side is removed.
    virtual void save(const std::string& machine, std::span<const KeyRecord> records) = 0;
    virtual void remove_all(const std::string& machine) = 0;
};

// Keeps nothing: for tests and for who has no store.
class NoKeyStore : public KeyStore {
  public:
    std::vector<KeyRecord> load(const std::string&) override { return {}; }
    void save(const std::string&, std::span<const KeyRecord>) override {}
    void remove_all(const std::string&) override {}
};

struct GuestState {
    bool attached = false;
    bool connected = false;   // the guest's agent has answered on this connection
    bool settled = false;     // and has acknowledged every key set so far
    bool can_freeze = false;  // the guest's agent can let its file systems stand still
    std::string agent_version;
    std::string boot_id;
    std::optional<std::chrono::system_clock::time_point> last_seen;
    std::string problem;  // why there is no session, when there is something to say
};

// Called without any lock held, on the channels' thread or on that of who called set(). They must
// be quick, and may call back except for wait().
struct GuestListener {
    std::function<void(const std::string& machine, std::span<const KeyEntry>)> on_keys;
    std::function<void(const std::string& machine, const GuestEvent&)> on_event;
    std::function<void(const std::string& machine, const GuestState&)> on_state;
};

struct FrozenGuest {
    std::uint64_t id = 0;            // for thaw()
    std::uint64_t file_systems = 0;  // that stand still
};

struct GuestChannelTimes {
    std::chrono::milliseconds retry_first{20};
    std::chrono::milliseconds retry_most{1000};
    std::chrono::milliseconds ping_every{15000};  // two without an answer: not connected
};

class GuestChannels {
  public:
    // The store must outlive this.
    explicit GuestChannels(KeyStore& store, GuestListener listener = {},
                           GuestChannelTimes times = {});
    GuestChannels(const GuestChannels&) = delete;
    GuestChannels& operator=(const GuestChannels&) = delete;
    ~GuestChannels();  // closes the connections; guests and keys stay as they are

    // Connects to QEMU's socket (chardev socket, server=on) and keeps trying until detach().
    // Attaching again with another path moves the channel.
    void attach(const std::string& machine, const std::string& socket_path);
    void detach(const std::string& machine);
    // Before a machine is started: what the guest of the boot before said (app.ready!) is not true
    // any more.
    void drop_guest_keys(const std::string& machine);
    // The machine is deleted: detaches, removes its keys from memory and store.
    void forget(const std::string& machine);

    // One batch, one message, one revision. Returns when durable on the host; the guest gets it
    // when it answers. Throws invalid_input for bad keys or values, conflict past the limits.
    void set(const std::string& machine, std::span<const KeyWrite> writes);
    void set(const std::string& machine, const std::string& key, const std::string& value);
    std::optional<KeyEntry> get(const std::string& machine, std::string_view key);
    std::vector<KeyEntry> list(const std::string& machine, std::string_view prefix = "");

    // Until the key has that value, or any when none is given. Throws timeout, interrupted (stop
    // was requested) or not_found (the machine was forgotten meanwhile).
    KeyEntry wait(const std::string& machine, const std::string& key,
                  const std::optional<std::string>& value, std::chrono::milliseconds limit,
                  std::stop_token stop = {});
    // Until the guest has acknowledged every key set so far.
    void wait_settled(const std::string& machine, std::chrono::milliseconds limit,
                      std::stop_token stop = {});
    GuestState state(const std::string& machine);

    // Why freeze() would refuse at once, as a clause; empty: it would not.
    std::string why_not_freeze(const std::string& machine);
    // Returns when all file systems on the machine's disks stand still, with nothing left to be
    // written: until thaw(), or for `hold` at most; then the guest thaws them by itself. Throws
    // unsupported without an agent that can, external with what the guest says, timeout (nothing
    // stands still then, or not for long). One at a time for each machine.
    FrozenGuest freeze(const std::string& machine, std::chrono::milliseconds hold,
                       std::chrono::milliseconds limit);
    // True: they stood still until now. Fine when they do not any more.
    bool thaw(const std::string& machine, std::uint64_t id, std::chrono::milliseconds limit);

  private:
    struct Channel;
    using ChannelPtr = std::shared_ptr<Channel>;

    ChannelPtr require_channel(const std::string& machine);
    void commit(Channel& channel, const std::function<std::vector<KeyRecord>()>& plan,
                const std::function<void()>& then);

    void run(const std::stop_token& stop);
    std::vector<ChannelPtr> attached_channels();
    void serve(Channel& channel, short events);
    void read_from(Channel& channel);
    void act(Channel& channel, const Received& received);
    static void take_freeze_note(Channel& channel, const FreezeNote& note);
    void open_if_due(Channel& channel);
    void flush(Channel& channel);
    void tick(Channel& channel);
    void drop(Channel& channel, const std::string& problem);
    void tell_state(Channel& channel);
    void wake() const;

    KeyStore& store_;
    const GuestListener listener_;
    const GuestChannelTimes times_;
    base::UniqueFd wake_;  // an eventfd
    std::mutex mutex_;     // guards channels_ and what a Channel says it guards
    std::condition_variable_any changed_;
    std::map<std::string, ChannelPtr, std::less<>> channels_;
    std::jthread thread_;  // last: it uses all of the above
};

}  // namespace hvruntime
