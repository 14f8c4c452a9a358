// SPDX-License-Identifier: Apache-2.0
#include "assembler/introspect/system/secrets/secret_scan.h"

#include <algorithm>
#include <array>

#include "assembler/introspect/system/text.h"
#include "base/letter_case.h"

namespace assembler::introspect {

namespace {

constexpr std::size_t kMaxFound = 500;
constexpr std::size_t kMaxLineBytes = 4096;
constexpr std::size_t kMaxKeyBytes = std::size_t{16} << 10U;

bool is_word_char(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '.';
}

// What stands for a secret that is elsewhere, or for none.
bool is_placeholder(std::string_view value) {
    constexpr std::array<std::string_view, 20> kNone{
        "true",   "false",    "yes",      "no",       "on",        "off",       "none",
        "null",   "nil",      "~",        "*",        "***",       "x",         "!",
        "prompt", "required", "optional", "password", "undefined", "sufficient"};
    if (value.empty() ||
        std::string_view("$<@/({[%!*").find(value.front()) != std::string_view::npos) {
        // "$2y$…" and "{SSHA}…" are hashes, which are looked for by their form.
        return true;
    }
    const std::string lower = base::to_lower(value);
    return std::find(kNone.begin(), kNone.end(), lower) != kNone.end() ||
           lower.starts_with("file:") || lower.starts_with("xxx");
}

// A call, an index, or a variable that is called after what it holds: programs have these.
bool is_code(std::string_view value) {
    const bool is_variable = value.find_first_of("_.") != std::string_view::npos &&
                             std::all_of(value.begin(), value.end(), [](char c) {
                                 return (c >= 'a' && c <= 'z') || c == '_' || c == '.';
                             });
    return value.find_first_of("()[]") != std::string_view::npos ||
           (is_variable && is_secret_name(value));
}

// One line, and what was found in it so far.
class LineScan {
  public:
    LineScan(std::string_view line, int number, bool is_command, std::vector<FoundSecret>& found)
        : line_(line), number_(number), is_command_(is_command), found_(found) {}

    void scan() {
        find_urls();
        find_hashes();
        find_cloud_keys();
        if (!is_comment()) {
            find_settings();
        }
    }

  private:
    bool is_comment() const {
        const std::string_view bare = trimmed(line_);
        return !is_command_ &&
               (bare.starts_with('#') || bare.starts_with(';') || bare.starts_with("//") ||
                bare.starts_with("--") || bare.starts_with("<!--") || bare.starts_with("/*") ||
                bare.starts_with("* "));
    }

    void add(std::string what, std::size_t begin, std::size_t end, double confidence) {
        const int column = static_cast<int>(begin) + 1;
        for (const FoundSecret& one : found_) {
            if (one.line == number_ && column < one.column + one.length &&
                one.column < static_cast<int>(end) + 1) {
                return;  // seen in another way already
            }
        }
        if (found_.size() < kMaxFound && end > begin) {
            found_.push_back({.what = std::move(what),
                              .value = std::string(line_.substr(begin, end - begin)),
                              .line = number_,
                              .column = column,
                              .length = static_cast<int>(end - begin),
                              .confidence = confidence});
        }
    }

    // scheme://user:password@host
    void find_urls() {
        for (std::size_t at = line_.find("://"); at != std::string_view::npos;
             at = line_.find("://", at + 3)) {
            const std::size_t begin = at + 3;
            const std::size_t end =
                std::min(line_.find_first_of(" \t\"'<>`,;/?#", begin), line_.size());
            const std::string_view authority = line_.substr(begin, end - begin);
            const std::size_t host = authority.rfind('@');
            const std::size_t colon = authority.find(':');
            if (host == std::string_view::npos || colon == std::string_view::npos || colon > host) {
                continue;
            }
            const std::string_view password = authority.substr(colon + 1, host - colon - 1);
            if (!is_placeholder(password)) {
                add("password in a connection URL", begin + colon + 1, begin + host, 1.0);
            }
        }
    }

