// SPDX-License-Identifier: Apache-2.0
#include "ovfkit/lint/lint.h"

#include <fcntl.h>
#include <algorithm>
#include <charconv>
#include <optional>

#include "base/error.h"
#include "ovfkit/descriptor/read_envelope.h"
#include "ovfkit/lint/checks/checks.h"
#include "ovfkit/package/package_reader.h"
#include "ovfkit/package/source/folder_source.h"
#include "ovfkit/package/source/open_package.h"
#include "ovfkit/package/source/peeked_source.h"
#include "ovfkit/package/tar/member_name.h"
#include "ovfkit/package/tar/tar_header.h"
#include "ovfkit/xml/foreign_document.h"

namespace ovfkit::lint {

namespace {

// "name:line:column: text" of a message about a text.
struct Located {
    Place place;
    std::string text;
};

Located located(const std::string& message, const std::string& name) {
    const std::size_t start = message.find(name + ":");
    if (start == std::string::npos) {
        return {{}, message};
    }
    Place place;
    const char* end = message.data() + message.size();
    const auto line = std::from_chars(message.data() + start + name.size() + 1, end, place.line);
    if (line.ec != std::errc{} || line.ptr == end || *line.ptr != ':') {
        return {{}, message};
    }
    const auto column = std::from_chars(line.ptr + 1, end, place.column);
    if (column.ec != std::errc{} || end - column.ptr < 2) {
        return {{}, message};
    }
    return {place, std::string(column.ptr + 2, end)};
}

bool blames_text(const base::Error& error) {
    return error.kind() == base::ErrorKind::invalid_input ||
           error.kind() == base::ErrorKind::unsupported;
}

// The tree outlives the view of it.
struct Descriptor {
    xml::Element root;
    std::optional<DescriptorView> view;
};

// Everything about the descriptor's text. What cannot be read is a finding like others.
void look_at_descriptor(std::string_view text, const std::string& name, Descriptor& descriptor,
                        Findings& findings) {
    findings.set_file(name);
    check_text(text, findings);
    try {
        descriptor.root = xml::parse_foreign_document(text, name);
        report_diagnostics(examine_envelope(descriptor.root, name).diagnostics, findings);
    } catch (const base::Error& error) {
        if (!blames_text(error)) {
            throw;
        }
        const Located where = located(error.message(), name);
        report_unreadable(where.place, where.text, findings);
        return;
    }
    const DescriptorView& view = descriptor.view.emplace(descriptor.root);
    check_envelope(view, findings);
    check_references(view, findings);
    check_disks(view, findings);
    check_systems(view, findings);
    check_hardware(view, findings);
    check_storage(view, findings);
    check_devices(view, findings);
    check_products(view, findings);
}

class LintHandler : public PackageHandler {
  public:
    explicit LintHandler(const LintProgress& progress) : progress_(progress) {}

    void on_descriptor(const std::string& name, const std::string& text,
                       const Envelope& /*envelope*/) override {
        descriptor = PackageText{name, text};
    }
    void on_text(const std::string& name, const std::string& text) override {
        if (is_manifest_name(name) && !manifest) {
            manifest = PackageText{name, text};
        }
    }
    std::unique_ptr<base::ByteSink> open_member(const std::string& name,
                                                std::uint64_t /*size*/) override {
        files.push_back(std::make_unique<FileEnds>());
        files.back()->name = name;
        return std::make_unique<EndsSink>(*files.back());
    }
    void on_progress(std::uint64_t done, std::uint64_t total) override {
        if (progress_) {
            progress_(done, total);
        }
    }

    std::optional<PackageText> descriptor;
    std::optional<PackageText> manifest;
    std::vector<std::unique_ptr<FileEnds>> files;

