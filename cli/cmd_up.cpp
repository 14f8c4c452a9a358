// SPDX-License-Identifier: Apache-2.0
#include "cli/cmd_up.h"

#include <map>
#include <thread>

#include <CLI/CLI.hpp>

#include "base/file.h"
#include "base/http_client.h"
#include "base/interrupt.h"
#include "base/port.h"
#include "base/random.h"
#include "base/stream.h"
#include "cli/daemon_client.h"
#include "deployer/plan/read_plan.h"
#include "ovfkit/package/source/open_package.h"

namespace cli {

namespace {

using base::Error;
using base::ErrorKind;
using base::Json;

std::pair<std::string, std::string> split_assignment(const std::string& text,
                                                     const std::string& form) {
    const std::size_t equals = text.find('=');
    if (equals == std::string::npos || equals == 0) {
        throw Error(ErrorKind::usage, "'" + text + "' is not " + form);
    }
    return {text.substr(0, equals), text.substr(equals + 1)};
}

std::uint16_t parse_port(const std::string& text) {
    const std::optional<std::uint16_t> port = base::find_port(text);
    if (!port) {
        throw Error(ErrorKind::usage, "'" + text + "' is not a port", "ports are 1 to 65535");
    }
    return *port;
}

deployer::DeployRequest request_of(const UpOptions& options) {
    deployer::DeployRequest request{.name = options.name, .configuration = options.configuration};
    for (const std::string& setting : options.settings) {
        const auto [key, value] = split_assignment(setting, "MACHINE.KEY=VALUE");
        request.settings[key] = value;
    }
    for (const std::string& publish : options.publish) {
        const auto [target, port] = split_assignment(publish, "NAME=PORT or MACHINE:PORT=PORT");
        request.host_ports[target] = parse_port(port);
    }
    return request;
}

// Whom the user named, else the user's own files where there are such.
TrustOptions trust_of(const UpOptions& options) {
    if (options.allow_untrusted) {
        return {};
    }
    TrustOptions trust = options.trust;
    const std::filesystem::path own = base::config_dir();
    if (trust.trust.empty() && !trust.trust_system && std::filesystem::exists(own / "trust.pem")) {
        trust.trust = own / "trust.pem";
    }
    if (trust.tsa_trust.empty() && std::filesystem::exists(own / "tsa-trust.pem")) {
        trust.tsa_trust = own / "tsa-trust.pem";
    }
    return trust;
}

int print_plan(const UpOptions& options, base::cli::Io& io) {
    const auto source = ovfkit::open_package(options.source);
    ovfkit::VerifyPolicy policy;
    take_trust(trust_of(options), policy);
    const deployer::DeploymentPlan plan = deployer::read_plan(*source, request_of(options), policy);
    if (io.json) {
        io.out << base::to_json_text(deployer::to_printable_json(plan), 2) << '\n';
    } else {
        io.out << base::cli::printable(deployer::describe_plan(plan));
        io.err << (policy.wants_trust()
                       ? "nothing was done; the descriptor is signed by somebody you trust, the "
                         "disks were not read\n"
                       : "nothing was done, and nothing but the descriptor was read\n");
    }
    return 0;
}

Json source_of(const UpOptions& options, const std::string& token) {
    if (options.source == "-") {
        return {{"upload", token}, {"name", "standard input"}};
    }
    if (base::is_http_url(options.source)) {
        return {{"url", options.source}, {"name", options.source}};
    }
    ovfkit::open_package(
        options.source);  // a missing file is told here, by the name that was typed
    return {{"path", std::filesystem::canonical(options.source).string()},
            {"name", std::filesystem::path(options.source).filename().string()}};
}

void print_result(const Json& result, base::cli::Io& io) {
    if (io.json) {
        io.out << base::to_json_text(result, 2) << '\n';
        return;
    }
    for (const Json& sentence : result.at("not_honoured")) {
        io.err << "not honoured: " << base::cli::printable(sentence.get<std::string>()) << '\n';
    }
    const auto signer = result.at("signed_by").get<std::string>();
    if (signer.empty()) {
        io.err << "warning: the package is not signed\n";
    } else if (!result.at("signer_trusted").get<bool>()) {
        io.err << "signed by " << base::cli::printable(signer)
               << ", whom nobody vouched for (see --trust)\n";
    }
    io.out << result.at("name").get<std::string>() << " is up\n";
    for (const auto& [name, url] : result.at("urls").items()) {
        io.out << name << "  " << url.get<std::string>() << '\n';
    }
}

}  // namespace

void add_up(CLI::App& app, Chosen& chosen) {
    auto options = std::make_shared<UpOptions>();
    CLI::App* verb = app.add_subcommand(
        "up", "verify, import and start an OVA; return when the application answers");
    verb->add_option("OVA", options->source,
                     "a file, a folder with an .ovf, - for standard input, or an http(s) URL")
        ->required();
    verb->add_option("--name", options->name, "of the deployment; default: the assembly's name");
    verb->add_option("--set", options->settings, "give a property a value: machine.key=value")
        ->type_name("KEY=VALUE")
        ->expected(1)
        ->take_all();
    verb->add_option("--publish", options->publish,
                     "use this port of 127.0.0.1: http=8080, or web:80=8080")
        ->type_name("NAME=PORT")
        ->expected(1)
        ->take_all();
    verb->add_option("--configuration", options->configuration,
                     "one of the package's configurations");
    add_trust_options(*verb, options->trust);
    verb->add_flag("--allow-untrusted", options->allow_untrusted,
                   "trust nobody, not even whom the configuration folder names");
    verb->add_flag("--plan", options->plan, "only say what would be done");
    verb->footer(
        "All or nothing: when a step fails, or on Ctrl-C, everything is undone.\n\n"
        "EXIT STATUS\n  0 it is up; 2 unknown property or option; 4 the package is damaged or not "
        "trusted;\n"
        "  6 no space, no QEMU; 7 name or port in use; 8 a machine was not ready in time;\n"
        "  9 a machine ended; 130 interrupted\n\n"
        "EXAMPLE\n  muster up guestbook.ova --trust ca.pem --set web.title=Hello");
    verb->callback([options, &chosen] {
        chosen.run = [options](base::cli::Io& io) { return run_up(*options, io); };
    });
}

int run_up(const UpOptions& options, base::cli::Io& io) {
    if (options.plan) {
        return print_plan(options, io);
    }
    const deployer::DeployRequest request = request_of(options);
    const std::string token = base::random_hex(16);
    const TrustOptions trust = trust_of(options);
    const Json body{
        {"source", source_of(options, token)},    {"name", request.name},
        {"settings", request.settings},           {"host_ports", request.host_ports},
        {"configuration", request.configuration}, {"trust", trust_to_pem(trust.trust)},
        {"trust_system", trust.trust_system},     {"tsa_trust", trust_to_pem(trust.tsa_trust)}};
    const DaemonClient daemon = DaemonClient::open(io);
    const base::OutliveInterrupts job_is_followed;
    const Json answer = daemon.call_whole("POST", "/v1/deployments", body);
    const auto job = answer.at("job").get<std::uint64_t>();

    // What comes on standard input is passed on while the job's progress is shown. When the job
    // ends early nobody reads any more: the thread is left to the end of the process, for it may
    // hang in a read.
    if (options.source == "-") {
        std::thread([daemon, token] {
            base::guarded("upload", [&] {
                const auto source = base::open_source("-");
                daemon.upload("POST", "/v1/uploads/" + token, *source);
            });
        }).detach();
    }
    const Json record = daemon.follow_job(job, io);
    print_result(record.at("result"), io);
    return 0;
}

}  // namespace cli
