// SPDX-License-Identifier: Apache-2.0
#include "ovfkit/edit/graft.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/error.h"
#include "ovfkit/descriptor/extensions.h"
#include "ovfkit/edit/references.h"
#include "ovfkit/package/reference_check.h"
#include "ovfkit/package/tar/member_name.h"

namespace ovfkit::edit {

using base::Error;
using base::ErrorKind;

namespace {

// Of the envelope, and put together part by part.
constexpr std::array<std::string_view, 4> kMergedSections{
    "References", "DiskSection", "NetworkSection", "DeploymentOptionSection"};

std::vector<std::string> content_ids(const DescriptorDocument& document) {
    std::vector<std::string> ids = ids_of(document.systems(), "id");
    for (const std::string& id : ids_of(document.collections(), "id")) {
        ids.push_back(id);
    }
    return ids;
}

// As the package may call the file: percent-decoded too.
std::vector<std::string> member_names(const std::string& href) {
    FileReference file;
    file.href = href;
    return member_names_of(file);
}

// The parts of `from` under names that `into` does not have.
class NameKeeper {
  public:
    NameKeeper(const DescriptorDocument& into, DescriptorDocument& from, std::string label)
        : into_(into), from_(from), label_(std::move(label)) {}

    void run(const std::map<std::string, std::string>& same, Grafted& result) {
        const auto shared = set_shared_aside(same, result);
        keep_apart("file", into_.files(), from_.files(), "id", rename_file_id, result);
        keep_apart("disk", into_.disks(), from_.disks(), "diskId", rename_disk_id, result);
        for (const std::string& id : content_ids(from_)) {
            if (contains(content_ids(into_), id)) {
                const std::string fresh = fresh_name(id, content_ids(into_), content_ids(from_));
                rename_system_id(from_, id, fresh);
                result.notes.push_back(
                    fmt::format("machine '{}' of '{}' is called '{}' now", id, label_, fresh));
            }
        }
        keep_members_apart(result);
        for (const auto& [aside, ours] : shared) {
            rename_file_id(from_, aside, ours);
        }
    }

  private:
    // Files that come from us get ids that nobody has, until no other one of theirs is called like
    // ours. Returns which id of ours stands behind each.
    std::map<std::string, std::string> set_shared_aside(
        const std::map<std::string, std::string>& same, Grafted& result) {
        std::map<std::string, std::string> shared;
        for (EditableElement* file : from_.files()) {
            const auto known = same.find(attribute_of(*file, "href"));
            const EditableElement* ours =
                known == same.end() ? nullptr : file_called(into_, known->second);
            if (ours == nullptr || !is_stored_alike(*file, *ours)) {
                continue;
            }
            auto taken = ids_of(from_.files(), "id");
            const auto our_ids = ids_of(into_.files(), "id");
            taken.insert(taken.end(), our_ids.begin(), our_ids.end());
            for (const auto& [other, id] : shared) {
                taken.push_back(other);
            }
            const std::string aside = free_name("shared", taken);
            rename_file_id(from_, attribute_of(*file, "id"), aside);
            file->parent()->remove_child(*file);
            shared[aside] = attribute_of(*ours, "id");
            result.notes.push_back(
                fmt::format("file '{}' of '{}' is the same as '{}': it is stored "
                            "once",
                            known->first, label_, known->second));
        }
        return shared;
    }

    static const EditableElement* file_called(const DescriptorDocument& document,
                                              const std::string& href) {
        for (const EditableElement* file : document.files()) {
            if (attribute_of(*file, "href") == href) {
                return file;
            }
        }
        return nullptr;
    }

    static bool is_stored_alike(const EditableElement& one, const EditableElement& other) {
        return attribute_of(one, "compression") == attribute_of(other, "compression") &&
               attribute_of(one, "chunkSize") == attribute_of(other, "chunkSize");
    }

    std::string fresh_name(const std::string& id, std::vector<std::string> taken,
                           const std::vector<std::string>& also) const {
        taken.insert(taken.end(), also.begin(), also.end());
        return free_name(id.starts_with(label_ + "-") ? id : fmt::format("{}-{}", label_, id),
                         taken);
    }

    void keep_apart(std::string_view what, const std::vector<EditableElement*>& ours,
                    const std::vector<EditableElement*>& theirs, std::string_view attribute,
                    void (*rename)(DescriptorDocument&, const std::string&, const std::string&),
                    Grafted& result) {
        const auto our_ids = ids_of(ours, attribute);
        const auto their_ids = ids_of(theirs, attribute);
        for (const std::string& id : their_ids) {
            if (contains(our_ids, id)) {
                const std::string fresh = fresh_name(id, our_ids, their_ids);
                rename(from_, id, fresh);
                result.notes.push_back(
                    fmt::format("{} '{}' of '{}' has the id '{}' now", what, id, label_, fresh));
            }
        }
    }

