// SPDX-License-Identifier: Apache-2.0
#include "ovfkit/package/manifest.h"

#include "tests/support/catch.h"

using base::DigestAlgorithm;
using ovfkit::parse_manifest;

namespace {

const std::string kSha1(40, 'a');
const std::string kSha256(64, 'b');
const std::string kSha512(128, 'c');

ovfkit::ManifestEntry only_entry(const std::string& text) {
    const ovfkit::Manifest manifest = parse_manifest(text, "x.mf");
    REQUIRE(manifest.entries.size() == 1);
    return manifest.entries.front();
}

std::string refusal(const std::string& text) {
    const auto error = tests::error_of([&] { parse_manifest(text, "x.mf"); });
    CHECK(error.kind() == base::ErrorKind::invalid_input);
    return error.message();
}

}  // namespace

TEST_CASE("every dialect of the field is read", "[ovfkit][manifest]") {
    for (const std::string& line :
         {"SHA256(a.vmdk)= " + kSha256 + "\n", "SHA256 (a.vmdk) = " + kSha256 + "\n",
          "SHA2-256(a.vmdk)= " + kSha256 + "\n", "sha256(a.vmdk)=" + kSha256,
          "SHA-256(a.vmdk)=\t" + kSha256 + " \r\n", "SHA256(./a.vmdk)= " + kSha256 + "\r\n\r\n",
          "\xef\xbb\xbfSHA256(a.vmdk)= " + kSha256 + "\n" + std::string(7, '\0')}) {
        INFO(line);
        const auto entry = only_entry(line);
        CHECK(entry.file == "a.vmdk");
        CHECK(entry.algorithm == DigestAlgorithm::sha256);
        CHECK(entry.digest == kSha256);
    }
    CHECK(only_entry("SHA1(a)= " + std::string(40, 'A')).digest == kSha1);  // VirtualBox 5.2
    CHECK(only_entry("SHA512(a)= " + kSha512).algorithm == DigestAlgorithm::sha512);
}

TEST_CASE("file names may hold brackets, blanks and equal signs", "[ovfkit][manifest]") {
    for (const std::string name : {"disk (1).vmdk", "a=b.vmdk", "x)= y", "SHA256(x)"}) {
        CHECK(only_entry("SHA1(" + name + ")= " + kSha1).file == name);
        CHECK(only_entry("SHA1 (" + name + ") = " + kSha1).file == name);
    }
}

TEST_CASE("mixed algorithms stand side by side", "[ovfkit][manifest]") {
    const auto manifest = parse_manifest(
        "SHA1(a)= " + kSha1 + "\nSHA256(a)= " + kSha256 + "\nSHA256(b)= " + kSha256 + "\n", "x.mf");
    CHECK(manifest.entries.size() == 3);
    CHECK(manifest.find("b")->digest == kSha256);
    CHECK(manifest.find("c") == nullptr);
}

TEST_CASE("import-security 4: a line that is not understood is an error",
          "[ovfkit][manifest][hostile]") {
    CHECK(refusal("SHA256(a)= " + kSha256 + "\nhello\n") ==
          "manifest 'x.mf' line 2 is not understood: 'hello'");
    CHECK(refusal("SHA256(a)= ").find("line 1 is not understood") != std::string::npos);
    CHECK(refusal("SHA256()= " + kSha256).find("not understood") != std::string::npos);
    CHECK(refusal("SHA256(a)= " + kSha256 + " b").find("not understood") != std::string::npos);
    CHECK(refusal("SHA256(a) x= " + kSha256).find("not understood") != std::string::npos);
    CHECK(refusal(kSha256 + "  a").find("not understood") != std::string::npos);
    CHECK(refusal("(a)= " + kSha256).find("not understood") != std::string::npos);
    CHECK(refusal("MD5(a)= " + std::string(32, 'a')) ==
          "manifest 'x.mf' line 1: unknown digest algorithm 'MD5'");
    CHECK(refusal("SHA256(a)= " + kSha1) ==
          "manifest 'x.mf' line 1: a SHA256 digest has 64 hex digits, not 40");
    CHECK(refusal("SHA1(a)= " + kSha1 + "\nSHA1(./a)= " + std::string(40, 'b')) ==
          "manifest 'x.mf' line 2: file 'a' is listed twice");
    CHECK(refusal("") == "manifest 'x.mf' lists no files");
    CHECK(refusal("SHA1(a\x1b[2J").find('\x1b') == std::string::npos);
}

TEST_CASE("a lax reading sets aside what it does not understand", "[ovfkit][manifest]") {
    const auto manifest =
        parse_manifest("MD5(a)= aa\nhello\nSHA1(a)= " + kSha1 + "\n", "x.mf", true);
    CHECK(manifest.entries.size() == 1);
    CHECK(manifest.ignored_lines == std::vector<std::string>{"MD5(a)= aa", "hello"});
}

TEST_CASE("the writer writes the form that everyone takes", "[ovfkit][manifest]") {
    ovfkit::Manifest manifest;
    manifest.entries = {{"a.ovf", DigestAlgorithm::sha256, kSha256},
                        {"b (1).vmdk", DigestAlgorithm::sha1, kSha1}};
    const std::string text = format_manifest(manifest);
    CHECK(text == "SHA256(a.ovf)= " + kSha256 + "\nSHA1(b (1).vmdk)= " + kSha1 + "\n");
    CHECK(parse_manifest(text, "x.mf").entries.at(1).file == "b (1).vmdk");
}
