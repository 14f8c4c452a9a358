// SPDX-License-Identifier: Apache-2.0
#include "cli/cmd_unpack.h"

#include <memory>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "base/byte_size.h"
#include "base/progress.h"
#include "cli/table.h"
#include "ovfkit/edit/unpack_package.h"

namespace cli {

void add_unpack(CLI::App& app, Chosen& chosen) {
    auto options = std::make_shared<UnpackVerbOptions>();
    CLI::App* verb = app.add_subcommand("unpack", "put the files of a package into a folder");
    verb->add_option("FILE", options->location,
                     "a package: a file, a folder, - for standard input, or a URL")
        ->required();
    verb->add_option("-o,--output", options->folder, "the folder, which must not exist yet")
        ->required();
    verb->add_option("--only", options->only,
                     "only these files, by name, also with * and ?; may be repeated")
        ->type_name("NAME");
    verb->add_option("--disk-format", options->disk_format,
                     "keep, raw or qcow2: what disks become; the descriptor follows")
        ->check(CLI::IsMember({"keep", "raw", "qcow2"}))
        ->capture_default_str();
    add_trust_options(*verb, options->trust);
    verb->add_flag("--lax", options->lax, "let flaws of form in the manifest pass");
    verb->footer(
        "Everything is checked against the manifest and the signature in the same pass; the "
        "folder\n"
        "appears only when all of it holds, also with --only.\n\n"
        "EXIT STATUS\n"
        "  0 unpacked, 3 no such file, 4 damaged, forged or hostile, 5 a disk of a kind that "
        "cannot\n"
        "  be converted, 7 the folder exists already\n\n"
        "EXAMPLE\n"
        "  muster unpack shop.ova -o shop --disk-format qcow2");
    verb->callback([options, &chosen] {
        chosen.run = [options](base::cli::Io& io) { return run_unpack(*options, io); };
    });
}

int run_unpack(const UnpackVerbOptions& options, base::cli::Io& io) {
    ovfkit::edit::UnpackOptions unpack;
    unpack.input = options.location;
    unpack.folder = options.folder;
    unpack.only = options.only;
    unpack.disk_format = ovfkit::find_disk_format(options.disk_format);
    unpack.policy.lax = options.lax;
    unpack.policy.any_algorithm = true;  // a stream has no second chance
    take_trust(options.trust, unpack.policy);
    const ovfkit::edit::UnpackResult result = [&] {
        base::ProgressBar bar("unpacking", 0, io.err_is_terminal && !io.quiet && !io.json);
        unpack.on_progress = [&](std::uint64_t done, std::uint64_t total) { bar.set(done, total); };
        return ovfkit::edit::unpack_package(unpack);
    }();
    if (io.json) {
        base::Json files = base::Json::array();
        for (const auto& file : result.files) {
            files.push_back({{"name", file.name}, {"bytes", file.bytes}});
        }
        io.out << base::to_json_text(base::Json{{"folder", options.folder},
                                                {"files", files},
                                                {"manifest", result.manifest},
                                                {"checked", to_json(result.source)}},
                                     2)
               << "\n";
        return 0;
    }
    Table table({"FILE", "SIZE"});
    for (const auto& file : result.files) {
        table.add_row({file.name, base::format_byte_size(file.bytes)});
    }
    table.print(io.out);
    if (!io.quiet) {
        io.err << fmt::format("manifest: {}\n", result.manifest);
        if (const std::string text = unchecked_sentence(result.source); !text.empty()) {
            io.err << fmt::format("note: {}\n", base::cli::printable_line(text));
        }
    }
    return 0;
}

}  // namespace cli
