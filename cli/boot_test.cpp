// SPDX-License-Identifier: Apache-2.0
#include "cli/boot_test.h"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <sstream>
#include <thread>

#include <fmt/format.h>

#include "assembler/pack.h"
#include "base/crypto/digest.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/http_client.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "base/random.h"
#include "cli/daemon_client.h"

namespace cli {

namespace fs = std::filesystem;

namespace {

using base::Error;
using base::ErrorKind;
using base::Json;
using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds kPortLimit{120};

double since(Clock::time_point start) {
    return std::chrono::duration<double>(Clock::now() - start).count();
}

// The disk alone, as it would boot elsewhere: no kernel beside it.
std::string boot_assembly(const imagebuilder::BuiltImage& image, const BootTestOptions& options) {
    std::string text = fmt::format(
        "muster: 1\nname: boot-test\nversion: 1.0.0\nnetworks: {{ net: {{}} }}\nmachines:\n"
        "  machine:\n    image: {}\n    memory: 512 MiB\n    networks: [net]\n",
        Json(fs::absolute(image.disk).string()).dump());
    if (!options.agent) {
        text += fmt::format("    ready: {{ tcp: {}, timeout: {} s }}\n", options.ports.front(),
                            options.timeout.count());
    }
    if (!options.ports.empty()) {
        text += "publish:\n";
    }
    for (const std::uint16_t port : options.ports) {
        text += fmt::format("  - {{ machine: machine, port: {0}, as: port{0} }}\n", port);
    }
    return text;
}

// Whoever forwards the port accepts before the guest does: what is closed at once, or never
// answers a byte and ends, was not open.
bool stays_open(std::uint16_t port) {
    const base::UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        return false;
    }
    pollfd ready{fd.get(), POLLIN, 0};
    if (::poll(&ready, 1, 1000) == 0) {
        return true;  // it waits for us to speak
    }
    char byte = 0;
    return ::recv(fd.get(), &byte, 1, MSG_DONTWAIT) == 1;
}

std::uint16_t port_of_url(const std::string& url) {
    const std::size_t colon = url.rfind(':');
    return static_cast<std::uint16_t>(std::strtoul(url.substr(colon + 1).c_str(), nullptr, 10));
}

BootCheck check_port(std::uint16_t port, const std::string& url, Clock::time_point start) {
    BootCheck check{fmt::format("port {} is open", port), false, 0, ""};
    const Clock::time_point begin = Clock::now();
    while (Clock::now() - begin < kPortLimit) {
        if (stays_open(port_of_url(url))) {
            check.passed = true;
            check.seconds = since(start);
            return check;
        }
        base::interrupt().check();
        std::this_thread::sleep_for(std::chrono::milliseconds(200));
    }
    check.seconds = since(start);
    check.text = fmt::format("nothing answered on port {} within {} s", port, kPortLimit.count());
    return check;
}

// When the machines were started, in the record of the job that did it.
double seconds_of_steps(const Json& record, std::string_view prefix) {
    double seconds = 0;
    for (const Json& step : record.value("steps", Json::array())) {
        if (base::string_or(step, "name", "").starts_with(prefix)) {
            seconds += static_cast<double>(step.value("finished_ms", std::int64_t{0}) -
                                           step.value("started_ms", std::int64_t{0})) /
                       1000;
        }
    }
    return seconds;
}

class BootDeployment {
  public:
    BootDeployment(const DaemonClient& daemon, std::string name)
        : daemon_(daemon), name_(std::move(name)) {}
    BootDeployment(const BootDeployment&) = delete;
    BootDeployment& operator=(const BootDeployment&) = delete;
    ~BootDeployment() {
        base::guarded("removing the machine of the boot test", [&] { remove(); });
    }
    void remove() {
        if (!up_) {
            return;
        }
        up_ = false;
        std::ostringstream nowhere;
        base::cli::Io quiet{nowhere, nowhere};
        quiet.quiet = true;
        const Json answer =
            daemon_.call_whole("DELETE", "/v1/deployments/" + base::url_encode(name_));
        daemon_.follow_job(answer.at("job").get<std::uint64_t>(), quiet);
    }
    Json start(const fs::path& package, base::cli::Io& io) {
        const Json body{{"source", {{"path", package.string()}, {"name", name_}}},
                        {"name", name_},
                        {"settings", Json::object()},
                        {"host_ports", Json::object()},
                        {"configuration", ""},
                        {"trust", ""},
                        {"trust_system", false},
                        {"tsa_trust", ""}};
        const base::OutliveInterrupts job_is_followed;
        const Json answer = daemon_.call_whole("POST", "/v1/deployments", body);
        Json record = daemon_.follow_job(answer.at("job").get<std::uint64_t>(), io);
        up_ = true;
        return record;
    }

