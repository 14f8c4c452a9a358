// SPDX-License-Identifier: Apache-2.0
#include "imagebuilder/evidence/license/license_expression.h"

#include "imagebuilder/evidence/license/license_id.h"
#include "tests/support/catch.h"
#include "tests/support/spdx_grammar.h"

using namespace imagebuilder;

namespace {

// As an expression in which unknown names stand in brackets; "-" for prose.
std::string expression_of(std::string_view names) {
    const auto tree = parse_license_names(names);
    return tree ? join_license_terms(license_terms(*tree,
                                                   [](const std::string& name) {
                                                       return find_spdx_license(name).value_or(
                                                           "[" + name + "]");
                                                   }))
                : "-";
}

std::string id_of(std::string_view name) {
    return find_spdx_license(name).value_or("");
}

}  // namespace

TEST_CASE("Debian's names of licences become SPDX ids", "[imagebuilder][license]") {
    CHECK(id_of("GPL-2+") == "GPL-2.0-or-later");
    CHECK(id_of("GPL-2") == "GPL-2.0-only");
    CHECK(id_of("GPL-3.0+") == "GPL-3.0-or-later");
    CHECK(id_of("GPLv3+") == "GPL-3.0-or-later");
    CHECK(id_of("gpl-2.0-or-later") == "GPL-2.0-or-later");
    CHECK(id_of("GPL-3.0-only") == "GPL-3.0-only");
    CHECK(id_of("GPL") == "GPL-1.0-or-later");
    CHECK(id_of("LGPL-2.1+") == "LGPL-2.1-or-later");
    CHECK(id_of("LGPL-2") == "LGPL-2.0-only");
    CHECK(id_of("AGPL-3+") == "AGPL-3.0-or-later");
    CHECK(id_of("GFDL-NIV-1.3+") == "GFDL-1.3-no-invariants-or-later");
    CHECK(id_of("GFDL-1.2+") == "GFDL-1.2-or-later");
    CHECK(id_of("Expat") == "MIT");
    CHECK(id_of("BSD-3-clause") == "BSD-3-Clause");
    CHECK(id_of("BSD (2 clause)") == "BSD-2-Clause");
    CHECK(id_of("Apache 2.0") == "Apache-2.0");
    CHECK(id_of("zlib") == "Zlib");
    CHECK(id_of("Artistic") == "Artistic-1.0-Perl");
    CHECK(id_of("CC0") == "CC0-1.0");
    // One name, several texts.
    for (const char* name :
         {"BSD", "public-domain", "permissive", "Apache", "AGPL", "GFDL", "GPL-9", "GPL-2 3",
          "GPL-2.1+", "GPL-djd", "LGPL-2.1+~OpenSSL", "", "+"}) {
        INFO(name);
        CHECK_FALSE(find_spdx_license(name));
    }
}

TEST_CASE("exceptions have a name of SPDX where there is one alone", "[imagebuilder][license]") {
    CHECK(find_spdx_exception("Bison exception") == "Bison-exception-2.2");
    CHECK(find_spdx_exception("LLVM-exception") == "LLVM-exception");
    CHECK(find_spdx_exception("Libtool exception") == "Libtool-exception");
    CHECK(find_spdx_exception("Linux-syscall-note exception") == "Linux-syscall-note");
    CHECK(find_spdx_exception("gcc-exception-3.1") == "GCC-exception-3.1");
    CHECK_FALSE(find_spdx_exception("Autoconf exception"));
    CHECK_FALSE(find_spdx_exception("OpenSSL exception"));
    CHECK_FALSE(find_spdx_exception("exception"));
    const auto split = split_exception("GPL-2+ with OpenSSL exception");
    REQUIRE(split);
    CHECK(split->license == "GPL-2+");
    CHECK(split->exception == "OpenSSL exception");
    CHECK(split_exception("GPL-3+-WITH-BISON-EXCEPTION")->exception == "BISON-EXCEPTION");
    CHECK_FALSE(split_exception("BSD-like-with-advertising-clause"));
    CHECK_FALSE(split_exception("GPL-2+"));
}

TEST_CASE("names with and, or and commas become expressions", "[imagebuilder][license]") {
    CHECK(expression_of("GPL-2+") == "GPL-2.0-or-later");
    CHECK(expression_of("GPL-1+ or Artistic") == "Artistic-1.0-Perl OR GPL-1.0-or-later");
    CHECK(expression_of("Expat and ISC or Zlib") == "(ISC AND MIT) OR Zlib");
    CHECK(expression_of("GPL-1+ or Artistic, and Expat") ==
          "(Artistic-1.0-Perl OR GPL-1.0-or-later) AND MIT");
    CHECK(expression_of("Zlib, and Expat or ISC, and Zlib") == "(ISC OR MIT) AND Zlib");
    CHECK(expression_of("Expat OR ISC | Expat") == "ISC OR MIT");
    CHECK(expression_of("Expat or Expat") == "MIT");
    CHECK(expression_of("(Expat or ISC) and Zlib") == "(ISC OR MIT) AND Zlib");
    CHECK(expression_of("LGPLv3+_or_GPLv2+") == "GPL-2.0-or-later OR LGPL-3.0-or-later");
    CHECK(expression_of("BSD (3 clause) or ISC") == "BSD-3-Clause OR ISC");
    CHECK(expression_of("(LGPL-2.1)") == "LGPL-2.1-only");
    CHECK(expression_of("Expat,") == "MIT");
    CHECK(expression_of("GPL-2+, LGPL-2+") == "[GPL-2+, LGPL-2+]");
    CHECK(expression_of("GPL-2+ with OpenSSL  exception, and ISC") ==
          "ISC AND [GPL-2+ with OpenSSL exception]");
}

TEST_CASE("prose and broken names are no names", "[imagebuilder][license]") {
    for (const std::string& text :
         {std::string(), std::string(" \n"), std::string("and"), std::string("GPL-2+ and"),
          std::string("or MIT"), std::string("(Expat"), std::string("Expat)"), std::string("()"),
          std::string("((Expat) or"),
          std::string("Permission to use this software is granted to all"), std::string(5000, 'x'),
          std::string(40, '(') + "Expat" + std::string(40, ')')}) {
        INFO(text.substr(0, 60));
        CHECK(expression_of(text) == "-");
    }
}

TEST_CASE("the grammar of the tests knows good expressions from bad ones",
          "[imagebuilder][license]") {
    for (const char* good : {"MIT", "GPL-2.0+", "MIT OR ISC AND Zlib", "(MIT)",
                             "GPL-2.0-only WITH Bison-exception-2.2 AND (A OR LicenseRef-b-1.0)"}) {
        INFO(good);
        CHECK(tests::SpdxExpression::is_valid(good));
    }
    for (const char* bad :
         {"", "MIT ISC", "MIT OR", "AND MIT", "(MIT", "MIT)", "LicenseRef-", "LicenseRef-a WITH b",
          "MIT  OR ISC", "MIT or ISC", "[MIT]", "MIT/X11"}) {
        INFO(bad);
        CHECK_FALSE(tests::SpdxExpression::is_valid(bad));
    }
}
