// SPDX-License-Identifier: Apache-2.0
#include "cli/cmd_status.h"

#include <CLI/CLI.hpp>

#include "base/byte_size.h"
#include "base/http_client.h"
#include "cli/daemon_client.h"

namespace cli {

void add_status(CLI::App& app, Chosen& chosen) {
    auto options = std::make_shared<StatusOptions>();
    CLI::App* verb = app.add_subcommand("status", "show one deployment, or with --host this host");
    verb->add_option("DEPLOYMENT", options->deployment, "see 'muster ps'");
    verb->add_flag("--host", options->host, "how this host runs machines, and why");
    verb->footer(
        "EXIT STATUS\n  0; 2 neither a deployment nor --host; 3 there is none of that name\n\n"
        "EXAMPLE\n  muster status --host");
    verb->callback([options, &chosen] {
        chosen.run = [options](base::cli::Io& io) { return run_status(*options, io); };
    });
}

namespace {

using base::Json;

int print_host(const Json& host, base::cli::Io& io) {
    const Json& accelerator = host.at("accelerator");
    io.out << "host         " << host.at("name").get<std::string>() << " ("
           << host.at("kernel").get<std::string>() << ")\n"
           << "cpus         " << host.at("cpus") << '\n'
           << "memory       " << base::format_byte_size(host.at("memory_bytes")) << ", "
           << base::format_byte_size(host.at("memory_available_bytes")) << " available\n"
           << "accelerator  " << accelerator.at("accel").get<std::string>() << ": "
           << accelerator.at("why").get<std::string>() << '\n'
           << "networks     " << host.at("network").at("kind").get<std::string>() << ": "
           << host.at("network").at("why").get<std::string>() << '\n'
           << "store        " << host.at("data_folder").get<std::string>() << ", "
           << base::format_byte_size(host.at("data_free_bytes")) << " free\n";
    return 0;
}

void print_machine(const Json& machine, base::cli::Io& io) {
    io.out << "machine      " << machine.at("name").get<std::string>() << ": "
           << machine.at("state").get<std::string>() << ", " << machine.at("cpus") << " CPU, "
           << base::format_byte_size(machine.at("memory_bytes"));
    for (const auto& [network, address] : machine.at("addresses").items()) {
        io.out << ", " << base::cli::printable(network) << ' ' << address.get<std::string>();
    }
    io.out << (machine.at("guest").at("connected").get<bool>() ? ", guest connected" : "") << '\n';
    const Json problems = machine.at("guest").value("problems", Json::array());
    for (const Json& problem : problems) {
        io.out << "problem      " << machine.at("name").get<std::string>() << ": "
               << base::cli::printable_line(problem.at("text").get<std::string>()) << " ("
               << problem.at("key").get<std::string>() << ")\n";
    }
}

int print_deployment(const Json& deployment, base::cli::Io& io) {
    const auto signer = deployment.at("signed_by").get<std::string>();
    io.out << "deployment   " << deployment.at("name").get<std::string>() << ": "
           << deployment.at("state").get<std::string>() << '\n'
           << "assembly     " << base::cli::printable(deployment.at("assembly").get<std::string>())
           << ' ' << base::cli::printable(deployment.at("version").get<std::string>()) << " from "
           << base::cli::printable(deployment.at("source").get<std::string>()) << '\n'
           << "signed by    " << (signer.empty() ? "nobody" : base::cli::printable(signer))
           << (deployment.at("signer_trusted").get<bool>() ? " (trusted)" : "") << '\n';
    for (const Json& network : deployment.at("networks")) {
        io.out << "network      " << base::cli::printable(network.at("name").get<std::string>())
               << ' ' << network.at("subnet").get<std::string>()
               << (network.at("isolated").get<bool>() ? ", isolated" : "")
               << (network.at("running").get<bool>() ? "" : ", not running") << '\n';
    }
    for (const Json& machine : deployment.at("machines")) {
        print_machine(machine, io);
    }
    for (const auto& [name, url] : deployment.at("urls").items()) {
        io.out << "published    " << base::cli::printable(name) << ' ' << url.get<std::string>()
               << '\n';
    }
    for (const Json& sentence : deployment.at("not_honoured")) {
        io.out << "ignored      " << base::cli::printable(sentence.get<std::string>()) << '\n';
    }
    return 0;
}

}  // namespace

int run_status(const StatusOptions& options, base::cli::Io& io) {
    if (options.host == !options.deployment.empty()) {
        throw base::Error(base::ErrorKind::usage, "name a deployment, or give --host",
                          "'muster ps' lists the deployments");
    }
    const DaemonClient daemon = DaemonClient::open(io);
    const Json reply = daemon.call(
        "GET",
        options.host ? "/v1/host" : "/v1/deployments/" + base::url_encode(options.deployment));
    if (io.json) {
        io.out << base::to_json_text(reply, 2) << '\n';
        return 0;
    }
    return options.host ? print_host(reply, io) : print_deployment(reply, io);
}

}  // namespace cli
