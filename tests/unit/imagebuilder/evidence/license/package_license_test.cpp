// SPDX-License-Identifier: Apache-2.0
#include "imagebuilder/evidence/license/package_license.h"

#include "base/process.h"
#include "imagebuilder/evidence/license/copyright_file.h"
#include "imagebuilder/evidence/license/read_licenses.h"
#include "tests/support/catch.h"
#include "tests/support/memory_tree.h"
#include "tests/support/spdx_grammar.h"

using namespace imagebuilder;

namespace {

const std::string kFormat =
    "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\n"
    "Upstream-Name: x\n\n";

std::string stanza(const std::string& license) {
    return "Files: *\nCopyright: 2020 Somebody\nLicense: " + license + "\n\n";
}

std::string expression_in(const std::string& text) {
    return license_of_copyright(text).expression();
}

// A notice as it stands in files of prose; `version` goes behind "either version".
std::string gnu_notice(const std::string& license, const std::string& version,
                       const std::string& common) {
    return "This is Debian's package of x.\n\nCopyright: 2001 Somebody\n\n"
           " * This program is free software; you can redistribute it and/or modify\n"
           " * it under the terms of the GNU " +
           license +
           " as published by the Free\n"
           " * Software Foundation; " +
           version +
           "\n\n"
           "The text is in `/usr/share/common-licenses/" +
           common + "'.\n";
}

}  // namespace

TEST_CASE("a package declares the licences of all its files", "[imagebuilder][license]") {
    CHECK(expression_in(kFormat + stanza("GPL-2+")) == "GPL-2.0-or-later");
    const std::string several = kFormat + stanza("GPL-2+") + stanza("Expat") + stanza("GPL-2+") +
                                stanza("GPL-1+ or Artistic, and Expat") + "License: Expat\n text\n";
    CHECK(expression_in(several) ==
          "(Artistic-1.0-Perl OR GPL-1.0-or-later) AND GPL-2.0-or-later AND MIT");
    CHECK(license_of_copyright(several).extracted.empty());
    CHECK(expression_in(kFormat + stanza("Apache-2.0 with LLVM exception")) ==
          "Apache-2.0 WITH LLVM-exception");
    // Fields in any case; the format as it was called before; two License fields of one stanza.
    CHECK(expression_in("FORMAT-SPECIFICATION: http://dep.debian.net/deps/dep5\n\n"
                        "files: a\nlicense: ISC\nlicense: Expat\n") == "ISC AND MIT");
    // Of the header only without Files stanzas.
    CHECK(expression_in("Format: x/copyright-format/1.0\nLicense: ISC\n") == "ISC");
    CHECK(expression_in("Format: x/copyright-format/1.0\nLicense: ISC\n\n" + stanza("Expat")) ==
          "MIT");
    CHECK(expression_in("Format: x/copyright-format/1.0\nFiles: *\nLicense: ISC\n") == "ISC");
}

TEST_CASE("licences that SPDX does not list keep their text", "[imagebuilder][license]") {
    const PackageLicense license = license_of_copyright(
        kFormat + stanza("public-domain\n No rights are kept.") +
        stanza("GPL-2+ with OpenSSL exception") +
        "License: GPL-2+ with OpenSSL exception\n First line\n  indented\n .\n last\n");
    REQUIRE(license.terms.size() == 2);
    REQUIRE(license.extracted.size() == 2);
    CHECK(license.terms[0].starts_with("LicenseRef-GPL-2-with-OpenSSL-exception-"));
    CHECK(license.terms[1].starts_with("LicenseRef-public-domain-"));
    const ExtractedLicense& first = license.extracted.at(license.terms[0]);
    CHECK(first.name == "GPL-2+ with OpenSSL exception");
    CHECK(first.text == "First line\n indented\n\nlast");
    CHECK(license.extracted.at(license.terms[1]).text == "No rights are kept.");
    CHECK(tests::SpdxExpression::is_valid(license.expression()));

    // Lines of another width are the same text, other words are not.
    const auto id_of = [](const std::string& text) {
        return expression_in(kFormat + stanza("public-domain\n" + text));
    };
    CHECK(id_of(" No rights\n are kept.") == license.terms[1]);
    CHECK(id_of(" Some rights are kept.") != license.terms[1]);
    // Without a text the name stays.
    const PackageLicense bare = license_of_copyright(kFormat + stanza("custom/1"));
    REQUIRE(bare.extracted.size() == 1);
    CHECK(bare.terms[0].starts_with("LicenseRef-custom-1-"));
    CHECK(license_of_copyright(kFormat + stanza("LicenseRef-own"))
              .terms[0]
              .starts_with("LicenseRef-own-"));
    CHECK_FALSE(bare.extracted.begin()->second.text.empty());
}