    void keep_members_apart(Grafted& result) {
        std::set<std::string> taken;
        for (const std::string& name : ids_of(into_.files(), "href")) {
            taken.insert(folded_name(name));
        }
        for (EditableElement* file : from_.files()) {
            const std::string name = attribute_of(*file, "href");
            std::string fresh = name;
            for (int i = 1; taken.contains(folded_name(fresh)); ++i) {
                fresh = i == 1 ? fmt::format("{}-{}", label_, name)
                               : fmt::format("{}-{}-{}", label_, i, name);
            }
            taken.insert(folded_name(fresh));
            const std::string front = fresh.substr(0, fresh.size() - name.size());
            for (const std::string& member : member_names(name)) {
                result.members[member] = front + member;
            }
            if (fresh != name) {
                file->set_attribute("href", fresh);
                result.notes.push_back(
                    fmt::format("file '{}' of '{}' is '{}' now", name, label_, fresh));
            }
        }
    }

    const DescriptorDocument& into_;
    DescriptorDocument& from_;
    std::string label_;
};

void copy_parts(DescriptorDocument& into, const std::vector<EditableElement*>& parts,
                std::string_view section_kind, std::string_view info) {
    if (parts.empty()) {
        return;
    }
    EditableElement* section = into.find_section(into.envelope(), section_kind);
    if (section == nullptr && section_kind == "References") {
        section = &into.envelope().add_child_after(nullptr, into.ovf_namespace(), "References");
    }
    if (section == nullptr) {
        section = &into.add_section(into.envelope(), section_kind, info);
    }
    for (const EditableElement* part : parts) {
        section->add_last_copy(*part);
    }
}

std::vector<EditableElement*> configurations_of(const DescriptorDocument& document) {
    const EditableElement* section =
        document.find_section(document.envelope(), "DeploymentOptionSection");
    return section == nullptr ? std::vector<EditableElement*>{}
                              : section->children("Configuration");
}

// One choice holds for the whole assembly: either both know the same ones, or one knows none.
void merge_configurations(DescriptorDocument& into, const DescriptorDocument& from,
                          const std::string& label) {
    auto ours = ids_of(configurations_of(into), "id");
    auto theirs = ids_of(configurations_of(from), "id");
    if (ours.empty()) {
        copy_parts(into, configurations_of(from), "DeploymentOptionSection",
                   "The deployment configurations");
        return;
    }
    std::sort(ours.begin(), ours.end());
    std::sort(theirs.begin(), theirs.end());
    if (!theirs.empty() && ours != theirs) {
        throw Error(ErrorKind::unsupported,
                    fmt::format("'{}' has other deployment configurations ({}) than the packages "
                                "before it ({})",
                                label, fmt::join(theirs, ", "), fmt::join(ours, ", ")),
                    "one configuration is chosen for a whole assembly; give all packages the same "
                    "ones");
    }
}

// Message bundles: the same id must not mean two things.
void merge_strings(DescriptorDocument& into, const DescriptorDocument& from,
                   const std::string& label) {
    const auto messages = [](const DescriptorDocument& document) {
        std::map<std::string, std::string> found;
        for (const EditableElement* strings : document.envelope().children("Strings")) {
            const std::string language = attribute_of(*strings, "lang");
            for (const EditableElement* message : strings->children("Msg")) {
                found[language + " " + attribute_of(*message, "msgid")] = message->text();
            }
        }
        return found;
    };
    const auto ours = messages(into);
    for (const auto& [id, text] : messages(from)) {
        const auto known = ours.find(id);
        if (known != ours.end() && known->second != text) {
            throw Error(ErrorKind::unsupported,
                        fmt::format("the message '{}' of '{}' says something else in the packages "
                                    "before it",
                                    id, label),
                        "give its messages other ids");
        }
    }
    for (const EditableElement* strings : from.envelope().children("Strings")) {
        into.envelope().add_last_copy(*strings);
    }
}

void copy_other_sections(DescriptorDocument& into, const DescriptorDocument& from) {
    for (const EditableElement* child : from.envelope().children()) {
        const std::string kind = DescriptorDocument::kind_of(*child);
        const bool merged = std::find(kMergedSections.begin(), kMergedSections.end(), kind) !=
                            kMergedSections.end();
        if (!merged && kind != "Strings" && !DescriptorDocument::is_system(*child) &&
            !DescriptorDocument::is_collection(*child)) {
            const EditableElement* before_content = nullptr;
            for (const EditableElement* ours : into.envelope().children()) {
                if (ours == &into.content()) {
                    break;
                }
                before_content = ours;
            }
            into.envelope().add_copy_after(before_content, *child);
        }
    }
}

// A section of a collection into a machine of it. Where the machine has one of the same class and
// instance, only the properties that it lacks.
void take_along(DescriptorDocument& document, EditableElement& system,
                const EditableElement& section) {
    const bool is_product = DescriptorDocument::kind_of(section) == "ProductSection";
    EditableElement* last = nullptr;
    EditableElement* same = nullptr;
    for (EditableElement* child : system.children()) {
        last = child->namespace_uri() == document.ovf_namespace() ? child : last;
        if (is_product && DescriptorDocument::kind_of(*child) == "ProductSection" &&
            attribute_of(*child, "class") == attribute_of(section, "class") &&
            attribute_of(*child, "instance") == attribute_of(section, "instance")) {
            same = child;
        }
    }
    if (same == nullptr) {
        system.add_copy_after(last, section);
        return;
    }
    const auto known = ids_of(same->children("Property"), "key");
    for (const EditableElement* property : section.children("Property")) {
        if (!contains(known, attribute_of(*property, "key"))) {
            same->add_last_copy(*property);
        }
    }
}

// muster:AssemblySection is looked for in the outermost content only.
void move_assembly_up(DescriptorDocument& document, EditableElement& collection) {
    for (EditableElement* system : document.systems()) {
        for (EditableElement* section : system->children("AssemblySection")) {
            if (section->namespace_uri() == kMusterNamespace) {
                collection.add_copy_after(document.find_section(collection, "StartupSection"),
                                          *section);
                system->remove_child(*section);
            }
        }
    }
}

}  // namespace

EditableElement& obtain_collection(DescriptorDocument& document, const std::string& id) {
    EditableElement& content = document.content();
    if (DescriptorDocument::is_collection(content)) {
        return content;
    }
    const std::string system_id = attribute_of(content, "id");
    const std::string own_id = id == system_id ? id + "-assembly" : id;
    EditableElement& collection = document.add_content(
        document.envelope(), "VirtualSystemCollection", own_id, "Several virtual machines");
    collection.add_last_copy(content);
    document.envelope().remove_child(content);
    append_startup(document, collection, system_id);
    move_assembly_up(document, collection);
    return collection;
}

void append_startup(DescriptorDocument& document, EditableElement& collection,
                    const std::string& id) {
    EditableElement& section =
        document.obtain_section(collection, "StartupSection", "The order of starting and stopping");
    int highest = 0;
    for (const EditableElement* item : section.children("Item")) {
        const std::string order = attribute_of(*item, "order");
        int value = 0;
        std::from_chars(order.data(), order.data() + order.size(), value);
        highest = std::max(highest, value);
    }
    EditableElement& item = section.add_last_child(document.ovf_namespace(), "Item");
    item.set_attribute("id", id);
    item.set_attribute("order", std::to_string(highest + 1));
}

Grafted graft(DescriptorDocument& into, EditableElement& collection, DescriptorDocument& from,
              const std::string& label, const std::map<std::string, std::string>& same) {
    if (into.ovf_namespace() != from.ovf_namespace()) {
        throw Error(ErrorKind::unsupported,
                    fmt::format("'{}' is written in another version of OVF ({} instead of {})",
                                label, from.ovf_namespace(), into.ovf_namespace()),
                    "machines of one assembly stand in one descriptor, in one version");
    }
    Grafted result;
    NameKeeper(into, from, label).run(same, result);
    result.id = attribute_of(from.content(), "id");
    merge_configurations(into, from, label);
    merge_strings(into, from, label);
    copy_parts(into, from.files(), "References", "");
    copy_parts(into, from.disks(), "DiskSection", "The virtual disks");
    std::vector<EditableElement*> networks = from.networks();
    std::erase_if(networks, [&](const EditableElement* network) {
        return into.find_network(attribute_of(*network, "name")) != nullptr;
    });
    copy_parts(into, networks, "NetworkSection", "The list of logical networks");
    copy_other_sections(into, from);
    collection.add_last_copy(from.content());
    append_startup(into, collection, result.id);
    return result;
}

CutOut cut_out(const std::string& text, const std::string& name, const std::string& system_id) {
    DescriptorDocument document(text, name);
    const Uses before = uses_of(document);
    EditableElement& system = document.require_system(system_id);
    EditableElement& top = document.content();
    CutOut result;
    // Properties and licences of the collections hold for their machines (DSP0243 9.5.1, 9.6).
    for (EditableElement* above = system.parent(); above != &document.envelope();
         above = above->parent()) {
        for (const std::string_view kind : {"ProductSection", "EulaSection"}) {
            for (const EditableElement* section : document.sections(*above, kind)) {
                take_along(document, system, *section);
                result.notes.push_back(fmt::format("'{}' takes along the {} of '{}'", system_id,
                                                   kind, attribute_of(*above, "id")));
            }
        }
    }
    if (&system != &top) {
        document.envelope().add_copy_after(&top, system);
        document.envelope().remove_child(top);
    }
    prune(document, before, true);
    for (const EditableElement* file : document.files()) {
        const std::string member = attribute_of(*file, "href");
        if (!before.files.contains(attribute_of(*file, "id"))) {
            result.notes.push_back(
                fmt::format("file '{}' is used by no machine: every part has it", member));
        }
        for (std::string& file_name : member_names(member)) {
            result.members.push_back(std::move(file_name));
        }
    }
    result.text = document.text();
    return result;
}

}  // namespace ovfkit::edit
