// SPDX-License-Identifier: Apache-2.0
// Passwords, authorized keys and ssh host keys of a machine, by its files alone (a static program
// cannot ask the C library for users).
#pragma once

#include <sys/types.h>
#include <string>
#include <string_view>
#include <vector>

#include "hvruntime/guest/agent/places.h"

namespace hvruntime::agent {

struct Owner {
    uid_t uid = 0;
    gid_t gid = 0;
};
// "user:group" by the machine's own files. Throws not_found.
Owner find_owner(const std::string& owner, const Places& places);

// A crypt(5) hash; a text that is one already is left as it is.
std::string hash_password(const std::string& password);
// Throws not_found when the user is not in /etc/shadow.
void set_password(const std::string& user, const std::string& password, const Places& places);
// Adds those that are not there yet.
void add_public_keys(const std::string& user, const std::vector<std::string>& keys,
                     const Places& places);
// Makes keys when an ssh server is installed and has none.
void make_ssh_host_keys(const Places& places);

}  // namespace hvruntime::agent
