// SPDX-License-Identifier: Apache-2.0
// A machine for tests of the host's end: QEMU's side (a unix socket that serves one client at a
// time) and the agent's side (a KeyTable and a ChannelSession) in one thread. Each can go away and
// come back.
#pragma once

#include <atomic>
#include <condition_variable>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/fd.h"
#include "hvruntime/guest/channel_session.h"
#include "hvruntime/guest/key_table.h"

namespace tests {

class SimulatedGuest {
  public:
    explicit SimulatedGuest(std::filesystem::path socket_path);
    ~SimulatedGuest();

    void stop_machine();   // the socket goes, with what was in it
    void start_machine();  // a new boot: the guest's keys are gone
    void stop_agent();     // nobody reads the port, QEMU keeps the socket
    void start_agent();    // keys kept, as in /run
    void set(const std::vector<hvruntime::KeyWrite>& writes);
    void event(std::uint64_t id, const std::string& text);
    // How it answers a freeze and a thaw; the id is set. Without one it is silent.
    void answer_freeze(std::optional<hvruntime::FreezeNote> frozen,
                       std::optional<hvruntime::FreezeNote> thawed);
    std::string freeze_notes();                  // that came: "freeze 10000; thaw; "
    void write_raw(const std::string& bytes);    // into the stream, whatever state it is in
    void swallow_next_bytes(std::size_t count);  // of what the host sends

    std::string value(const std::string& key);
    std::size_t count();
    std::size_t key_messages();  // batches and snapshots that came
    std::size_t pings();         // answered
    bool open();

  private:
    void run(const std::stop_token& stop);
    void step();
    void read_from_host();
    void write_to_host();
    void answer(const hvruntime::FreezeNote& note);

    const std::filesystem::path path_;
    std::mutex mutex_;  // guards all below but the thread
    base::UniqueFd listener_;
    base::UniqueFd client_;
    std::unique_ptr<hvruntime::ChannelSession> session_;
    hvruntime::KeyTable table_{hvruntime::Side::guest};
    std::string raw_;
    std::size_t swallow_ = 0;
    std::size_t key_messages_ = 0;
    std::size_t pings_ = 0;
    std::optional<hvruntime::FreezeNote> frozen_;
    std::optional<hvruntime::FreezeNote> thawed_;
    std::string freeze_notes_;
    int boot_ = 0;
    std::jthread thread_;
};

}  // namespace tests
