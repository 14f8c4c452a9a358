// SPDX-License-Identifier: Apache-2.0
// How `muster build` shows that it goes on: lines for people, or one JSON object a line, both on
// standard error.
#pragma once

#include <string>
#include <string_view>

#include "base/cli/io.h"
#include "imagebuilder/build.h"

namespace cli {

enum class BuildProgressStyle { none, plain, json };

// "auto", "plain" or "json"; auto is plain, but nothing with --quiet or --json.
BuildProgressStyle find_progress_style(std::string_view name, const base::cli::Io& io);

// Sets the callbacks of a build; the reporter outlives it.
class BuildReporter {
  public:
    BuildReporter(BuildProgressStyle style, base::cli::Io& io) : style_(style), io_(io) {}
    // with_output: what the steps print, too.
    void attach(imagebuilder::BuildOptions& options, bool with_output);
    void finish(const imagebuilder::BuiltImage& image);

  private:
    void add_output(std::string_view piece);
    void flush_output();
    void print(const base::Json& event);

    BuildProgressStyle style_;
    base::cli::Io& io_;
    std::string line_;  // not yet whole, in JSON
};

}  // namespace cli
