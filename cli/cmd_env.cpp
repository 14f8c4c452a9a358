// SPDX-License-Identifier: Apache-2.0
#include "cli/cmd_env.h"

#include <array>
#include <memory>
#include <span>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <CLI/CLI.hpp>

#include "base/error.h"
#include "base/file.h"
#include "base/random.h"
#include "base/stream.h"
#include "cli/table.h"
#include "deployer/jobs/specs.h"
#include "hvruntime/guest/agent/config/environment_cd.h"
#include "hvruntime/machine/config_iso.h"
#include "ovfkit/descriptor/read_envelope.h"
#include "ovfkit/edit/package_surroundings.h"
#include "ovfkit/env/ovf_env.h"
#include "ovfkit/env/secret_key.h"

namespace cli {

namespace {

using base::Error;
using base::ErrorKind;
using base::cli::printable_line;

constexpr std::uint64_t kMaxEnvironment = 16U << 20U;
constexpr const char* kIsoName = "ovf-env.xml";

constexpr const char* kMakeFooter =
    R"(The values are those that muster up would give: defaults of the configuration, what --set says,
generated passwords, addresses of the other machines, which follow as Entity elements.

EXIT STATUS
  0 made, 2 a value is missing or not to be set, 3 no such file or machine, 4 not a good package

EXAMPLE
  muster env make --ova shop.ova --system web --set web.title=Hello --iso web-env.iso)";

constexpr const char* kShowFooter = R"(EXIT STATUS
  0 shown, 3 no such file, 4 neither an environment document nor a CD image with one

EXAMPLE
  muster env show web-env.iso)";

deployer::DeployRequest request_of(const EnvOptions& options) {
    deployer::DeployRequest request{.configuration = options.configuration};
    for (const std::string& setting : options.settings) {
        const std::size_t equals = setting.find('=');
        if (equals == std::string::npos || equals == 0) {
            throw Error(ErrorKind::usage, fmt::format("'{}' is not KEY=VALUE", setting));
        }
        request.settings[setting.substr(0, equals)] = setting.substr(equals + 1);
    }
    return request;
}

const deployer::PlannedMachine& chosen_machine(const deployer::DeploymentPlan& plan,
                                               const std::string& wanted) {
    std::vector<std::string> names;
    for (const deployer::PlannedMachine& machine : plan.machines) {
        if (machine.name == wanted || machine.system == wanted) {
            return machine;
        }
        names.push_back(machine.name);
    }
    if (wanted.empty() && plan.machines.size() == 1) {
        return plan.machines.front();
    }
    if (wanted.empty()) {
        throw Error(ErrorKind::usage, "the package has several machines, and none was chosen",
                    fmt::format("name one: --system {}", fmt::join(names, ", --system ")));
    }
    throw Error(ErrorKind::not_found, fmt::format("the package has no machine '{}'", wanted),
                fmt::format("it has: {}", fmt::join(names, ", ")));
}

std::string environment_text(const EnvOptions& options) {
    const auto [name, text] = ovfkit::edit::read_descriptor_of(options.package, {});
    const ovfkit::Envelope envelope = ovfkit::read_envelope(text, name);
    deployer::Deployment deployment;
    deployment.plan =
        deployer::plan_deployment(envelope, request_of(options), base::random_password);
    deployment.name = deployment.plan.name;
    deployment.instance = options.instance.empty() ? base::random_hex(8) : options.instance;
    return ovfkit::write_ovf_env(
        deployer::environment_of(deployment, chosen_machine(deployment.plan, options.machine)));
}

int run_make(const EnvOptions& options, base::cli::Io& io) {
    const std::string text = environment_text(options);
    if (!options.iso.empty()) {
        hvruntime::write_config_iso(options.iso,
                                    {.files = {{.name = kIsoName, .content = text, .mode = 0400}}});
    }
    if (!options.output.empty() && options.output != "-") {
        base::write_file(options.output, text, 0600);  // passwords are in it
    }
    const bool to_file = !options.iso.empty() || (!options.output.empty() && options.output != "-");
    if (io.json) {
        io.out << base::to_json_text(base::Json{{"file", options.output}, {"iso", options.iso}}, 2)
               << "\n";
    } else if (!to_file) {
        io.out << text;
    }
    return 0;
}

// A document, or a CD image with one.
std::string read_environment(const std::string& file) {
    if (file != "-") {
        constexpr std::uint64_t kMark = 32769;  // ECMA-119 8.1.2
        const base::UniqueFd fd = base::open_regular(file);
        std::array<char, 5> mark{};
        const auto bytes = std::as_writable_bytes(std::span(mark));
        if (base::pread_some(fd.get(), bytes, kMark, file) == mark.size() &&
            std::string_view(mark.data(), mark.size()) == "CD001") {
            const auto disc = hvruntime::agent::read_environment_image(file);
            if (!disc.ovf_env) {
                throw Error(ErrorKind::invalid_input,
                            fmt::format("'{}' is a CD image without {}", file, kIsoName));
            }
            return *disc.ovf_env;
        }
        return base::read_file(file, kMaxEnvironment);
    }
    const auto source = base::open_source(file);
    std::string text;
    std::string chunk(65536, '\0');
    while (const std::size_t got = source->read(std::as_writable_bytes(std::span(chunk)))) {
        text.append(chunk, 0, got);
        if (text.size() > kMaxEnvironment) {
            throw Error(ErrorKind::invalid_input, "standard input is too large for an environment");
        }
    }
    return text;
}

