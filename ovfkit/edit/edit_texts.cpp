// SPDX-License-Identifier: Apache-2.0
// Name, annotation, licence and product of a machine or an assembly. DSP0243 9.4 to 9.6.
#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/error.h"
#include "base/file.h"
#include "base/yaml.h"
#include "ovfkit/edit/edit_steps.h"

namespace ovfkit::edit {

namespace {

constexpr std::uint64_t kMaxTextFile = 4U << 20U;

struct ProductField {
    std::string_view name;
    std::string_view element;
};
// In the order of the schema.
constexpr std::array<ProductField, 7> kProductFields{{{"product", "Product"},
                                                      {"vendor", "Vendor"},
                                                      {"version", "Version"},
                                                      {"full-version", "FullVersion"},
                                                      {"product-url", "ProductUrl"},
                                                      {"vendor-url", "VendorUrl"},
                                                      {"app-url", "AppUrl"}}};

void remove_sections(EditSession& session, EditableElement& owner, std::string_view kind) {
    for (EditableElement* section : session.document().sections(owner, kind)) {
        owner.remove_child(*section);
    }
}

// The section about the thing itself: the one without a class, else the first.
EditableElement& main_product(EditSession& session, EditableElement& owner) {
    DescriptorDocument& document = session.document();
    const auto sections = document.sections(owner, "ProductSection");
    for (EditableElement* section : sections) {
        if (attribute_of(*section, "class").empty()) {
            return *section;
        }
    }
    return sections.empty() ? document.add_section(owner, "ProductSection", "The product")
                            : *sections.front();
}

}  // namespace

void set_name(EditSession& session, const EditStep& step) {
    if (session.document().dialect() == Dialect::ovf09) {
        throw base::Error(base::ErrorKind::unsupported,
                          "OVF 0.9 knows no names of virtual systems, only ids");
    }
    session.document().set_child_text(session.machine_or_top(), "Name", step.value, {"Info"});
}

void set_annotation(EditSession& session, const EditStep& step) {
    EditableElement& owner = session.machine_or_top();
    if (step.value.empty()) {
        remove_sections(session, owner, "AnnotationSection");
        return;
    }
    DescriptorDocument& document = session.document();
    EditableElement& section =
        document.obtain_section(owner, "AnnotationSection", "A human-readable annotation");
    document.set_child_text(section, "Annotation", step.value, {"Info"});
}

void set_eula(EditSession& session, const EditStep& step) {
    EditableElement& owner = session.machine_or_top();
    if (step.value.empty()) {
        remove_sections(session, owner, "EulaSection");
        return;
    }
    const std::string text = base::read_file(step.value, kMaxTextFile);
    DescriptorDocument& document = session.document();
    EditableElement& section =
        document.obtain_section(owner, "EulaSection", "The licence agreement");
    document.set_child_text(section, "License", text, {"Info"});
}

void set_product(EditSession& session, const EditStep& step) {
    const std::size_t equals = step.value.find('=');
    const std::string field = step.value.substr(0, equals);
    const auto found = std::find_if(kProductFields.begin(), kProductFields.end(),
                                    [&](const ProductField& known) { return known.name == field; });
    if (found == kProductFields.end()) {
        std::vector<std::string> names;
        for (const ProductField& known : kProductFields) {
            names.emplace_back(known.name);
        }
        const auto similar = base::find_similar(field, names);
        throw base::Error(
            base::ErrorKind::usage,
            fmt::format("a product has no field '{}'{}", field,
                        similar ? fmt::format(", did you mean '{}'?", *similar) : ""),
            "product, vendor, version, full-version, product-url, vendor-url, app-url");
    }
    EditableElement& section = main_product(session, session.machine_or_top());
    const std::string value = step.value.substr(equals + 1);
    EditableElement* existing = section.find_child(found->element);
    if (value.empty()) {
        if (existing != nullptr) {
            section.remove_child(*existing);
        }
        return;
    }
    std::vector<std::string_view> before{"Info"};
    for (auto field_before = kProductFields.begin(); field_before != found; ++field_before) {
        before.push_back(field_before->element);
    }
    session.document().set_child_text(section, found->element, value, before);
}

}  // namespace ovfkit::edit
