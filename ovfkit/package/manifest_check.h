// SPDX-License-Identifier: Apache-2.0
// Compares the digests of the members with the manifest, whichever comes first: a member is checked
// as soon as both are known. Decides which digests are taken of a member while it passes.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/crypto/digest.h"
#include "ovfkit/package/look_ahead.h"
#include "ovfkit/package/manifest.h"
#include "ovfkit/package/verdict.h"

namespace ovfkit {

// Several digests of the same bytes, taken together. SHA-256 is always among them.
class MemberDigests : public base::ByteSink {
  public:
    explicit MemberDigests(const std::vector<base::DigestAlgorithm>& algorithms);
    static MemberDigests all();  // every algorithm that a manifest may use
    void write(std::span<const std::byte> data) override;
    // Ends the digests at the first call.
    const std::map<base::DigestAlgorithm, std::string>& values();
    const std::string& sha256() { return values().at(base::DigestAlgorithm::sha256); }

  private:
    std::map<base::DigestAlgorithm, base::Digest> running_;
    std::map<base::DigestAlgorithm, std::string> values_;
};

// The same bytes into two sinks, in this order.
class TeeSink : public base::ByteSink {
  public:
    TeeSink(base::ByteSink& first, base::ByteSink& second) : first_(first), second_(second) {}
    void write(std::span<const std::byte> data) override {
        first_.write(data);
        second_.write(data);
    }

  private:
    base::ByteSink& first_;
    base::ByteSink& second_;
};

class ManifestCheck {
  public:
    ManifestCheck(Verdict& verdict, PackageReport& report) : verdict_(verdict), report_(report) {}

    // The manifest's text; a second time (after a look ahead) it must be the same.
    void take(const PackageText& text);
    const std::optional<PackageText>& text() const { return text_; }
    // Some file is vouched for by SHA-1 only.
    bool is_weak() const;

    MemberDigests digests_for(const std::string& name) const;
    // A complete member. `must_be_listed`: not the manifest or the certificate. False when it is
    // known not to match.
    bool add(const std::string& name, MemberDigests& digests, bool must_be_listed);
    // A text seen by looking ahead, before it is used for anything. Only where failures are thrown:
    // add() would say the same again.
    void check_early(const PackageText& text);
    void check_base_name(const std::string& descriptor_name);
    // After the last member: what only the whole archive can tell.
    void conclude();

  private:
    struct Seen {
        std::string name;
        std::map<base::DigestAlgorithm, std::string> digests;
        bool must_be_listed;
    };
    bool understand(const PackageText& text);
    bool compare(const Seen& seen);
    void miss(const std::string& name);
    void fail(const std::string& text, const std::string& hint = "");
    void flaw(const std::string& code, const std::string& text);

    Verdict& verdict_;
    PackageReport& report_;
    std::optional<PackageText> text_;
    Manifest manifest_;
    std::multimap<std::string, const ManifestEntry*> by_file_;  // into manifest_.entries
    std::vector<Seen> seen_;
    bool usable_ = false;  // the text was understood
};

}  // namespace ovfkit
