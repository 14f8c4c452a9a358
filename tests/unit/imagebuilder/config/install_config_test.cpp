// SPDX-License-Identifier: Apache-2.0
#include "imagebuilder/config/install_config.h"

#include "tests/support/busybox_tree.h"
#include "tests/support/catch.h"

using namespace imagebuilder;

namespace {

namespace fs = std::filesystem;

bool is_in_message(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("the configuration of an image is put into its tree, with its defaults",
          "[imagebuilder][config]") {
    if (!tests::can_sandbox()) {
        return;
    }
    const tests::BusyboxTree fixture;
    fixture.apply(WriteFile{"/etc/own.conf", "listen ${port};\n", 0640, "web:web"});
    fixture.apply(WriteFile{"/etc/kept.conf", "of the package\n"});
    ImageConfig config;
    config.schema.keys = {{.name = "port", .default_value = "80", .reload = {"web.service"}},
                          {.name = "host", .required = true}};
    config.files = {{{.path = "/etc/own.conf"}, true, false, "recipe.yaml:3:1"},
                    {{.path = "/etc/kept.conf", .text = "${port}"}, false, true, "r:4:1"},
                    {{.path = "/etc/sub/new.conf", .text = "p ${port}"}, false, false, "r:5:1"},
                    {{.path = "/etc/later.conf", .text = "${host}"}, false, false, "r:6:1"}};
    const auto schema = install_config(fixture.context(), "web", config);
    const auto read = [&](const char* path) { return base::read_file(fixture.tree / path); };
    CHECK(read("etc/own.conf") == "listen 80;\n");
    CHECK(read("etc/kept.conf") == "of the package\n");
    CHECK(read("etc/sub/new.conf") == "p 80");
    CHECK_FALSE(fs::exists(fixture.tree / "etc/later.conf"));
    REQUIRE(schema.files.size() == 4);
    CHECK(schema.files[0].text == "listen ${port};\n");
    CHECK(schema.files[0].owner == "web:web");
    CHECK(schema.files[0].permissions == 0640U);
    const std::string json =
        run_script(fixture.context(), "cat /etc/muster/config.d/web.json", {}, "read");
    CHECK(ovfkit::parse_config_schema(json, "web.json") == schema);

    const auto fault = [&] {
        return tests::error_of([&] { install_config(fixture.context(), "web", config); });
    };
    // systemd says nothing about a unit that it does not have.
    fixture.apply(WriteFile{"/usr/bin/systemctl",
                            "#!/bin/sh\n[ \"$3\" = db.service ] && echo enabled\n", 0755});
    CHECK(is_in_message(fault().message(), "the image has no unit 'web.service'"));
    fixture.apply(WriteFile{"/usr/bin/systemctl", "#!/bin/sh\necho disabled\nexit 1\n", 0755});
    CHECK_NOTHROW(install_config(fixture.context(), "web", config));
    fixture.apply(WriteFile{"/etc/own.conf", "${prot}"});
    CHECK(
        is_in_message(fault().message(), "recipe.yaml:3:1: /etc/own.conf: there is no key 'prot'"));
    config.files[0].file.path = "/etc/none.conf";
    CHECK(is_in_message(fault().message(),
                        "recipe.yaml:3:1: the image has no file '/etc/none.conf'"));
}
