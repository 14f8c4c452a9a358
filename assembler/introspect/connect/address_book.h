// SPDX-License-Identifier: Apache-2.0
// Which machine of a set an address or a name leads to, as one of them would find it: by the
// addresses of interfaces, by host names, and by the /etc/hosts of the machine that asks and of the
// others. Keeps no reference to the facts.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "assembler/introspect/facts.h"

namespace assembler {

struct Owner {
    std::string machine;
    double confidence = 1.0;
    std::string how;  // "address of eth0", "host name", "/etc/hosts of web"
};

class AddressBook {
  public:
    explicit AddressBook(const std::vector<MachineFacts>& machines);

    // Empty: nobody in the set. More than one: the first is taken, the others have the same right
    // to it. `asking` is the machine that uses the host.
    std::vector<Owner> find_owners(std::string_view asking, std::string_view host) const;

    // The address that the machine's own /etc/hosts gives a name; empty: none.
    std::string address_in_hosts(std::string_view asking, std::string_view name) const;

    // Addresses that two machines have, names that two machines go by.
    const std::vector<Remark>& remarks() const { return remarks_; }

  private:
    using Names = std::multimap<std::string, Owner>;

    void add_machine(const MachineFacts& machine);
    void add_hosts(const MachineFacts& machine);
    void find_doubles();
    std::vector<Owner> owners_of_address(std::string_view asking, const std::string& address) const;
    std::vector<Owner> owners_of_name(std::string_view asking, const std::string& name) const;
    std::vector<Owner> owners_by_alias(const std::vector<std::string>& names, double weight) const;
    bool is_own_domain(std::string_view domain) const;

    struct HostLine {
        std::string machine;
        std::string address;
        std::vector<std::string> names;
    };

    Names addresses_;
    Names shared_;  // that several machines may have
    Names aliases_;
    std::vector<HostLine> lines_;
    std::vector<std::string> domains_;  // of names in the set
    std::vector<Remark> remarks_;
};

}  // namespace assembler
