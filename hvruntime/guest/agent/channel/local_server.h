// SPDX-License-Identifier: Apache-2.0
// Serves the local requests of muster-guest's other verbs on a unix socket that only root may use.
// A request that cannot be answered yet is asked again whenever keys changed, until its client
// goes.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/fd.h"
#include "hvruntime/guest/agent/channel/event_loop.h"
#include "hvruntime/guest/agent/channel/local_request.h"

namespace hvruntime::agent {

class LocalServer {
  public:
    using Answer = std::function<std::optional<std::vector<KeyEntry>>(const LocalRequest&)>;

    LocalServer(EventLoop& loop, std::filesystem::path path, Answer answer);
    LocalServer(const LocalServer&) = delete;
    LocalServer& operator=(const LocalServer&) = delete;
    ~LocalServer();

    void keys_changed();

  private:
    struct Client {
        base::UniqueFd fd;
        EventLoop::Id watch = 0;
        std::string input;
        std::string output;
        std::optional<LocalRequest> request;  // read, not answered
    };
    void accept_clients();
    void serve(int number);
    void take_input(Client& client);
    void try_answer(Client& client);
    bool flush(Client& client);
    void drop(int number);

    EventLoop& loop_;
    const std::filesystem::path path_;
    const Answer answer_;
    base::UniqueFd listener_;
    std::map<int, Client> clients_;
    int last_client_ = 0;
};

}  // namespace hvruntime::agent
