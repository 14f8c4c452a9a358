// SPDX-License-Identifier: Apache-2.0
// The agent of a guest that is not there: speaks the guest channel as muster-guest does and sets
// app.ready when its application is up. Not thread-safe.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "hvruntime/guest/channel_session.h"
#include "hvruntime/guest/key_table.h"

namespace tests {

class FakeAgent {
  public:
    // Orders: no-agent, set=KEY=VALUE, no-freeze, freeze-fails, freeze-late (see fake_qemu.cpp).
    explicit FakeAgent(const std::map<std::string, std::string>& orders);

    void connected();  // the host has opened the channel (again)
    void receive(std::string_view bytes);
    void application_is_up();  // any number of times
    std::string take_output();

  private:
    void set(const std::string& key, const std::string& value);
    void answer(const hvruntime::FreezeNote& note);

    std::map<std::string, std::string> orders_;
    bool silent_;
    std::string extra_;  // "KEY=VALUE", may be empty
    bool up_ = false;
    hvruntime::KeyTable table_{hvruntime::Side::guest};
    hvruntime::ChannelSession session_;
};

}  // namespace tests