TEST_CASE("prose where names belong is a licence of its own", "[imagebuilder][license]") {
    const PackageLicense license = license_of_copyright(
        kFormat + stanza("Permission to use, copy, modify, and distribute this software and its\n"
                         " documentation is granted."));
    REQUIRE(license.terms.size() == 1);
    CHECK(license.terms[0].starts_with("LicenseRef-unnamed-"));
    CHECK(license.extracted.begin()->second.text.ends_with("its\ndocumentation is granted."));
    const PackageLicense no_name = license_of_copyright(kFormat + stanza("\n You may use it."));
    CHECK(no_name.extracted.begin()->second.text == "You may use it.");
}

TEST_CASE("nothing is asserted when a file says nothing certain", "[imagebuilder][license]") {
    for (const std::string& text :
         {std::string(), std::string("It is free, they say."), std::string("License: GPL-2+\n"),
          std::string("Format: something else\n\n") + stanza("GPL-2+"), kFormat,
          kFormat + stanza("GPL-2+") + "Files: b\nCopyright: c\n", kFormat + stanza("")}) {
        INFO(text);
        CHECK(license_of_copyright(text).terms.empty());
        CHECK(license_of_copyright(text).extracted.empty());
    }
}

TEST_CASE("prose that points to one common licence gives that", "[imagebuilder][license]") {
    const std::string later =
        "either version 2 of the License, or (at your\n option) any later version.";
    CHECK(find_common_license(gnu_notice("General Public License", later, "GPL-2")) ==
          "GPL-2.0-or-later");
    CHECK(find_common_license(gnu_notice("General Public License", later, "GPL")) ==
          "GPL-2.0-or-later");
    CHECK(find_common_license(gnu_notice("General Public License", "version 2 dated June, 1991.",
                                         "GPL-2.")) == "GPL-2.0-only");
    CHECK(find_common_license(gnu_notice("Lesser General Public License",
                                         "version 2.1 of the License.", "LGPL-2.1")) ==
          "LGPL-2.1-only");
    CHECK(find_common_license("Licensed under the Apache License, Version 2.0; see\n"
                              "/usr/share/common-licenses/Apache-2.0.") == "Apache-2.0");
}

TEST_CASE("prose that says more gives nothing", "[imagebuilder][license]") {
    const std::string later = "either version 2 of the License, or any later version.";
    const std::string notice = gnu_notice("General Public License", later, "GPL-2");
    for (const std::string& text :
         {notice + "Redistribution and use in source and binary forms are permitted.",
          notice + "The tests are in the public domain.",
          notice + "As a special exception you may link it.",
          notice + "Parts: see /usr/share/common-licenses/LGPL-2.",
          notice + "The library is under the LGPL.", notice + "Some parts are version 3.",
          notice + std::string(20000, ' '), gnu_notice("General Public License", later, "GPL-3"),
          gnu_notice("General Public License", "see there.", "GPL"),
          gnu_notice("General Public License", "version 2, or what comes later.", "GPL-2"),
          gnu_notice("General Public License", later, "LGPL-2"),
          gnu_notice("General Public License", later, "../GPL-2"),
          std::string("It is under the GPL, version 2 or later.")}) {
        INFO(text.substr(0, 600));
        CHECK_FALSE(find_common_license(text));
    }
}

