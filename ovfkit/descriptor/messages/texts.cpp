// SPDX-License-Identifier: Apache-2.0
#include "ovfkit/descriptor/messages/texts.h"

namespace ovfkit {

namespace {

void visit_product(ProductSection& section, const TextVisitor& visit) {
    const MessageIds& ids = section.message_ids;
    visit(ids, "Info", section.info);
    visit(ids, "Product", section.product);
    visit(ids, "Vendor", section.vendor);
    visit(ids, "Version", section.version);
    visit(ids, "FullVersion", section.full_version);
    visit(ids, "ProductUrl", section.product_url);
    visit(ids, "VendorUrl", section.vendor_url);
    visit(ids, "AppUrl", section.app_url);
    for (Property& property : section.properties) {
        visit(property.message_ids, "Category", property.category);
        visit(property.message_ids, "Label", property.label);
        visit(property.message_ids, "Description", property.description);
    }
}

template <typename T>
void visit_common(T& owner, const TextVisitor& visit) {
    visit(owner.message_ids, "Info", owner.info);
    visit(owner.message_ids, "Name", owner.name);
    visit(owner.message_ids, "Annotation", owner.annotation);
    for (ProductSection& product : owner.products) {
        visit_product(product, visit);
    }
    for (Eula& eula : owner.eulas) {
        visit(eula.message_ids, "Info", eula.info);
        visit(eula.message_ids, "License", eula.license);
    }
}

void visit_content(Content& content, const TextVisitor& visit) {
    if (auto* system = std::get_if<VirtualSystem>(&content)) {
        visit_common(*system, visit);
        if (system->os) {
            visit(system->os->message_ids, "Info", system->os->info);
            visit(system->os->message_ids, "Description", system->os->description);
        }
        for (HardwareSection& section : system->hardware) {
            visit(section.message_ids, "Info", section.info);
        }
        return;
    }
    auto& collection = std::get<VirtualSystemCollection>(content);
    visit_common(collection, visit);
    for (ScaleOut& scale_out : collection.scale_outs) {
        visit(scale_out.message_ids, "Info", scale_out.info);
        visit(scale_out.message_ids, "Description", scale_out.description);
    }
    for (Content& member : collection.members) {
        visit_content(member, visit);
    }
}

}  // namespace

void visit_texts(Envelope& envelope, const TextVisitor& visit) {
    for (Network& network : envelope.networks) {
        visit(network.message_ids, "Description", network.description);
    }
    for (DeploymentConfiguration& one : envelope.configurations) {
        visit(one.message_ids, "Label", one.label);
        visit(one.message_ids, "Description", one.description);
    }
    for (PlacementGroup& group : envelope.placement_groups) {
        visit(group.message_ids, "Info", group.info);
        visit(group.message_ids, "Description", group.description);
    }
    if (envelope.content) {
        visit_content(*envelope.content, visit);
    }
}

}  // namespace ovfkit
