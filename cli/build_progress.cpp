// SPDX-License-Identifier: Apache-2.0
#include "cli/build_progress.h"

#include <fmt/format.h>

#include "base/byte_size.h"
#include "base/file.h"

namespace cli {

namespace {

void print_step(base::cli::Io& io, const imagebuilder::BuildProgress& progress) {
    io.err << fmt::format("[{:6.1f}] step {}/{} {}{}\n", progress.seconds, progress.step,
                          progress.steps, base::cli::printable(progress.text),
                          progress.cached ? " (cached)" : "")
           << std::flush;
}

base::Json step_event(std::string_view type, const imagebuilder::BuildProgress& progress) {
    return {{"type", type},          {"step", progress.step},     {"steps", progress.steps},
            {"name", progress.text}, {"cached", progress.cached}, {"seconds", progress.seconds}};
}

}  // namespace

BuildProgressStyle find_progress_style(std::string_view name, const base::cli::Io& io) {
    if (name == "json") {
        return BuildProgressStyle::json;
    }
    if (name == "auto" && (io.quiet || io.json)) {
        return BuildProgressStyle::none;
    }
    return BuildProgressStyle::plain;
}

void BuildReporter::print(const base::Json& event) {
    io_.err << base::to_json_text(event) << "\n" << std::flush;
}

void BuildReporter::add_output(std::string_view piece) {
    if (style_ != BuildProgressStyle::json) {
        io_.err << piece << std::flush;
        return;
    }
    for (const char c : piece) {
        if (c == '\n') {
            print({{"type", "output"}, {"text", line_}});
            line_.clear();
        } else {
            line_ += c;
        }
    }
}

void BuildReporter::flush_output() {
    if (!line_.empty()) {
        add_output("\n");
    }
}

void BuildReporter::attach(imagebuilder::BuildOptions& options, bool with_output) {
    if (with_output) {
        options.on_output = [this](std::string_view piece) { add_output(piece); };
    }
    if (style_ == BuildProgressStyle::plain) {
        options.on_progress = [this](const imagebuilder::BuildProgress& progress) {
            print_step(io_, progress);
        };
    }
    if (style_ == BuildProgressStyle::json) {
        options.on_progress = [this](const imagebuilder::BuildProgress& progress) {
            print(step_event("step_begin", progress));
        };
        options.on_step_end = [this](const imagebuilder::BuildProgress& progress) {
            flush_output();
            print(step_event("step_end", progress));
        };
    }
}

void BuildReporter::finish(const imagebuilder::BuiltImage& image) {
    if (style_ == BuildProgressStyle::json) {
        print({{"type", "build_end"},
               {"name", image.name},
               {"from_cache", image.from_cache},
               {"seconds", image.seconds},
               {"disk", image.disk.string()}});
    } else if (style_ == BuildProgressStyle::plain) {
        io_.err << fmt::format("{} {} in {:.1f} s, {} for a disk of {}\n", image.name,
                               image.from_cache ? "from the cache" : "built", image.seconds,
                               base::format_byte_size(base::file_size(image.disk)),
                               base::format_byte_size(image.capacity_bytes));
    }
}

}  // namespace cli
