// SPDX-License-Identifier: Apache-2.0
#include "ovfkit/descriptor/messages/localise.h"

#include <algorithm>
#include <cctype>
#include <unordered_map>

#include <fmt/format.h>

#include "base/error.h"
#include "base/letter_case.h"
#include "ovfkit/descriptor/messages/texts.h"
#include "ovfkit/descriptor/read/reading.h"
#include "ovfkit/xml/foreign_document.h"

namespace ovfkit {

namespace {

// "en_US" and "en-us" are one language.
std::string plain_tag(std::string_view language) {
    std::string tag = base::to_lower(language);
    std::replace(tag.begin(), tag.end(), '_', '-');
    return tag;
}

// "de" of "de-DE"
std::string primary(std::string_view language) {
    return plain_tag(language.substr(0, language.find_first_of("-_")));
}

using Messages = std::unordered_map<std::string_view, std::string_view>;

// The first bundle that has a message wins. A bundle without a language is in the descriptor's.
template <typename Fits>
void collect_messages(const Envelope& envelope, const Fits& fits, Messages& messages) {
    for (const MessageBundle& bundle : envelope.message_bundles) {
        if (fits(bundle.language.empty() ? envelope.language : bundle.language)) {
            for (const Message& message : bundle.messages) {
                messages.emplace(message.id, message.text);
            }
        }
    }
}

Messages messages_for(const Envelope& envelope, std::string_view language) {
    Messages messages;
    collect_messages(
        envelope, [&](const std::string& one) { return plain_tag(one) == plain_tag(language); },
        messages);
    collect_messages(
        envelope, [&](const std::string& one) { return primary(one) == primary(language); },
        messages);
    return messages;
}

}  // namespace

MessageBundle parse_message_bundle(std::string_view text, const std::string& name) {
    return parse_message_bundle(xml::parse_foreign_document(text, name), name);
}

MessageBundle parse_message_bundle(const xml::Element& root, const std::string& name) {
    if (root.local_name != "Strings") {
        throw base::Error(base::ErrorKind::invalid_input,
                          fmt::format("{}:{}:{}: not a message bundle: it begins with '{}', not "
                                      "Strings",
                                      name, root.place.line, root.place.column, root.local_name));
    }
    Reading reading;
    MessageBundle bundle = read_bundle(reading, root);
    if (has_errors(reading.diagnostics)) {
        throw error_of_diagnostics(reading.diagnostics, name);
    }
    return bundle;
}

std::vector<const FileReference*> bundle_files(const Envelope& envelope) {
    std::vector<const FileReference*> files;
    for (const FileReference& file : envelope.files) {
        const bool is_bundle =
            std::any_of(envelope.message_bundles.begin(), envelope.message_bundles.end(),
                        [&](const MessageBundle& one) { return one.file_ref == file.id; });
        if (is_bundle) {
            files.push_back(&file);
        }
    }
    return files;
}

void fill_bundle(Envelope& envelope, std::string_view file_id, MessageBundle bundle) {
    for (MessageBundle& one : envelope.message_bundles) {
        if (one.file_ref == file_id) {
            one.messages = bundle.messages;
            // The file knows best when the descriptor says nothing.
            one.language = one.language.empty() ? bundle.language : one.language;
        }
    }
}

std::vector<std::string> languages_of(const Envelope& envelope) {
    std::vector<std::string> languages{envelope.language};
    for (const MessageBundle& bundle : envelope.message_bundles) {
        if (!bundle.language.empty() &&
            std::find(languages.begin(), languages.end(), bundle.language) == languages.end()) {
            languages.push_back(bundle.language);
        }
    }
    return languages;
}

void localise(Envelope& envelope, std::string_view language) {
    if (envelope.message_bundles.empty()) {
        return;
    }
    const Messages wanted = language.empty() ? Messages{} : messages_for(envelope, language);
    Messages fallback = messages_for(envelope, envelope.language);
    collect_messages(
        envelope, [](const std::string& /*any*/) { return true; }, fallback);
    visit_texts(envelope, [&](const MessageIds& ids, const std::string& name, std::string& text) {
        const auto id = ids.find(name);
        if (id == ids.end()) {
            return;
        }
        if (const auto found = wanted.find(id->second); found != wanted.end()) {
            text = found->second;
        } else if (const auto other = fallback.find(id->second);
                   text.empty() && other != fallback.end()) {
            text = other->second;
        }
    });
    if (envelope.content) {
        std::visit(
            [&](const auto& content) {
                envelope.name = content.name.empty() ? content.id : content.name;
            },
            *envelope.content);
    }
}

}  // namespace ovfkit
