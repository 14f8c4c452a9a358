// SPDX-License-Identifier: Apache-2.0
#include "cli/cmd_kv.h"

#include <memory>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "base/error.h"
#include "base/http_client.h"
#include "base/json.h"
#include "cli/daemon_client.h"
#include "cli/table.h"
#include "cli/verb.h"

namespace cli {

namespace {

using base::Json;

constexpr const char* kKvFooter = R"(EXIT STATUS
  0 done, 3 no such deployment, machine or key, 4 bad key or value, 8 the key did not come in time

EXAMPLE
  muster kv wait guestbook web app.ready --timeout 60)";

std::string path_of(const KvOptions& options) {
    return fmt::format("/v1/deployments/{}/machines/{}/kv", base::url_encode(options.deployment),
                       base::url_encode(options.machine));
}

void print_value(const Json& entry, base::cli::Io& io) {
    if (io.json) {
        io.out << base::to_json_text(entry) << "\n";
    } else {
        // Raw: scripts want it so, and values hold no control characters but line ends and tabs.
        io.out << base::require_string(entry, "value") << "\n";
    }
}

int run_list(const KvOptions& options, const DaemonClient& client, base::cli::Io& io) {
    const Json answer = client.call(
        "GET", fmt::format("{}?prefix={}", path_of(options), base::url_encode(options.key)));
    if (io.json) {
        io.out << base::to_json_text(answer) << "\n";
        return 0;
    }
    Table table({"KEY", "VALUE", "SET BY"});
    for (const Json& entry : answer.at("keys")) {
        const bool hidden = entry.at("value").is_null();
        table.add_row({entry.at("key").get<std::string>(),
                       hidden ? "***" : entry.at("value").get<std::string>(),
                       entry.at("owner").get<std::string>()});
    }
    table.print(io.out);
    return 0;
}

int run_set(const KvOptions& options, const DaemonClient& client) {
    if (options.pairs.size() % 2 != 0 || (options.pairs.empty() && options.deletes.empty())) {
        throw base::Error(base::ErrorKind::usage, "a key without a value",
                          "give keys and values by turns: kv set DEPLOYMENT MACHINE KEY VALUE");
    }
    Json body = Json::object();
    for (std::size_t i = 0; i < options.pairs.size(); i += 2) {
        body[options.pairs[i]] = options.pairs[i + 1];
    }
    for (const std::string& key : options.deletes) {
        body[key] = nullptr;
    }
    client.call("PUT", fmt::format("{}{}", path_of(options), options.secret ? "?secret=1" : ""),
                body);
    return 0;
}

int run_wait(const KvOptions& options, const DaemonClient& client, base::cli::Io& io) {
    std::string path = fmt::format("{}/{}/wait?timeout={}", path_of(options),
                                   base::url_encode(options.key), options.timeout_seconds);
    if (options.value) {
        path += fmt::format("&value={}", base::url_encode(*options.value));
    }
    Json last;
    client.stream_lines(path, [&](const Json& line) {
        last = line;
        return false;
    });
    if (base::string_or(last, "type", "") == "error") {
        throw base::Error(base::find_error_kind(base::require_string(last, "kind"))
                              .value_or(base::ErrorKind::internal),
                          base::require_string(last, "message"), base::string_or(last, "hint", ""));
    }
    if (last.is_null()) {
        throw base::Error(base::ErrorKind::environment, "the daemon ended while waiting",
                          "try again");
    }
    print_value(last, io);
    return 0;
}

CLI::App* add_action(CLI::App& kv, Chosen& chosen, const std::shared_ptr<KvOptions>& options,
                     const char* name, const char* what, KvOptions::Action action) {
    CLI::App* sub = kv.add_subcommand(name, what);
    sub->footer(kKvFooter);
    sub->add_option("DEPLOYMENT", options->deployment, "name of the deployment")->required();
    sub->add_option("MACHINE", options->machine, "name of the machine")->required();
    sub->callback([&chosen, options, action] {
        options->action = action;
        chosen.run = [options](base::cli::Io& io) { return run_kv(*options, io); };
    });
    return sub;
}

}  // namespace

void add_kv(CLI::App& app, Chosen& chosen) {
    const auto options = std::make_shared<KvOptions>();
    CLI::App* kv = app.add_subcommand("kv", "read and set the keys shared with a machine's guest");
    kv->require_subcommand(1);
    kv->footer(kKvFooter);
    using Action = KvOptions::Action;
    CLI::App* get = add_action(*kv, chosen, options, "get", "print a value", Action::get);
    get->add_option("KEY", options->key, "the key")->required();
    CLI::App* set = add_action(*kv, chosen, options, "set", "set keys, all at once", Action::set);
    set->add_option("KEY VALUE", options->pairs, "keys and values by turns");
    set->add_option("--delete", options->deletes, "delete this key; may be repeated")
        ->allow_extra_args(false);
    set->add_flag("--secret", options->secret, "never show these values in lists and logs");
    CLI::App* list =
        add_action(*kv, chosen, options, "list", "show keys; secret values as ***", Action::list);
    list->add_option("PREFIX", options->key, "only keys that begin so");
    CLI::App* wait = add_action(*kv, chosen, options, "wait",
                                "wait until a key is there, or has a value", Action::wait);
    wait->add_option("KEY", options->key, "the key")->required();
    wait->add_option("VALUE", options->value, "the value to wait for");
    wait->add_option("--timeout", options->timeout_seconds, "seconds to wait")
        ->capture_default_str();
}

int run_kv(const KvOptions& options, base::cli::Io& io) {
    const DaemonClient client = DaemonClient::open(io);
    switch (options.action) {
        case KvOptions::Action::get:
            print_value(client.call("GET", fmt::format("{}/{}", path_of(options),
                                                       base::url_encode(options.key))),
                        io);
            return 0;
        case KvOptions::Action::set: return run_set(options, client);
        case KvOptions::Action::list: return run_list(options, client, io);
        case KvOptions::Action::wait: return run_wait(options, client, io);
    }
    base::unreachable("kv action");
}

}  // namespace cli
