// SPDX-License-Identifier: Apache-2.0
#include "imagebuilder/evidence/license/license_id.h"

#include <algorithm>
#include <array>
#include <functional>
#include <map>
#include <span>

#include "base/letter_case.h"

namespace imagebuilder {

namespace {

struct KnownName {
    std::string_view name;  // as comparable() gives it
    std::string_view id;
};

// Ids whose Debian name is the same but for letter case; blanks between them.
constexpr std::string_view kSameNames =
    "0BSD AFL-1.1 AFL-1.2 AFL-2.0 AFL-2.1 AFL-3.0 Apache-1.0 Apache-1.1 Apache-2.0 APSL-2.0 "
    "Artistic-1.0 Artistic-1.0-Perl Artistic-2.0 Artistic-dist Beerware Bitstream-Vera "
    "blessing BSD-1-Clause BSD-2-Clause BSD-2-Clause-Patent BSD-2-Clause-Views BSD-3-Clause "
    "BSD-3-Clause-Attribution BSD-3-Clause-Clear BSD-3-Clause-LBNL BSD-4-Clause "
    "BSD-4-Clause-UC BSD-Source-Code BSL-1.0 bzip2-1.0.6 CC-BY-2.0 CC-BY-2.5 CC-BY-3.0 "
    "CC-BY-3.0-US CC-BY-4.0 CC-BY-SA-2.0 CC-BY-SA-2.5 CC-BY-SA-3.0 CC-BY-SA-4.0 CC-PDDC "
    "CC0-1.0 CDDL-1.0 CDDL-1.1 CECILL-1.0 CECILL-2.0 CECILL-2.1 CECILL-B CECILL-C CNRI-Python "
    "CPL-1.0 curl ECL-2.0 EFL-1.0 EFL-2.0 EPL-1.0 EPL-2.0 EUPL-1.1 EUPL-1.2 FSFAP FSFUL "
    "FSFULLR FSFULLRWD FTL GD HPND HPND-sell-variant ICU IJG Info-ZIP IPA IPL-1.0 ISC Jam "
    "JasPer-2.0 Kazlib Knuth-CTAN Latex2e Libpng libpng-2.0 libtiff libutil-David-Nugent "
    "Linux-man-pages-copyleft Linux-OpenIB LPPL-1.0 LPPL-1.2 LPPL-1.3a LPPL-1.3c MIT MIT-0 "
    "MIT-CMU MIT-open-group MPL-1.0 MPL-1.1 MPL-2.0 MS-PL MS-RL NCSA Net-SNMP NTP OFL-1.0 "
    "OFL-1.1 OLDAP-2.8 OpenSSL OPL-1.0 OPUBL-1.0 OSL-1.0 OSL-2.0 OSL-2.1 OSL-3.0 PHP-3.0 "
    "PHP-3.01 PostgreSQL PSF-2.0 Python-2.0 Python-2.0.1 QPL-1.0 RSA-MD Ruby SGI-B-2.0 SISSL "
    "Sleepycat SMLNJ Spencer-86 Spencer-94 Spencer-99 SSH-OpenSSH SSLeay-standalone SunPro "
    "SWL TCL TCP-wrappers Unicode-3.0 Unicode-DFS-2015 Unicode-DFS-2016 Unlicense UPL-1.0 Vim "
    "W3C WTFPL X11 Xnet Zend-2.0 Zlib ZPL-1.1 ZPL-2.0 ZPL-2.1";

// Names of the copyright format (1.0, "License short name") and what packages write beside them.
// "Artistic" is the text in /usr/share/common-licenses, which SPDX calls Perl's.
constexpr std::array kOtherNames{
    KnownName{"apache-2", "Apache-2.0"},
    KnownName{"apache-license-2.0", "Apache-2.0"},
    KnownName{"artistic", "Artistic-1.0-Perl"},
    KnownName{"artistic-2", "Artistic-2.0"},
    KnownName{"boost-1.0", "BSL-1.0"},
    KnownName{"bsd-2", "BSD-2-Clause"},
    KnownName{"bsd-2-clause-netbsd", "BSD-2-Clause"},
    KnownName{"bsd-3", "BSD-3-Clause"},
    KnownName{"bsd-4", "BSD-4-Clause"},
    KnownName{"bsd2", "BSD-2-Clause"},
    KnownName{"bsd3", "BSD-3-Clause"},
    KnownName{"bsl-1", "BSL-1.0"},
    KnownName{"cc-by-3", "CC-BY-3.0"},
    KnownName{"cc-by-sa-3", "CC-BY-SA-3.0"},
    KnownName{"cc-by-sa-4", "CC-BY-SA-4.0"},
    KnownName{"cc0", "CC0-1.0"},
    KnownName{"cddl-1", "CDDL-1.0"},
    KnownName{"eiffel-2.0", "EFL-2.0"},
    KnownName{"expat", "MIT"},
    KnownName{"freebsd", "BSD-2-Clause"},
    KnownName{"mpl-2", "MPL-2.0"},
    KnownName{"openldap-2.8", "OLDAP-2.8"},
    KnownName{"php-3", "PHP-3.0"},
    KnownName{"psf-2", "PSF-2.0"},
    KnownName{"python", "Python-2.0"},
    KnownName{"python-2", "Python-2.0"},
    KnownName{"qpl", "QPL-1.0"},
    KnownName{"rsa-md5", "RSA-MD"},
    KnownName{"sil-1.1", "OFL-1.1"},
    KnownName{"sil-ofl-1.1", "OFL-1.1"},
    KnownName{"w3c-software", "W3C"},
    KnownName{"wtfpl-2", "WTFPL"},
};

// The same exception whatever its licence. "Autoconf exception" is none: SPDX has five.
constexpr std::array kExceptions{
    KnownName{"bison", "Bison-exception-2.2"},
    KnownName{"bison-2.2", "Bison-exception-2.2"},
    KnownName{"classpath", "Classpath-exception-2.0"},
    KnownName{"classpath-2.0", "Classpath-exception-2.0"},
    KnownName{"font", "Font-exception-2.0"},
    KnownName{"gcc-runtime-3.1", "GCC-exception-3.1"},
    KnownName{"gcc-runtime-library-3.1", "GCC-exception-3.1"},
    KnownName{"libtool", "Libtool-exception"},
    KnownName{"linux-syscall-note", "Linux-syscall-note"},
    KnownName{"llvm", "LLVM-exception"},
    KnownName{"ocaml-lgpl-linking", "OCaml-LGPL-linking-exception"},
    KnownName{"texinfo", "Texinfo-exception"},
};

// Exceptions by their own ids, likewise.
constexpr std::string_view kExceptionIds =
    "389-exception Autoconf-exception-2.0 Autoconf-exception-3.0 Autoconf-exception-generic "
    "Autoconf-exception-generic-3.0 Autoconf-exception-macro Bison-exception-1.24 "
    "Bison-exception-2.2 Bootloader-exception Classpath-exception-2.0 eCos-exception-2.0 "
    "FLTK-exception Font-exception-2.0 GCC-exception-2.0 GCC-exception-3.1 GPL-CC-1.0 "
    "LGPL-3.0-linking-exception Libtool-exception Linux-syscall-note LLVM-exception "
    "OCaml-LGPL-linking-exception openvpn-openssl-exception PCRE2-exception "
    "Qt-GPL-exception-1.0 Qt-LGPL-exception-1.1 stunnel-exception Swift-exception "
    "Texinfo-exception u-boot-exception-2.0 Universal-FOSS-exception-1.0 "
    "WxWindows-exception-3.1";

// The GNU licences have versions, and "+" or "-or-later" for later ones.
struct Family {
    std::string_view prefix;  // as comparable() gives it
    std::string_view id;
    std::string_view versions;  // all of them, a blank around each
    std::string_view suffix = "";
};
constexpr std::array kFamilies{
    Family{"agpl", "AGPL", " 3.0 "},
    Family{"gfdl-niv", "GFDL", " 1.1 1.2 1.3 ", "-no-invariants"},
    Family{"gfdl", "GFDL", " 1.1 1.2 1.3 "},
    Family{"lgpl", "LGPL", " 2.0 2.1 3.0 "},
    Family{"gpl", "GPL", " 1.0 2.0 3.0 "},
};

// In lower case, with a hyphen for blanks and underscores, without parentheses.
std::string comparable(std::string_view name) {
    std::string result;
    for (const char c : base::to_lower(name)) {
        if (c == ' ' || c == '_' || c == '\t' || c == '\n') {
            result += result.ends_with('-') ? "" : "-";
        } else if (c != '(' && c != ')') {
            result += c;
        }
    }
    return result;
}

bool take_suffix(std::string_view& text, std::string_view suffix) {
    if (!text.ends_with(suffix)) {
        return false;
    }
    text.remove_suffix(suffix.size());
    return true;
}

// "-2+", "-2.0", "v2+", "-2.1-or-later", "3" of a name in a family.
std::optional<std::string> in_family(const Family& family, std::string_view rest) {
    const bool later =
        take_suffix(rest, "+") || take_suffix(rest, "-or-later") || take_suffix(rest, "-or-newer");
    if (!later) {
        take_suffix(rest, "-only");
    }
    if (rest.empty()) {
        // Without a version any will do, says the licence itself: that is the first and later.
        const bool any = family.id == "GPL" || family.id == "LGPL";
        return any ? std::optional(family.id == "GPL" ? "GPL-1.0-or-later" : "LGPL-2.0-or-later")
                   : std::nullopt;
    }
    if (rest.starts_with("-v") || rest.starts_with('-') || rest.starts_with('v')) {
        rest.remove_prefix(rest.starts_with("-v") ? 2 : 1);
    }
    std::string version(rest);
    if (version.find('.') == std::string::npos) {
        version += ".0";
    }
    if (version.find(' ') != std::string::npos ||
        family.versions.find(" " + version + " ") == std::string_view::npos) {
        return std::nullopt;
    }
    std::string id(family.id);
    return id.append("-")
        .append(version)
        .append(family.suffix)
        .append(later ? "-or-later" : "-only");
}

using IdsByName = std::map<std::string, std::string_view, std::less<>>;

std::optional<std::string> find_in(const IdsByName& names, std::string_view wanted) {
    const auto found = names.find(wanted);
    return found == names.end() ? std::nullopt : std::optional(std::string(found->second));
}

// Both lists by comparable name.
IdsByName all_names(std::string_view ids, std::span<const KnownName> others) {
    IdsByName names;
    while (!ids.empty()) {
        const std::string_view id = ids.substr(0, ids.find(' '));
        names.emplace(base::to_lower(id), id);
        ids.remove_prefix(std::min(id.size() + 1, ids.size()));
    }
    for (const KnownName& other : others) {
        names.emplace(other.name, other.id);
    }
    return names;
}

}  // namespace

std::optional<std::string> find_spdx_license(std::string_view name) {
    const std::string wanted = comparable(name);
    for (const Family& family : kFamilies) {
        if (wanted.starts_with(family.prefix)) {
            return in_family(family, std::string_view(wanted).substr(family.prefix.size()));
        }
    }
    static const IdsByName kNames = all_names(kSameNames, kOtherNames);
    return find_in(kNames, wanted);
}

std::optional<std::string> find_spdx_exception(std::string_view name) {
    static const IdsByName kNames = all_names(kExceptionIds, kExceptions);
    const std::string wanted = comparable(name);
    if (auto id = find_in(kNames, wanted)) {
        return id;
    }
    std::string_view bare = wanted;
    return take_suffix(bare, "-exception") || take_suffix(bare, "-exceptions")
               ? find_in(kNames, bare)
               : std::nullopt;
}

}  // namespace imagebuilder