std::string shown(const ovfkit::EnvProperty& property, bool secrets) {
    return !secrets && ovfkit::is_secret_key(property.key) ? "***" : property.value;
}

base::Json properties_json(const std::vector<ovfkit::EnvProperty>& properties, bool secrets) {
    base::Json list = base::Json::array();
    for (const ovfkit::EnvProperty& property : properties) {
        base::Json one{{"key", property.key}};
        if (secrets || !ovfkit::is_secret_key(property.key)) {
            one["value"] = property.value;
        } else {
            one["value"] = nullptr;
        }
        list.push_back(std::move(one));
    }
    return list;
}

base::Json to_json(const ovfkit::OvfEnvironment& environment, bool secrets) {
    base::Json json{{"id", environment.id},
                    {"platform",
                     {{"kind", environment.platform.kind},
                      {"version", environment.platform.version},
                      {"vendor", environment.platform.vendor},
                      {"locale", environment.platform.locale}}},
                    {"properties", properties_json(environment.properties, secrets)},
                    {"siblings", base::Json::array()}};
    for (const ovfkit::EnvEntity& sibling : environment.siblings) {
        json["siblings"].push_back(
            {{"id", sibling.id}, {"properties", properties_json(sibling.properties, secrets)}});
    }
    return json;
}

void print_properties(const std::vector<ovfkit::EnvProperty>& properties, bool secrets,
                      std::ostream& out) {
    Table table({"KEY", "VALUE"});
    for (const ovfkit::EnvProperty& property : properties) {
        table.add_row({property.key, shown(property, secrets)});
    }
    if (!table.empty()) {
        table.print(out);
    }
}

int run_show(const EnvOptions& options, base::cli::Io& io) {
    const std::string text = read_environment(options.file);
    const ovfkit::OvfEnvironment environment =
        ovfkit::read_ovf_env(text, options.file == "-" ? "standard input" : options.file);
    if (io.json) {
        io.out << base::to_json_text(to_json(environment, options.secrets), 2) << "\n";
        return 0;
    }
    const ovfkit::EnvPlatform& platform = environment.platform;
    io.out << fmt::format("machine   {}\n", printable_line(environment.id));
    io.out << fmt::format("platform  {}\n\n", printable_line(fmt::format(
                                                  "{} {}, {}, {}", platform.kind, platform.version,
                                                  platform.vendor, platform.locale)));
    print_properties(environment.properties, options.secrets, io.out);
    for (const ovfkit::EnvEntity& sibling : environment.siblings) {
        io.out << fmt::format("\nbeside it: {}\n", printable_line(sibling.id));
        print_properties(sibling.properties, options.secrets, io.out);
    }
    return 0;
}

void add_make(CLI::App& env, const std::shared_ptr<EnvOptions>& options, Chosen& chosen) {
    CLI::App* make = env.add_subcommand("make", "make the environment of a machine of a package");
    make->add_option("--ova", options->package, "the package: a file, a folder, or a URL")
        ->required()
        ->type_name("FILE");
    make->add_option("--system", options->machine, "the machine, when there are several")
        ->type_name("ID");
    make->add_option("--set", options->settings, "value of a property; may be repeated")
        ->type_name("[MACHINE.]KEY=VALUE")
        ->expected(1)
        ->take_all();
    make->add_option("--configuration", options->configuration,
                     "deployment configuration; default: the package's");
    make->add_option("--instance", options->instance,
                     "tells this deployment from others in instance-id; default: at random");
    make->add_option("-o,--output", options->output, "the document; default: standard output");
    make->add_option("--iso", options->iso, "a CD image with it, labelled OVF ENV")
        ->type_name("FILE");
    make->footer(kMakeFooter);
    make->callback([options, &chosen] {
        options->make = true;
        chosen.run = [options](base::cli::Io& io) { return run_env(*options, io); };
    });
}

}  // namespace

void add_env(CLI::App& app, Chosen& chosen) {
    auto options = std::make_shared<EnvOptions>();
    CLI::App* verb = app.add_subcommand("env", "the OVF environment of a machine: make or show");
    verb->require_subcommand(1);
    add_make(*verb, options, chosen);
    CLI::App* show = verb->add_subcommand("show", "show an environment, from XML or a CD image");
    show->add_option("FILE", options->file, "the document or CD image; - for standard input")
        ->required();
    show->add_flag("--secrets", options->secrets, "show passwords and user data too");
    show->footer(kShowFooter);
    show->callback([options, &chosen] {
        chosen.run = [options](base::cli::Io& io) { return run_env(*options, io); };
    });
    verb->footer("EXIT STATUS\n  as the verbs below it\n\nEXAMPLE\n  muster env show ovf-env.xml");
}

int run_env(const EnvOptions& options, base::cli::Io& io) {
    return options.make ? run_make(options, io) : run_show(options, io);
}

}  // namespace cli
