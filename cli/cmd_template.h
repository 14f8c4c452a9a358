// SPDX-License-Identifier: Apache-2.0
// `muster template save|ls|rm`: golden images made of machines, by name.
#pragma once

#include <string>
#include <vector>

#include "cli/template_save.h"
#include "cli/verb.h"

namespace cli {

void add_template(CLI::App& app, Chosen& chosen);
int run_template_save(const TemplateSaveOptions& options, base::cli::Io& io);
int run_template_ls(base::cli::Io& io);
int run_template_rm(const std::vector<std::string>& names, base::cli::Io& io);

}  // namespace cli
