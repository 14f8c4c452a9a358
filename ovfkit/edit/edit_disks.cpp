// SPDX-License-Identifier: Apache-2.0
// Disks and files. A disk with a file has the size that its content says: the descriptor is brought
// in line with it, or the content is encoded again with more room. DSP0243 7.1, 9.1.
#include <algorithm>
#include <filesystem>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/byte_size.h"
#include "base/error.h"
#include "base/file.h"
#include "ovfkit/descriptor/hardware.h"
#include "ovfkit/disk/member_sink.h"
#include "ovfkit/edit/disk_elements.h"
#include "ovfkit/edit/edit_steps.h"
#include "ovfkit/edit/hardware_items.h"
#include "ovfkit/edit/references.h"
#include "ovfkit/package/reference_check.h"
#include "ovfkit/package/tar/member_name.h"

namespace ovfkit::edit {

using base::Error;
using base::ErrorKind;

namespace {

EditableElement& require_disk(EditSession& session, const std::string& id) {
    if (EditableElement* disk = session.document().find_disk(id)) {
        return *disk;
    }
    const auto ids = ids_of(session.document().disks(), "diskId");
    throw Error(ErrorKind::not_found, fmt::format("there is no disk '{}'", id),
                ids.empty() ? "the descriptor has none; --add-disk makes one"
                            : fmt::format("there are: {}", fmt::join(ids, ", ")));
}

std::optional<std::uint64_t> content_capacity(EditSession& session, const EditableElement& disk) {
    const EditableElement* element = session.document().find_file(attribute_of(disk, "fileRef"));
    if (element == nullptr || !session.surroundings().content_capacity) {
        return std::nullopt;
    }
    FileReference file;
    file.href = attribute_of(*element, "href");
    file.compression = attribute_of(*element, "compression");
    return session.surroundings().content_capacity(file);
}

std::uint64_t require_content(const std::optional<std::uint64_t>& content,
                              const EditableElement& disk, const std::string& id) {
    if (!content) {
        throw Error(ErrorKind::unsupported,
                    fmt::format("the size of disk '{}' cannot be told from its content", id),
                    attribute_of(disk, "fileRef").empty()
                        ? "it is a blank disk; give the size"
                        : "it is neither a VMDK nor a qcow2 image, or comes in a stream; give the "
                          "size");
    }
    return *content;
}

std::uint64_t parse_disk_size(const std::string& size) {
    const std::uint64_t bytes = base::parse_byte_size(size);
    if (bytes == 0 || bytes % 512 != 0) {
        throw Error(ErrorKind::usage, fmt::format("'{}' is no size of a disk", size),
                    "a disk has whole sectors of 512 bytes");
    }
    return bytes;
}

void refuse_to_shrink(const std::string& id, std::uint64_t content, std::uint64_t bytes) {
    if (bytes < content) {
        throw Error(
            ErrorKind::invalid_input,
            fmt::format("disk '{}' has a content of {}, which does not fit into {}", id,
                        base::format_byte_size(content), base::format_byte_size(bytes)),
            "make the image smaller and add it again (--remove-disk, --add-disk); size=content "
            "brings the descriptor in line with the file");
    }
}

// What a file of the user's is called in the package: a plain name that nobody has yet.
std::string new_member_name(EditSession& session, const EditStep& step,
                            const std::string& fallback) {
    const std::string wanted = argument(step, "member", fallback);
    if (normalized_member_name(wanted, "package") != wanted) {
        throw Error(ErrorKind::usage, fmt::format("'{}' is no plain file name", wanted));
    }
    const auto names = session.member_names();
    const bool taken = std::any_of(names.begin(), names.end(), [&](const std::string& name) {
        return folded_name(name) == folded_name(wanted);
    });
    if (taken) {
        throw Error(ErrorKind::conflict, fmt::format("the package has a file '{}' already", wanted),
                    "give another name: member=NAME");
    }
    return wanted;
}

EditableElement& add_reference(EditSession& session, const std::string& id,
                               const std::string& member, std::optional<std::uint64_t> bytes) {
    DescriptorDocument& document = session.document();
    EditableElement* references = document.find_section(document.envelope(), "References");
    if (references == nullptr) {
        references =
            &document.envelope().add_child_after(nullptr, document.ovf_namespace(), "References");
    }
    EditableElement& file = references->add_last_child(document.ovf_namespace(), "File");
    file.set_attribute("id", free_name(id, ids_of(document.files(), "id")));
    file.set_attribute("href", member);
    if (bytes) {
        file.set_attribute("size", std::to_string(*bytes));
    }
    return file;
}

// The controller that the machine's disks are on, else any that takes disks, else a new one.
std::string disk_controller(HardwareItems& items) {
    for (const int type : {resource::kDisk, resource::kLogicalDisk}) {
        for (const EditableElement* disk : items.of_type(type)) {
            if (const std::string parent = HardwareItems::text_of(*disk, "Parent");
                !parent.empty()) {
                return parent;
            }
        }
    }
    for (const int type :
         {resource::kScsiController, resource::kOtherStorage, resource::kIdeController}) {
        const auto controllers = items.of_type(type);
        if (!controllers.empty()) {
            return HardwareItems::text_of(*controllers.front(), "InstanceID");
        }
    }
    EditableElement& controller = items.add(resource::kScsiController, "SCSI controller 0");
    items.set_text(controller, "Address", "0");
    items.set_text(controller, "ResourceSubType", "lsilogic");
    return HardwareItems::text_of(controller, "InstanceID");
}

void attach_disk(EditSession& session, const std::string& id) {
    for (HardwareItems& items : hardware_of(session.document(), session.machine())) {
        const std::string controller = disk_controller(items);
        const int place = items.free_address_on(controller);
        const std::size_t number = items.of_type(resource::kDisk).size() + 1;
        EditableElement& item = items.add(resource::kDisk, fmt::format("Hard disk {}", number));
        items.set_text(item, "AddressOnParent", std::to_string(place));
        const bool old = session.document().dialect() == Dialect::ovf09;
        items.set_text(item, "HostResource", fmt::format("{}/disk/{}", old ? "" : "ovf:", id));
        items.set_text(item, "Parent", controller);
    }
}

EditableElement& add_disk_element(EditSession& session, const std::string& id,
                                  std::uint64_t capacity) {
    DescriptorDocument& document = session.document();
    EditableElement& section =
        document.obtain_section(document.envelope(), "DiskSection", "The virtual disks");
    EditableElement& disk = section.add_last_child(document.ovf_namespace(), "Disk");
    disk.set_attribute("diskId", id);
    disk.set_attribute("capacity", std::to_string(capacity));
    return disk;
}

std::string require_new_disk_id(EditSession& session, const EditStep& step) {
    const auto ids = ids_of(session.document().disks(), "diskId");
    const std::string wanted = argument(step, "id");
    if (!wanted.empty() && std::find(ids.begin(), ids.end(), wanted) != ids.end()) {
        throw Error(ErrorKind::conflict, fmt::format("there is a disk '{}' already", wanted));
    }
    return wanted.empty() ? free_name("vmdisk", ids) : wanted;
}

void add_disk_of_file(EditSession& session, const EditStep& step, const std::string& id) {
    const std::string stem = std::filesystem::path(step.value).stem().string();
    const std::string member = new_member_name(session, step, stem + ".vmdk");
    if (!session.surroundings().prepare_disk) {
        base::unreachable("adding a disk where none can be prepared");
    }
    const PreparedDisk prepared = session.surroundings().prepare_disk(step.value, member);
    const EditableElement& file = add_reference(session, id + "-file", member, prepared.bytes);
    EditableElement& disk = add_disk_element(session, id, prepared.capacity_bytes);
    disk.set_attribute("fileRef", attribute_of(file, "id"));
    disk.set_attribute("format", kStreamOptimizedFormatUri);
    if (prepared.populated_bytes) {
        disk.set_attribute("populatedSize", std::to_string(*prepared.populated_bytes));
    }
    session.add_file({prepared.path, member});
}

bool is_in_a_chain(const DescriptorDocument& document, const EditableElement& disk,
                   const std::string& id) {
    const auto disks = document.disks();
    return !attribute_of(disk, "parentRef").empty() ||
           std::any_of(disks.begin(), disks.end(), [&](const EditableElement* other) {
               return attribute_of(*other, "parentRef") == id;
           });
}

// The file that gets the disk's new content: its own, or a new one when other disks have it too.
EditableElement& file_for_growth(EditSession& session, const EditableElement& disk,
                                 const std::string& id) {
    DescriptorDocument& document = session.document();
    const std::string file_id = attribute_of(disk, "fileRef");
    const auto disks = document.disks();
    const auto users = std::count_if(disks.begin(), disks.end(), [&](const EditableElement* other) {
        return attribute_of(*other, "fileRef") == file_id;
    });
    EditableElement& file = *document.find_file(file_id);
    if (users == 1) {
        session.remove_member(attribute_of(file, "href"));
        return file;
    }
    const std::string member = free_name(id + ".vmdk", session.member_names());
    return add_reference(session, id + "-file", member, std::nullopt);
}

void grow_disk(EditSession& session, EditableElement& disk, const std::string& id,
               std::uint64_t bytes) {
    if (!session.surroundings().grow_disk || is_in_a_chain(session.document(), disk, id)) {
        throw Error(ErrorKind::unsupported,
                    fmt::format("disk '{}' cannot be made larger: it is part of a chain of deltas, "
                                "or its content cannot be had",
                                id),
                    "make the image larger and add it again (--remove-disk, --add-disk)");
    }
    EditableElement& file = file_for_growth(session, disk, id);
    FileReference reference;
    reference.href = attribute_of(file, "href");
    const std::string member = member_names_of(reference).back();
    const PreparedDisk prepared = session.surroundings().grow_disk(id, bytes, member);
    if (prepared.bytes) {
        file.set_attribute("size", std::to_string(*prepared.bytes));
    }
    file.remove_attribute("compression");
    file.remove_attribute("chunkSize");
    disk.set_attribute("fileRef", attribute_of(file, "id"));
    disk.set_attribute("format", kStreamOptimizedFormatUri);
    if (prepared.populated_bytes) {
        disk.set_attribute("populatedSize", std::to_string(*prepared.populated_bytes));
    }
    session.add_file({prepared.path, member});
    session.note(fmt::format(
        "disk '{}' is encoded again, larger: partitions and file systems in it are as they were",
        id));
}

void drop_file_element(EditSession& session, EditableElement& file) {
    session.remove_member(attribute_of(file, "href"));
    file.parent()->remove_child(file);
}

void remove_disk_element(EditableElement& disk) {
    EditableElement* section = disk.parent();
    section->remove_child(disk);
    if (section->children("Disk").empty()) {
        section->parent()->remove_child(*section);
    }
}

}  // namespace

void set_disk(EditSession& session, const EditStep& step) {
    const std::string size = argument(step, "size");
    if (size.empty()) {
        throw Error(ErrorKind::usage, "nothing is said about the disk",
                    "write --disk ID,size=20GiB");
    }
    EditableElement& disk = require_disk(session, step.value);
    if (attribute_of(disk, "capacity").starts_with("${")) {
        throw Error(ErrorKind::invalid_input,
                    fmt::format("the capacity of disk '{}' is the value of a property, {}",
                                step.value, attribute_of(disk, "capacity")),
                    "change that property: --property KEY=VALUE");
    }
    const auto content = content_capacity(session, disk);
    if (size == "content") {
        write_capacity(disk, require_content(content, disk, step.value));
        return;
    }
    const std::uint64_t bytes = parse_disk_size(size);
    if (content) {
        refuse_to_shrink(step.value, *content, bytes);
        if (bytes > *content) {
            grow_disk(session, disk, step.value, bytes);
        }
    } else if (!attribute_of(disk, "fileRef").empty()) {
        session.note(
            fmt::format("disk '{}': nobody checked whether its content has this size", step.value));
    }
    write_capacity(disk, bytes);
}

void add_disk(EditSession& session, const EditStep& step) {
    const std::string size = argument(step, "size");
    if (step.value.empty() == size.empty()) {
        throw Error(ErrorKind::usage, "a new disk comes from a file, or is blank and has a size",
                    "write --add-disk FILE or --add-disk size=20GiB");
    }
    session.machine();  // who gets it must be clear before anything is done
    const std::string id = require_new_disk_id(session, step);
    if (step.value.empty()) {
        add_disk_element(session, id, parse_disk_size(size))
            .set_attribute("format", kStreamOptimizedFormatUri);
    } else {
        add_disk_of_file(session, step, id);
    }
    attach_disk(session, id);
}

void remove_disk(EditSession& session, const EditStep& step) {
    DescriptorDocument& document = session.document();
    EditableElement& disk = require_disk(session, step.value);
    for (const EditableElement* other : document.disks()) {
        if (attribute_of(*other, "parentRef") == step.value) {
            throw Error(ErrorKind::conflict,
                        fmt::format("disk '{}' is the base of disk '{}'", step.value,
                                    attribute_of(*other, "diskId")),
                        "remove that one first");
        }
    }
    const std::string file_id = attribute_of(disk, "fileRef");
    for (EditableElement* item : items_of_resource(document, true, step.value)) {
        const std::string system = system_around(*item);
        item->parent()->remove_child(*item);
        session.note(fmt::format("disk '{}' was taken from '{}'", step.value, system));
    }
    remove_disk_element(disk);
    EditableElement* file = document.find_file(file_id);
    if (file != nullptr && !uses_of(document).files.contains(file_id)) {
        session.note(fmt::format("file '{}' goes with it", attribute_of(*file, "href")));
        drop_file_element(session, *file);
    }
}

void add_file(EditSession& session, const EditStep& step) {
    const std::filesystem::path path(step.value);
    const std::string member = new_member_name(session, step, path.filename().string());
    const std::uint64_t bytes = base::file_size(path);
    add_reference(session, argument(step, "id", path.stem().string()), member, bytes);
    session.add_file({step.value, member});
}

void remove_file(EditSession& session, const EditStep& step) {
    DescriptorDocument& document = session.document();
    EditableElement* file = document.find_file(step.value);
    for (EditableElement* candidate : document.files()) {
        if (file == nullptr && attribute_of(*candidate, "href") == step.value) {
            file = candidate;
        }
    }
    if (file == nullptr) {
        throw Error(ErrorKind::not_found, fmt::format("there is no file '{}'", step.value),
                    fmt::format("there are: {}", fmt::join(ids_of(document.files(), "id"), ", ")));
    }
    const std::string id = attribute_of(*file, "id");
    if (uses_of(document).files.contains(id)) {
        throw Error(ErrorKind::conflict, fmt::format("file '{}' is in use", step.value),
                    "remove the disk that it belongs to: --remove-disk ID");
    }
    drop_file_element(session, *file);
}

}  // namespace ovfkit::edit
