// SPDX-License-Identifier: Apache-2.0
#include "assembler/introspect/rebuild/recipes_of_facts.h"

#include <algorithm>

#include "assembler/introspect/rebuild/recipe_files.h"
#include "base/file.h"
#include "imagebuilder/recipe.h"
#include "tests/support/catch.h"
#include "tests/support/memory_tree.h"
#include "tests/unit/assembler/introspect/connect/sample_facts.h"

using namespace assembler;

namespace {

const RecipeFile* file_at(const GeneratedRecipe& recipe, const std::string& path) {
    for (const RecipeFile& file : recipe.files) {
        if (file.path == path) {
            return &file;
        }
    }
    return nullptr;
}

bool says_left_out(const GeneratedRecipe& recipe, const std::string& text) {
    return std::any_of(recipe.left_out.begin(), recipe.left_out.end(),
                       [&](const std::string& one) { return one.find(text) != std::string::npos; });
}

MachineFacts app_machine() {
    MachineFacts app = tests::shop_app();
    app.os.pretty_name = "Debian GNU/Linux 12 (bookworm)";
    app.os.timezone = "Europe/Berlin";
    app.packages = {{.name = "nginx", .version = "1.22"},
                    {.name = "libc6", .version = "2.36", .automatic = true},
                    {.name = "linux-image-6.1.0-18-amd64"},
                    {.name = "grub-pc"},
                    {.name = "apt", .version = "2.6", .base = true}};
    app.services = {{.unit = "shop.service",
                     .enabled = true,
                     .user = "shop",
                     .evidence = {"/etc/systemd/system/shop.service", 1, 1.0}},
                    {.unit = "nginx.service", .enabled = true, .package = "nginx"}};
    app.users = {{.name = "root", .uid = 0, .system = true},
                 {.name = "www-data", .uid = 33, .system = true},
                 {.name = "shop", .uid = 999, .shell = "/usr/sbin/nologin", .system = true},
                 {.name = "ops",
                  .uid = 1000,
                  .home = "/home/ops",
                  .shell = "/bin/bash",
                  .groups = {"ops", "sudo"},
                  .has_password = true}};
    app.changed_files = {
        {.path = "/etc/shop/shop.env", .change = ChangedFile::Change::added},
        {.path = "/etc/nginx/nginx.conf", .change = ChangedFile::Change::modified},
        {.path = "/etc/nginx/sites-enabled/default", .change = ChangedFile::Change::removed},
        {.path = "/etc/nginx/sites-enabled/shop", .change = ChangedFile::Change::added},
        {.path = "/etc/shadow", .change = ChangedFile::Change::modified},
        {.path = "/etc/network/interfaces", .change = ChangedFile::Change::modified},
        {.path = "/etc/ssl/private/shop.key", .change = ChangedFile::Change::added}};
    app.secrets = {{"password in a connection URL",
                    "",
                    {"/etc/shop/shop.env", 1, 1.0},
                    {"/etc/shop/shop.env", 1, 22, 6}},
                   {"private key", "", {"/etc/ssl/private/shop.key", 1, 1.0}, {}}};
    return app;
}

tests::MemoryTree app_tree() {
    tests::MemoryTree tree;
    tree.file("/etc/passwd", "root:x:0:0::/root:/bin/sh\nshop:x:999:998::/:/bin/sh\n")
        .file("/etc/group", "root:x:0:\nshop:x:998:\n")
        .file("/etc/shadow", "root:*:1::::::\nops:$6$salt$hash:1::::::\n")
        .file("/etc/shop/shop.env", "DB=postgresql://shop:s3cret@db/shop\n", 0640)
        .file("/etc/nginx/nginx.conf", "worker_processes 4;\n")
        .link("/etc/nginx/sites-enabled/shop", "../sites-available/shop")
        .file("/etc/ssl/private/shop.key", "-----BEGIN PRIVATE KEY-----\n", 0600)
        .file("/etc/systemd/system/shop.service", "[Service]\nExecStart=/opt/shop/run\n")
        .file("/home/ops/.ssh/authorized_keys", "# me\nssh-ed25519 AAAA ops@desk\n")
        .file("/opt/shop/run", "#!/bin/sh\n", 0755)
        .link("/opt/shop/current", "run")
        .file("/usr/local/bin/it's", "x", 0755);
    tree.put("/opt/shop/data",
             {.type = imagebuilder::TreeEntry::Type::file,
              .permissions = 0600,
              .uid = 999,
              .gid = 998,
              .size = 4},
             "data");
    tree.put("/srv/socket", {.type = imagebuilder::TreeEntry::Type::other});
    return tree;
}

}  // namespace

