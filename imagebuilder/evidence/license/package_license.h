// SPDX-License-Identifier: Apache-2.0
// What an installed package's copyright file declares, in the terms of bills of materials. Names
// are believed, texts are not compared with the licences': nothing is concluded. Pure functions of
// their arguments: equal files give equal values, whatever the package is called.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace imagebuilder {

// A licence that is not on SPDX's list.
struct ExtractedLicense {
    std::string name;  // as the package calls it, one printable line
    std::string text;  // printable; what is known of it, never empty
};

struct PackageLicense {
    // All of them hold: SPDX terms as of license_terms(). Empty: nothing is asserted.
    std::vector<std::string> terms;
    // By id, "LicenseRef-" with the name and a digest of name and text: equal ids, equal texts.
    std::map<std::string, ExtractedLicense> extracted;

    std::string expression() const;  // empty: nothing is asserted
};

// Texts of licences that are longer are cut there, with a remark.
inline constexpr std::size_t kMostLicenseText = 32768;
// Of one package; more of them, and nothing is asserted.
inline constexpr std::size_t kMostLicenseTerms = 1000;

PackageLicense license_of_copyright(std::string_view copyright_text);

}  // namespace imagebuilder
