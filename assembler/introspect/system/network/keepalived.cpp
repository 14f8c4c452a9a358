// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <set>

#include "assembler/introspect/system/network/network.h"
#include "assembler/introspect/system/text.h"

namespace assembler::introspect {

namespace {

constexpr std::size_t kMaxShared = 256;

// Words, with braces as words of their own.
std::vector<std::string_view> keepalived_words(std::string_view line) {
    std::vector<std::string_view> result;
    line = line.substr(0, line.find_first_of("#!"));
    for (std::string_view word : words_of(line)) {
        while (!word.empty()) {
            const std::size_t brace = word.find_first_of("{}");
            const std::size_t end = brace == 0 ? 1 : std::min(brace, word.size());
            result.push_back(word.substr(0, end));
            word.remove_prefix(end);
        }
    }
    return result;
}

class KeepalivedReader {
  public:
    KeepalivedReader(const std::string& path, std::vector<std::string>& includes)
        : path_(path), includes_(includes) {}

    std::vector<SharedAddressFact> read(std::string_view text) {
        for (const Line& line : statements_of(text)) {
            const auto words = keepalived_words(line.text);
            for (std::size_t i = 0; i < words.size(); ++i) {
                const bool first = i == 0 || words[i - 1] == "{" || words[i - 1] == "}";
                take(words[i], first, i + 1 < words.size() ? words[i + 1] : "", line.number);
            }
        }
        return std::move(found_);
    }

  private:
    void take(std::string_view word, bool first, std::string_view next, int line) {
        if (word == "{") {
            open_.push_back(statement_);
            begin_ = statement_ == "vrrp_instance" ? found_.size() : begin_;
        } else if (word == "}") {
            if (!open_.empty() && open_.back() == "vrrp_instance") {
                for (std::size_t i = begin_; i < found_.size(); ++i) {
                    found_[i].priority = priority_;
                }
                priority_ = SharedAddressFact{}.priority;
            }
            if (!open_.empty()) {
                open_.pop_back();
            }
        } else if (first) {
            statement_ = word;
            const bool addresses = !open_.empty() && (open_.back() == "virtual_ipaddress" ||
                                                      open_.back() == "virtual_ipaddress_excluded");
            if (addresses && found_.size() < kMaxShared) {
                found_.push_back({.address = std::string(word.substr(0, word.find('/'))),
                                  .evidence = {.file = path_, .line = line}});
            } else if (word == "priority") {
                priority_ = static_cast<int>(std::min(find_number(next).value_or(0), 255U));
            } else if (word == "include" && open_.empty()) {
                includes_.emplace_back(next);
            }
        }
    }

    const std::string& path_;
    std::vector<std::string>& includes_;
    std::vector<std::string> open_;
    std::string statement_;
    std::size_t begin_ = 0;
    int priority_ = SharedAddressFact{}.priority;
    std::vector<SharedAddressFact> found_;
};

}  // namespace

std::vector<SharedAddressFact> parse_keepalived(std::string_view text, const std::string& path,
                                                std::vector<std::string>& includes) {
    return KeepalivedReader(path, includes).read(text);
}

void read_shared_addresses(Reading& reading) {
    const std::vector<ServiceFact>& services = reading.facts().services;
    if (std::none_of(services.begin(), services.end(), [](const ServiceFact& service) {
            return service.unit == "keepalived.service" && service.enabled;
        })) {
        return;
    }
    constexpr std::size_t kMaxFiles = 64;
    std::vector<std::string> left{"/etc/keepalived/keepalived.conf"};
    std::set<std::string> seen;
    while (!left.empty() && seen.size() < kMaxFiles) {
        const std::string path = left.back();
        left.pop_back();
        const auto text = seen.insert(path).second ? reading.text(path) : std::nullopt;
        std::vector<std::string> includes;
        for (SharedAddressFact& one :
             text ? parse_keepalived(*text, path, includes) : std::vector<SharedAddressFact>{}) {
            if (reading.facts().shared_addresses.size() < kMaxShared) {
                reading.facts().shared_addresses.push_back(std::move(one));
            }
        }
        for (const std::string& written : includes) {
            const std::string pattern =
                written.starts_with('/') ? written : "/etc/keepalived/" + written;
            const std::string folder = pattern.substr(0, pattern.rfind('/'));
            for (const imagebuilder::TreeEntry& entry : reading.list(folder)) {
                if (matches_pattern(folder + "/" + entry.name, pattern) &&
                    left.size() < kMaxFiles) {
                    left.push_back(folder + "/" + entry.name);
                }
            }
        }
    }
}

}  // namespace assembler::introspect
