// SPDX-License-Identifier: Apache-2.0
#include "cli/cmd_template.h"

#include <memory>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "base/byte_size.h"
#include "base/json.h"
#include "cli/table.h"

namespace cli {

namespace {

base::Json saved_json(const imagebuilder::SavedImage& image) {
    return {{"name", image.name},
            {"image", std::string(imagebuilder::kTemplatePrefix) + image.name},
            {"origin", image.origin},
            {"saved_at", image.saved_at},
            {"capacity_bytes", image.capacity_bytes},
            {"bytes", image.bytes},
            {"disk", image.disk.string()}};
}

void add_template_save(CLI::App& verb, Chosen& chosen) {
    auto options = std::make_shared<TemplateSaveOptions>();
    CLI::App* save = verb.add_subcommand("save", "make a template of a machine");
    save->add_option("DEPLOYMENT", options->deployment, "see 'muster ps'")->required();
    save->add_option("MACHINE", options->machine, "a machine of it")->required();
    save->add_option("NAME", options->name, "of the template")->required();
    save->add_flag("--force", options->force, "replace a template of that name");
    CLI::Option* live =
        save->add_flag("--live", options->live, "copy the machine's disks while it goes on");
    save->add_flag("!--no-freeze", options->freeze,
                   "of --live: do not have its guest agent freeze its file systems for the moment "
                   "in which the copy begins")
        ->needs(live);
    save->footer(
        "A deployment that runs is stopped while what the machine has written is copied, and\n"
        "started again; with --live it goes on. Its file systems are frozen then by muster-guest\n"
        "for the moment in which the copy begins (--no-freeze: as if the power had failed).\n"
        "The machine's disks are only read. The template is one new disk with the\n"
        "files of all of them, without free blocks, machine id, ssh host keys, seeds, leases and\n"
        "logs; its own kernel boots. Passwords and data stay in it.\n\n"
        "EXIT STATUS\n"
        "  0 saved; 2 not a name; 3 no such machine, or not on this host; 4 an identity is left "
        "that\n"
        "  nothing makes anew; 5 a machine that cannot be saved (another file system than ext, no\n"
        "  kernel; --live: no guest agent that can freeze); 7 the name is taken, or another job\n"
        "  works on it; 8, 9 --live: it could not be frozen, or QEMU did not copy it\n\n"
        "EXAMPLE\n"
        "  muster template save shop web golden-web\n"
        "  echo 'machines: { web: { image: \"template:golden-web\" } }'   # in an assembly");
    save->callback([options, &chosen] {
        chosen.run = [options](base::cli::Io& io) { return run_template_save(*options, io); };
    });
}

}  // namespace

int run_template_save(const TemplateSaveOptions& options, base::cli::Io& io) {
    const imagebuilder::SavedImage image = save_template(options, io);
    if (io.json) {
        io.out << base::to_json_text(saved_json(image), 2) << "\n";
    } else {
        io.out << fmt::format("{}{}: {} of {}, {}\n", imagebuilder::kTemplatePrefix, image.name,
                              base::format_byte_size(image.bytes),
                              base::format_byte_size(image.capacity_bytes), image.origin);
    }
    return 0;
}

int run_template_ls(base::cli::Io& io) {
    base::Json list = base::Json::array();
    Table table({"TEMPLATE", "SAVED", "SIZE", "DISK", "OF"});
    for (const imagebuilder::SavedImage& image : imagebuilder::list_saved_images()) {
        list.push_back(saved_json(image));
        table.add_row({image.name, image.saved_at, base::format_byte_size(image.bytes),
                       base::format_byte_size(image.capacity_bytes), image.origin});
    }
    if (io.json) {
        io.out << base::to_json_text(list, 2) << "\n";
    } else {
        table.print(io.out);
    }
    return 0;
}

int run_template_rm(const std::vector<std::string>& names, base::cli::Io& io) {
    for (const std::string& name : names) {
        imagebuilder::require_saved_image(name);  // all or none
    }
    for (const std::string& name : names) {
        imagebuilder::remove_saved_image(name);
        if (!io.quiet && !io.json) {
            io.out << name << " is removed\n";
        }
    }
    return 0;
}

void add_template(CLI::App& app, Chosen& chosen) {
    CLI::App* verb = app.add_subcommand("template", "golden images made of machines");
    verb->require_subcommand(1);
    add_template_save(*verb, chosen);
    CLI::App* ls = verb->add_subcommand("ls", "list templates");
    ls->footer("EXIT STATUS: 0 listed.\n\nEXAMPLE: muster template ls");
    ls->callback([&chosen] { chosen.run = [](base::cli::Io& io) { return run_template_ls(io); }; });
    auto names = std::make_shared<std::vector<std::string>>();
    CLI::App* rm = verb->add_subcommand("rm", "remove templates");
    rm->add_option("NAME", *names, "see 'muster template ls'")->required();
    rm->footer(
        "Packages and deployments that were made of it stay.\n\n"
        "EXIT STATUS: 0 removed; 3 there is none of that name.\n\nEXAMPLE: muster template rm "
        "golden");
    rm->callback([names, &chosen] {
        chosen.run = [names](base::cli::Io& io) { return run_template_rm(*names, io); };
    });
}

}  // namespace cli