  private:
    const DaemonClient& daemon_;
    std::string name_;
    bool up_ = false;
};

// A machine that ended or was not ready in time says something about the image.
bool is_verdict(const Error& error) {
    return error.kind() == ErrorKind::timeout || error.kind() == ErrorKind::external;
}

std::string xml_escaped(std::string_view text) {
    std::string escaped;
    for (const char c : text) {
        switch (c) {
            case '&': escaped += "&amp;"; break;
            case '<': escaped += "&lt;"; break;
            case '>': escaped += "&gt;"; break;
            case '"': escaped += "&quot;"; break;
            default: escaped += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
        }
    }
    return escaped;
}

}  // namespace

bool BootProof::passed() const {
    return std::all_of(checks.begin(), checks.end(),
                       [](const BootCheck& check) { return check.passed; });
}

BootProof run_boot_test(const imagebuilder::BuiltImage& image, const BootTestOptions& options,
                        base::cli::Io& io) {
    if (!options.agent && options.ports.empty()) {
        throw Error(ErrorKind::usage,
                    fmt::format("nothing would show that '{}' is up: it has no muster-guest and "
                                "declares no port",
                                image.name),
                    "give --boot-port, or put muster-guest into the image");
    }
    BootProof proof{image.name, image.version, base::sha256_of_file(image.disk.string()), 0, {}};
    const base::TempDir dir;
    const fs::path package = dir.path() / "boot-test.ova";
    base::write_file(dir.path() / "assembly.yaml", boot_assembly(image, options));
    assembler::PackOptions pack;
    pack.assembly = dir.path();
    pack.output = package;
    pack.level = 1;
    pack.provide_image = assembler::default_image_provider({});
    assembler::pack_assembly(pack);

    const DaemonClient daemon = DaemonClient::open(io);
    BootDeployment deployment(daemon, "boot-test-" + base::random_hex(6));
    const std::string what = options.agent ? "boots, and its agent answers" : "boots";
    Clock::time_point start = Clock::now();
    Json record;
    try {
        record = deployment.start(package, io);
    } catch (const Error& error) {
        if (!is_verdict(error)) {
            throw;
        }
        proof.seconds = since(start);
        proof.checks = {{what, false, proof.seconds, error.message()}};
        return proof;
    }
    const double booting = seconds_of_steps(record, "start ");
    proof.checks.push_back({what, true, booting, ""});
    start = Clock::now() -
            std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(booting));
    const Json urls = record.at("result").at("urls");
    for (const std::uint16_t port : options.ports) {
        proof.checks.push_back(
            check_port(port, urls.at(fmt::format("port{}", port)).get<std::string>(), start));
    }
    proof.seconds = since(start);
    deployment.remove();
    return proof;
}

Json to_json(const BootProof& proof) {
    Json json{
        {"image", proof.image},     {"version", proof.version}, {"disk_sha256", proof.disk_sha256},
        {"passed", proof.passed()}, {"seconds", proof.seconds}, {"checks", Json::array()}};
    for (const BootCheck& check : proof.checks) {
        Json item{{"name", check.name}, {"passed", check.passed}, {"seconds", check.seconds}};
        if (!check.text.empty()) {
            item["text"] = check.text;
        }
        json["checks"].push_back(std::move(item));
    }
    return json;
}

std::string to_junit(const BootProof& proof) {
    const auto failures = std::count_if(proof.checks.begin(), proof.checks.end(),
                                        [](const BootCheck& check) { return !check.passed; });
    const std::string name = xml_escaped(proof.image + " " + proof.version);
    std::string xml = fmt::format(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n"
        "  <testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"0\" time=\"{:.3f}\">\n",
        name, proof.checks.size(), failures, proof.seconds);
    for (const BootCheck& check : proof.checks) {
        xml += fmt::format("    <testcase classname=\"{}\" name=\"{}\" time=\"{:.3f}\"", name,
                           xml_escaped(check.name), check.seconds);
        xml += check.passed ? "/>\n"
                            : fmt::format(">\n      <failure message=\"{}\"/>\n    </testcase>\n",
                                          xml_escaped(check.text));
    }
    return xml + "  </testsuite>\n</testsuites>\n";
}

}  // namespace cli
