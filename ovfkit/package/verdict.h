// SPDX-License-Identifier: Apache-2.0
// Where the checks of a package say what they found: one place decides by the policy whether that
// is thrown, collected or only noted. Borrows policy and report.
#pragma once

#include <string>

#include "base/error.h"
#include "ovfkit/package/package_reader.h"

namespace ovfkit {

constexpr const char* kLaxHint =
    "a flaw of form, which verify, unpack, convert, edit and sign let pass with --lax; a file that "
    "no digest covers can be anything";

class Verdict {
  public:
    Verdict(const VerifyPolicy& policy, PackageReport& report) : policy_(policy), report_(report) {}

    // The package is not what it claims to be: thrown, or kept with collect_failures.
    void fail(const std::string& text, const std::string& hint = "",
              base::ErrorKind kind = base::ErrorKind::invalid_input);
    // A flaw of form: a finding when lax, else like fail().
    void flaw(const std::string& code, const std::string& text);
    void note(const std::string& code, const std::string& text);

    // For checks of ours that throw: the Error is handled like fail(). Returns whether fn went
    // well.
    template <typename Fn>
    bool check(Fn&& fn) {
        try {
            fn();
            return true;
        } catch (const base::Error& error) {
            if (error.kind() != base::ErrorKind::invalid_input) {
                throw;
            }
            fail(error.message(), error.hint());
        }
        return false;
    }

    const VerifyPolicy& policy() const { return policy_; }

  private:
    const VerifyPolicy& policy_;
    PackageReport& report_;
};

}  // namespace ovfkit