    // "$6$…" and "{SSHA}…" up to the next separator.
    void find_hashes() {
        constexpr std::array<std::string_view, 13> kStarts{
            "$1$", "$2a$",   "$2b$",   "$2y$",  "$5$",     "$6$",           "$7$",
            "$y$", "$apr1$", "{SSHA}", "{SHA}", "$argon2", "SCRAM-SHA-256$"};
        constexpr std::size_t kShortest = 20;
        for (const std::string_view start : kStarts) {
            const std::size_t begin = line_.find(start);
            if (begin == std::string_view::npos || (begin > 0 && is_word_char(line_[begin - 1]))) {
                continue;
            }
            const std::string_view stops =
                start.starts_with("SCRAM") ? std::string_view(" \t\"'") : " \t\"':,;";
            const std::size_t end = std::min(line_.find_first_of(stops, begin), line_.size());
            if (end - begin >= kShortest) {
                add("password hash", begin, end, 1.0);
            }
        }
    }

    void find_cloud_keys() {
        struct Form {
            std::string_view start;
            std::size_t length;  // of the whole, at least
            const char* what;
        };
        constexpr std::array<Form, 6> kForms{{{"AKIA", 20, "AWS access key"},
                                              {"ASIA", 20, "AWS access key"},
                                              {"ghp_", 40, "GitHub token"},
                                              {"glpat-", 26, "GitLab token"},
                                              {"xoxb-", 30, "Slack token"},
                                              {"AIza", 39, "Google API key"}}};
        for (const Form& form : kForms) {
            const std::size_t begin = line_.find(form.start);
            if (begin == std::string_view::npos || (begin > 0 && is_word_char(line_[begin - 1]))) {
                continue;
            }
            std::size_t end = begin;
            while (end < line_.size() && is_word_char(line_[end])) {
                ++end;
            }
            if (end - begin >= form.length && end - begin < form.length + 60) {
                add(form.what, begin, end, 0.9);
            }
        }
    }

    void find_settings() {
        for (std::size_t at = 0; at < line_.size();) {
            if (!is_word_char(line_[at])) {
                ++at;
                continue;
            }
            std::size_t end = at;
            while (end < line_.size() && is_word_char(line_[end])) {
                ++end;
            }
            const std::size_t next =
                is_secret_name(line_.substr(at, end - at)) ? take_value(at, end) : end;
            at = std::max(next, end);
        }
    }

    // Whether a blank alone may stand between the name that ends at `end` and its value.
    bool takes_blank(std::size_t begin, std::size_t end) const {
        const std::string name = base::to_lower(line_.substr(begin, end - begin));
        if (name == "requirepass" || name == "masterauth" || name == "masterpass") {
            return trimmed(line_.substr(0, begin)).empty();
        }
        if (is_command_ && line_.substr(begin).starts_with("--")) {
            return true;
        }
        // SetEnv DB_PASSWORD x, fastcgi_param DB_PASSWORD x
        const std::string before = base::to_lower(trimmed(line_.substr(0, begin)));
        return before == "setenv" || before == "fastcgi_param" || before == "env";
    }

    // The value behind a name; gives where to look on.
    std::size_t take_value(std::size_t begin, std::size_t end) {
        std::size_t at = end;
        const auto skip = [&](std::string_view what) {
            while (at < line_.size() && what.find(line_[at]) != std::string_view::npos) {
                ++at;
            }
        };
        const bool is_quoted_name = at < line_.size() && (line_[at] == '"' || line_[at] == '\'');
        at += is_quoted_name ? 1 : 0;
        const std::size_t gap = at;
        skip(" \t])");
        constexpr std::array<std::string_view, 6> kSeparators{"=>", ":=", "=", ":", ",", ">"};
        const auto separator =
            std::find_if(kSeparators.begin(), kSeparators.end(),
                         [&](std::string_view one) { return line_.substr(at).starts_with(one); });
        if (separator != kSeparators.end()) {
            if (*separator == "," && !is_quoted_name) {
                return end;  // a list of words; define('DB_PASSWORD', …) has quotes
            }
            at += separator->size();
            skip(" \t");
        } else if (at == gap || !takes_blank(begin, end)) {
            return end;
        }
        return add_value(at, separator != kSeparators.end() && *separator == ">");
    }

