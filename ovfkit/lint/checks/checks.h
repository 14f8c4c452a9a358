// SPDX-License-Identifier: Apache-2.0
// The areas of rules: each gives its table and the function that applies it. A check says what it
// sees; levels and targets are the table's business. Pure; they borrow what they look at.
#pragma once

#include <span>
#include <string_view>

#include "ovfkit/descriptor/diagnostic.h"
#include "ovfkit/lint/descriptor_view.h"
#include "ovfkit/lint/finding.h"
#include "ovfkit/lint/package_view.h"
#include "ovfkit/lint/rule.h"

namespace ovfkit::lint {

using Rules = std::span<const Rule>;

// The bytes of the descriptor, before they are parsed.
Rules text_rules();
void check_text(std::string_view text, Findings& findings);
// What keeps the text from being read at all: `message` is the parser's or the reader's.
void report_unreadable(Place place, const std::string& message, Findings& findings);
// What the reader of descriptors found.
Rules reader_rules();
void report_diagnostics(const Diagnostics& diagnostics, Findings& findings);

// The tree of elements.
Rules envelope_rules();
void check_envelope(const DescriptorView& view, Findings& findings);
Rules reference_rules();
void check_references(const DescriptorView& view, Findings& findings);
Rules disk_rules();
void check_disks(const DescriptorView& view, Findings& findings);
Rules system_rules();
void check_systems(const DescriptorView& view, Findings& findings);
Rules hardware_rules();
void check_hardware(const DescriptorView& view, Findings& findings);
Rules storage_rules();
void check_storage(const DescriptorView& view, Findings& findings);
Rules device_rules();
void check_devices(const DescriptorView& view, Findings& findings);
Rules product_rules();
void check_products(const DescriptorView& view, Findings& findings);

// The package around it.
Rules archive_rules();
void check_archive(const PackageView& package, Findings& findings);
Rules manifest_rules();
void check_manifest(const PackageView& package, Findings& findings);
Rules signature_rules();
void check_signature(const PackageView& package, Findings& findings);
Rules vmdk_rules();
void check_disk_files(const PackageView& package, Findings& findings);

}  // namespace ovfkit::lint