TEST_CASE("import-security 9: bytes of a copyright file stay printable and bounded",
          "[imagebuilder][license]") {
    const PackageLicense odd =
        license_of_copyright(kFormat + stanza("bad\x1b[2Jname\xff\n text\x1b]0;title\x07 \xfe" +
                                              std::string(200000, 'y')));
    REQUIRE(odd.extracted.size() == 1);
    const auto& [id, license] = *odd.extracted.begin();
    CHECK(tests::SpdxExpression::is_valid(id));
    CHECK(license.name.find('\x1b') == std::string::npos);
    CHECK(license.text.find('\x1b') == std::string::npos);
    CHECK(license.text.find('\xfe') == std::string::npos);
    CHECK(license.text.size() < kMostLicenseText + 100);

    std::string many = kFormat;
    for (int i = 0; i < 2000; ++i) {
        many += stanza("odd-" + std::to_string(i));
    }
    CHECK(license_of_copyright(many).terms.empty());
    std::string endless = kFormat;
    for (std::size_t i = 0; i < kMostCopyrightStanzas + 2; ++i) {
        endless += "Files: *\nLicense: ISC\n\n";
    }
    CHECK_FALSE(parse_copyright_file(endless));
}

TEST_CASE("copyright files are found behind links and packed, and never outside of the tree",
          "[imagebuilder][license]") {
    const std::string text = kFormat + stanza("ISC");
    base::Command gzip;
    gzip.argv = {"gzip", "-nc"};
    gzip.stdin_data = kFormat + stanza("Zlib");
    const std::string packed = base::run_checked(gzip).out;
    tests::MemoryTree tree;
    tree.file("/usr/share/doc/one/copyright", text);
    tree.link("/usr/share/doc/linked", "one");
    tree.link("/usr/share/doc/far", "../../../../../../usr/share/doc/one");
    tree.link("/usr/share/doc/circle/copyright", "copyright");
    tree.link("/usr/share/doc/nowhere/copyright", "/etc/none");
    tree.file("/usr/share/doc/packed/copyright.gz", packed);
    tree.file("/usr/share/doc/cut/copyright.gz", packed.substr(0, packed.size() / 2));
    tree.file("/usr/share/doc/long/copyright", text + std::string(kMostCopyrightFile, '\n'));
    tree.folder("/usr/share/doc/folder/copyright");
    const PackageLicenses found =
        read_licenses({"one 1 all", "linked 1 all", "far 1 all", "circle 1 all", "nowhere 1 all",
                       "packed 1 all", "cut 1 all", "long 1 all", "folder 1 all", "absent 1 all",
                       "../doc/one 1 all", "", "one 2 i386"},
                      tree);
    std::map<std::string, std::string> expressions;
    for (const auto& [name, license] : found) {
        expressions[name] = license.expression();
    }
    CHECK(expressions ==
          std::map<std::string, std::string>{
              {"far", "ISC"}, {"linked", "ISC"}, {"one", "ISC"}, {"packed", "Zlib"}});
}

TEST_CASE("paths of copyright files are told from others", "[imagebuilder][license]") {
    CHECK(is_copyright_path("usr/share/doc/a/copyright"));
    CHECK(is_copyright_path("usr/share/doc/a/copyright.gz"));
    for (const char* path : {"usr/share/doc/copyright", "usr/share/doc/a/b/copyright",
                             "usr/share/doc/a/copyright.xz", "usr/share/doc/a/xcopyright",
                             "/usr/share/doc/a/copyright", "usr/share/doc/a/copyright/"}) {
        INFO(path);
        CHECK_FALSE(is_copyright_path(path));
    }
}