  private:
    const LintProgress& progress_;
};

void look_at_package(PackageView& package, Findings& findings) {
    findings.set_file("");
    check_archive(package, findings);
    findings.set_file(package.report.manifest.name);
    check_manifest(package, findings);
    findings.set_file(package.report.signature.name);
    check_signature(package, findings);
    check_disk_files(package, findings);
}

}  // namespace

std::size_t LintReport::count(Level level) const {
    return static_cast<std::size_t>(
        std::count_if(findings.begin(), findings.end(),
                      [&](const Finding& finding) { return finding.level == level; }));
}

LintReport lint_descriptor(std::string_view text, const std::string& name, TargetSet targets) {
    Findings findings(targets);
    Descriptor descriptor;
    look_at_descriptor(text, name, descriptor, findings);
    return {.source = name, .descriptor = name, .findings = findings.take()};
}

LintReport lint_package(base::ByteSource& source, TargetSet targets, const LintProgress& progress) {
    VerifyPolicy policy;
    policy.collect_failures = true;
    policy.any_descriptor = true;
    policy.any_algorithm = true;  // a stream has no second chance
    LintHandler handler(progress);
    Findings findings(targets);
    Descriptor descriptor;
    LintReport report{.source = source.name(),
                      .is_package = true,
                      .is_archive = true,
                      .prefix = source.name() + "/"};
    PackageView package;
    std::string refusal;
    try {
        package.report = read_package(source, handler, policy);
    } catch (const base::Error& error) {
        if (!blames_text(error)) {
            throw;
        }
        refusal = error.message();
    }
    // What there was of it until then is looked at all the same.
    if (handler.descriptor) {
        report.descriptor = handler.descriptor->name;
        look_at_descriptor(handler.descriptor->text, handler.descriptor->name, descriptor,
                           findings);
    }
    if (refusal.empty()) {
        package.manifest = std::move(handler.manifest);
        package.files = std::move(handler.files);
        package.descriptor = descriptor.view ? &*descriptor.view : nullptr;
        look_at_package(package, findings);
    } else {
        findings.set_file("");
        findings.add("PKG-001", refusal);
    }
    report.findings = findings.take();
    return report;
}

namespace {

std::string read_text(base::ByteSource& source) {
    std::string text;
    std::string chunk(65536, '\0');
    while (const std::size_t got = source.read(std::as_writable_bytes(std::span(chunk)))) {
        text.append(chunk, 0, got);
        if (text.size() > xml::kMaxBytes) {
            break;  // the parser will say so
        }
    }
    return text;
}

// "folder/" of "folder/shop.ovf", "" of "shop.ovf".
std::string folder_of(const std::string& path) {
    const std::size_t slash = path.rfind('/');
    return slash == std::string::npos ? "" : path.substr(0, slash + 1);
}

// A descriptor by itself is looked at as such; as soon as one of its files is beside it, it is a
// package whose others are missing.
bool has_files_beside(const std::string& path, const Descriptor& descriptor) {
    const std::string folder = folder_of(path);
    const base::UniqueFd fd(
        ::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!fd || !descriptor.view) {
        return false;
    }
    const auto& files = descriptor.view->files;
    return std::any_of(files.begin(), files.end(), [&](const xml::Element* file) {
        try {
            const std::string name = normalized_member_name(attribute_of(*file, "href"), path);
            return static_cast<bool>(open_beneath(fd.get(), name));
        } catch (const base::Error&) {
            return false;  // the package's reader will say so, if there is a package
        }
    });
}

LintReport lint_folder(const std::string& location, const std::string& descriptor,
                       TargetSet targets, const LintProgress& progress) {
    FolderSource source(descriptor, location);
    LintReport report = lint_package(source, targets, progress);
    report.is_archive = false;
    report.prefix = folder_of(descriptor);
    return report;
}

LintReport lint_descriptor_file(const std::string& path, TargetSet targets,
                                const LintProgress& progress) {
    Findings findings(targets);
    Descriptor descriptor;
    const auto source = base::open_source(path);
    look_at_descriptor(read_text(*source), path, descriptor, findings);
    if (has_files_beside(path, descriptor)) {
        return lint_folder(path, path, targets, progress);
    }
    return {.source = path, .descriptor = path, .findings = findings.take()};
}

bool is_compressed(PackageForm form) {
    return form == PackageForm::gzip || form == PackageForm::xz || form == PackageForm::zstd;
}

}  // namespace

LintReport lint_location(const std::string& location, TargetSet targets,
                         const LintProgress& progress) {
    if (const std::optional<std::string> descriptor = find_folder_descriptor(location)) {
        return *descriptor == location ? lint_descriptor_file(location, targets, progress)
                                       : lint_folder(location, *descriptor, targets, progress);
    }
    auto source = base::open_source(location);
    const std::string start = peek_at(*source, kTarBlock);
    if (source->seekable_fd() < 0) {
        source = std::make_unique<PeekedSource>(std::move(source), start);
    }
    const PackageForm form = find_package_form(base::as_bytes(start));
    if (form == PackageForm::xml) {
        return lint_descriptor(read_text(*source), source->name(), targets);
    }
    const auto package = unpacked_source(std::move(source));
    LintReport report = lint_package(*package, targets, progress);
    if (is_compressed(form)) {
        Findings findings(targets);
        findings.add("PKG-020", "the package is compressed");
        std::vector<Finding> more = findings.take();
        std::move(more.begin(), more.end(), std::back_inserter(report.findings));
    }
    return report;
}

}  // namespace ovfkit::lint
