// SPDX-License-Identifier: Apache-2.0
// Any bytes as the tar of a root file system: an Error, or a survey whose places are inside of it
// and stay where they are.
#include <sys/mman.h>
#include <cstdint>
#include <cstdlib>

#include "base/error.h"
#include "base/fd.h"
#include "imagebuilder/compose/finishing.h"
#include "imagebuilder/compose/tar_survey.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const base::UniqueFd fd(::memfd_create("tar", MFD_CLOEXEC));
    // SAFETY: octets seen as bytes.
    base::pwrite_all(fd.get(), {reinterpret_cast<const std::byte*>(data), size}, 0, "root.tar");
    try {
        imagebuilder::TarEntries entries(fd.get(), "root.tar");
        const imagebuilder::TarSurvey survey(entries, imagebuilder::survey_files());
        for (const auto& [place, item] : survey.items()) {
            if (place.starts_with('/') || place.find("/../") != std::string::npos ||
                survey.find(place) == nullptr) {
                std::abort();
            }
        }
        imagebuilder::read_packages(survey);
        imagebuilder::find_kernel_files(survey);
    } catch (const base::Error& error) {
        if (error.kind() != base::ErrorKind::invalid_input &&
            error.kind() != base::ErrorKind::unsupported) {
            std::abort();
        }
    }
    return 0;
}