TEST_CASE("a recipe that rebuilds a machine loads", "[assembler][rebuild]") {
    const GeneratedRecipe made = recipe_of_facts(app_machine(), app_tree(), "{}", {});
    INFO(made.text);
    const base::TempDir dir;
    base::write_file(dir.path() / "recipe.yaml", made.text);
    const imagebuilder::Recipe recipe = imagebuilder::load_recipe(dir.path());
    CHECK(recipe.name == "app");
    REQUIRE(recipe.source);
    CHECK(recipe.source->release == "bookworm");
    std::vector<std::string> steps;
    for (const imagebuilder::Step& step : recipe.steps) {
        steps.push_back(describe(step.action));
    }
    CHECK(steps[0] == "packages: dbus iproute2 linux-image-amd64 nginx systemd-sysv udev");
    CHECK(steps[1] == "user: shop");
    CHECK(steps[2] == "user: ops");
    const auto has = [&](const std::string& step) {
        return std::find(steps.begin(), steps.end(), step) != steps.end();
    };
    CHECK(has("copy: files/etc/shop/shop.env to /etc/shop/shop.env"));
    CHECK(has("copy: files/etc/systemd/system/shop.service to /etc/systemd/system/shop.service"));
    CHECK(has("copy: files/opt/shop to /opt/shop"));
    CHECK(has("copy: files/introspected.json to /etc/muster/config.d/introspected.json"));
    CHECK(has("run: rm -f '/etc/nginx/sites-enabled/default'"));
    CHECK(
        has("run: mkdir -p '/etc/nginx/sites-enabled/' && ln -sfn -- '../sites-available/shop' "
            "'/etc/nginx/sites-enabled/shop'"));
    CHECK(has("enable: serial-getty@ttyS0.service shop.service systemd-networkd.service"));
    for (const std::string& step : steps) {
        CHECK(step.find("/etc/shadow") == std::string::npos);
        CHECK(step.find("/etc/network/") == std::string::npos);
    }
}

TEST_CASE("files of a recipe keep their bytes, owners and modes", "[assembler][rebuild]") {
    const GeneratedRecipe made = recipe_of_facts(app_machine(), app_tree(), "", {});
    REQUIRE(file_at(made, "files/opt/shop/run") != nullptr);
    CHECK(file_at(made, "files/opt/shop/run")->permissions == 0755);
    CHECK(file_at(made, "files/opt/shop/data")->content == "data");
    CHECK(made.text.find("permissions: \"0640\"") != std::string::npos);
    CHECK(file_at(made, "files/usr/local/bin/it's") != nullptr);
    CHECK(shell_quoted("it's") == "'it'\\''s'");
    CHECK(says_left_out(made, "/srv/socket"));
}

TEST_CASE("a recipe holds no secrets, and says where they were", "[assembler][rebuild]") {
    const GeneratedRecipe made = recipe_of_facts(app_machine(), app_tree(), "", {});
    CHECK(file_at(made, "files/etc/shop/shop.env")->content ==
          "DB=postgresql://shop:CHANGE-ME@db/shop\n");
    CHECK(file_at(made, "files/etc/ssl/private/shop.key") == nullptr);
    CHECK(made.text.find("$6$") == std::string::npos);
    CHECK(says_left_out(made, "/etc/ssl/private/shop.key: it holds a private key"));
    CHECK(made.text.find("# Left out: /etc/shop/shop.env:1: the password") != std::string::npos);
}

TEST_CASE("asked for, a recipe keeps secrets and password hashes", "[assembler][rebuild]") {
    const GeneratedRecipe made =
        recipe_of_facts(app_machine(), app_tree(), "", {.keep_secrets = true});
    CHECK(file_at(made, "files/etc/shop/shop.env")->content.find("s3cret") != std::string::npos);
    CHECK(file_at(made, "files/etc/ssl/private/shop.key") != nullptr);
    CHECK(made.text.find("$6$salt$hash") != std::string::npos);
    CHECK(made.text.find("ssh-ed25519 AAAA ops@desk") != std::string::npos);
}

TEST_CASE("a tree that is too large is left out and named", "[assembler][rebuild]") {
    tests::MemoryTree tree = app_tree();
    tree.file("/opt/large/blob", std::string(4096, 'x'));
    const GeneratedRecipe made =
        recipe_of_facts(app_machine(), tree, "", {.most_tree_bytes = 2048});
    CHECK(says_left_out(made, "/opt: there is more than 2 KiB of it"));
    CHECK(file_at(made, "files/opt/shop/run") == nullptr);
    CHECK(file_at(made, "files/usr/local/bin/it's") != nullptr);
}

TEST_CASE("hostile names do not get into a recipe", "[assembler][rebuild]") {
    MachineFacts app = app_machine();
    app.packages.push_back({.name = "x\n  - evil"});
    app.users.push_back({.name = "a b", .uid = 1001});
    app.services.push_back({.unit = "x\nrun: evil", .enabled = true});
    app.os.timezone = "x; evil";
    app.changed_files.push_back({.path = "/etc/a\nb", .change = ChangedFile::Change::added});
    app.changed_files.push_back({.path = "/etc/../../b", .change = ChangedFile::Change::removed});
    const GeneratedRecipe made = recipe_of_facts(app, app_tree(), "", {});
    CHECK(made.text.find("evil") == std::string::npos);
    CHECK(made.text.find("../../b") == std::string::npos);
    CHECK_NOTHROW(imagebuilder::parse_recipe(made.text, "recipe.yaml"));
}

TEST_CASE("a system that cannot be bootstrapped has no recipe", "[assembler][rebuild]") {
    MachineFacts app = app_machine();
    app.os = {.id = "alpine", .version_id = "3.20", .pretty_name = "Alpine Linux v3.20"};
    const base::Error error = tests::error_of([&] { recipe_of_facts(app, app_tree(), "", {}); });
    CHECK(error.kind() == base::ErrorKind::unsupported);
    CHECK(error.message().find("Alpine") != std::string::npos);
}
