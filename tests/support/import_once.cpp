// SPDX-License-Identifier: Apache-2.0
// import_once PACKAGE DATA_DIR: the import of a deployment alone, into the image store below
// DATA_DIR, for tests that make the disk fail. Ends as the verbs of muster do.
#include <iostream>

#include "base/cli/io.h"
#include "base/random.h"
#include "deployer/import/import.h"

namespace {

int import(const std::string& package, const std::string& data_dir) {
    hvruntime::ImageStore store(data_dir);
    const auto source = base::open_source(package);
    deployer::ImportHooks hooks;
    hooks.on_envelope = [](const ovfkit::Envelope& envelope) {
        return deployer::plan_deployment(envelope, {}, base::random_password);
    };
    hooks.on_published = [](const std::string&, const std::string&) {};
    deployer::import_package(*source, {}, store, hooks);
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    base::cli::Io io{.out = std::cout, .err = std::cerr};
    return base::cli::run_main(io, [&] {
        if (argc != 3) {
            throw base::Error(base::ErrorKind::usage, "import_once PACKAGE DATA_DIR");
        }
        return import(argv[1], argv[2]);
    });
}