    std::size_t add_value(std::size_t at, bool is_element) {
        if (at >= line_.size()) {
            return at;
        }
        const char quote = line_[at];
        const bool is_quoted = quote == '"' || quote == '\'';
        const std::size_t begin = at + (is_quoted ? 1 : 0);
        std::size_t end = is_quoted ? line_.find(quote, begin)
                                    : line_.find_first_of(is_element ? "<" : " \t,;&\"'<>", begin);
        end = std::min(end, line_.size());
        const std::string_view value = line_.substr(begin, end - begin);
        if (!is_placeholder(value) && (is_quoted || !is_code(value))) {
            add("password or key in a setting", begin, end, is_quoted || !is_element ? 0.9 : 0.8);
        }
        return std::max(end, begin);
    }

    std::string_view line_;
    int number_;
    bool is_command_;
    std::vector<FoundSecret>& found_;
};

// A PEM block from this line on; its last line may be missing.
FoundSecret key_block(std::string_view text, const Line& line) {
    const auto begin = static_cast<std::size_t>(line.text.data() - text.data());
    const std::size_t last = text.find("-----END", begin);
    const std::size_t end =
        last == std::string_view::npos ? text.size() : std::min(text.find('\n', last), text.size());
    return {.what = "private key",
            .value = std::string(text.substr(begin, std::min(end - begin, kMaxKeyBytes))),
            .line = line.number,
            .column = 1,
            .length = static_cast<int>(line.text.size())};
}

std::vector<FoundSecret> scan(std::string_view text, bool is_command) {
    std::vector<FoundSecret> found;
    for (const Line& line : lines_of(text)) {
        if (line.text.starts_with("-----BEGIN ") &&
            line.text.find("PRIVATE KEY-----") != std::string_view::npos) {
            found.push_back(key_block(text, line));
        } else if (line.text.size() > 3) {
            LineScan(line.text.substr(0, kMaxLineBytes), line.number, is_command, found).scan();
        }
        if (found.size() >= kMaxFound) {
            break;
        }
    }
    return found;
}

}  // namespace

bool is_secret_name(std::string_view name) {
    constexpr std::array<std::string_view, 12> kEndings{
        "password", "passwd",     "passphrase", "secret",      "token",       "apikey",
        "api_key",  "access_key", "secret_key", "private_key", "requirepass", "masterauth"};
    constexpr std::array<std::string_view, 5> kWords{"pass", "pwd", "pw", "masterpass", "auth_key"};
    // Most words of a file end here.
    constexpr std::string_view kLastLetters = "dsetnywhDSETNYWH_-.";
    if (name.size() < 2 || kLastLetters.find(name.back()) == std::string_view::npos) {
        return false;
    }
    std::string plain = base::to_lower(name);
    std::replace_if(
        plain.begin(), plain.end(), [](char c) { return c == '-' || c == '.'; }, '_');
    while (plain.ends_with('_')) {
        plain.pop_back();
    }
    const auto ends_with = [&](std::string_view ending) { return plain.ends_with(ending); };
    if (std::any_of(kEndings.begin(), kEndings.end(), ends_with) || plain.ends_with("secretkey") ||
        plain.ends_with("secretaccesskey") || plain.ends_with("secret_access_key")) {
        return true;
    }
    return std::any_of(kWords.begin(), kWords.end(), [&](std::string_view word) {
        return plain == word || plain.ends_with("_" + std::string(word));
    });
}

std::vector<FoundSecret> scan_for_secrets(std::string_view text) {
    return scan(text, false);
}

std::string masked(std::string_view text) {
    std::string plain(text);
    std::vector<FoundSecret> found = scan(text, true);
    std::vector<std::size_t> starts{0};
    for (std::size_t at = text.find('\n'); at != std::string_view::npos;
         at = text.find('\n', at + 1)) {
        starts.push_back(at + 1);
    }
    std::sort(found.begin(), found.end(), [](const FoundSecret& a, const FoundSecret& b) {
        return a.line != b.line ? a.line > b.line : a.column > b.column;
    });
    for (const FoundSecret& secret : found) {  // from the end, so that places stay right
        const std::size_t at = starts.at(static_cast<std::size_t>(secret.line) - 1) +
                               static_cast<std::size_t>(secret.column) - 1;
        plain.replace(at, static_cast<std::size_t>(secret.length), "***");
    }
    return plain;
}

}  // namespace assembler::introspect
