// SPDX-License-Identifier: Apache-2.0
// What introspection finds in one machine, as plain values: the system, and the applications in it
// with what they listen on (inputs) and what they connect to (outputs). Every finding says where it
// was seen and how sure it is. Secrets are named by their place; their values are never in here
// unless they were asked for.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace assembler {

// Where something was seen.
struct Evidence {
    std::string file;         // in the machine: "/etc/nginx/nginx.conf"
    int line = 0;             // 1-based; 0: the file as a whole
    double confidence = 1.0;  // 1: written there; 0.7: a default of the program; 0.4: a guess
};

// The bytes of a value in a file, so that it can be replaced by another.
struct ValuePlace {
    std::string file;
    int line = 0;    // 1-based
    int column = 0;  // 1-based, in bytes
    int length = 0;  // in bytes, on this line
};

struct OperatingSystem {
    std::string id;          // os-release's ID: "debian"
    std::string version_id;  // "12"
    std::string pretty_name;
    std::string architecture;  // Debian's name for it: "amd64"; empty: not known
    std::string hostname;
    std::string timezone;  // "Europe/Berlin"; empty: not set
    std::string init;      // "systemd", "sysv", …; empty: not known
    std::string kernel;    // version of the newest installed kernel
    Evidence evidence;
};

struct PackageFact {
    std::string name;
    std::string version;
    std::string architecture;
    bool automatic = false;  // only there because others need it
    bool base = false;       // of every system of its kind, or needed by what is
};

// NAME=VALUE in the environment of a service: of the unit or of a file that it names.
struct SettingFact {
    std::string name;
    std::string value;  // a secret in it reads "***" unless secrets were asked for
    Evidence evidence;
    ValuePlace place;  // length 0: it does not stand there as one piece
};

// A socket that systemd holds for a service.
struct ListenFact {
    std::string address;     // "0.0.0.0", "::", "10.0.0.5"; the path of a unix socket
    std::uint16_t port = 0;  // 0: a unix socket
    Evidence evidence;
    ValuePlace place;
};

struct ServiceFact {
    std::string unit;  // "nginx.service"
    bool enabled = false;
    std::string program;            // of ExecStart: "/usr/sbin/nginx"
    std::string command_line;       // ExecStart as written
    std::string user;               // "" for root
    std::string working_directory;  // "" when not given
    std::vector<std::string> environment_files;
    std::string package;  // that brought the unit; empty: the administrator's own
    Evidence evidence;
    bool masked = false;
    bool base = false;                     // its package is in every system of its kind
    std::vector<SettingFact> environment;  // the last of a name counts
    std::vector<ListenFact> listens;       // of an enabled .socket unit
};

struct UserFact {
    std::string name;
    std::uint32_t uid = 0;
    std::string home;
    std::string shell;
    std::vector<std::string> groups;
    bool has_password = false;
    int authorized_keys = 0;
    bool system = false;  // uid below 1000, or nobody
    Evidence evidence;
};

struct MountFact {
    std::string device;  // as fstab says
    std::string point;
    std::string type;
    std::string options;
    Evidence evidence;
};

struct InterfaceFact {
    std::string name;
    std::string method;                  // "dhcp", "static", "manual"; empty: not known
    std::vector<std::string> addresses;  // "10.0.0.5/24"
    std::string gateway;
    std::vector<std::string> dns;
    Evidence evidence;
};

// An address that moves between machines: of those that are there the one of the highest priority
// has it (keepalived).
struct SharedAddressFact {
    std::string address;
    int priority = 100;
    Evidence evidence;
};

struct HostName {  // a line of /etc/hosts
    std::string address;
    std::vector<std::string> names;
    Evidence evidence;
};

struct ScheduledJob {
    std::string schedule;  // "*/5 * * * *", "@daily", OnCalendar's text
    std::string user;
    std::string command;
    Evidence evidence;
    std::string package;  // that brought it; empty: the administrator's own
};

// A configuration file that is not as its package brought it, or that no package brought.
struct ChangedFile {
    enum class Change { modified, added, removed };
    std::string path;
    Change change = Change::modified;
    std::string package;  // empty for an added file
};

struct SecretFact {
    std::string what;   // "password in a connection URL", "private key", "password hash"
    std::string value;  // empty unless secrets were asked for
    Evidence evidence;
    ValuePlace place;
};

// What a component listens on.
struct Input {
    std::string name;  // unique in its component: "http", "https", "postgresql"
    std::string
        protocol;  // "http", "https", "postgresql", "mysql", "redis", "amqp", "ajp", "tcp", …
    std::string address;     // "0.0.0.0", "::", "127.0.0.1", a name; a unix socket's path
    std::uint16_t port = 0;  // 0: a unix socket
    Evidence evidence;
    std::vector<ValuePlace> port_places;
    // When it listens on several addresses: those beside the widest, which is in `address`.
    std::vector<std::string> other_addresses;
};

// What a component connects to.
struct Output {
    std::string name;  // unique in its component: "db", "app", "cache"
    std::string protocol;
    std::string host;        // as written: an address or a name; a unix socket's path
    std::uint16_t port = 0;  // the protocol's own when none is written; 0: a unix socket
    bool port_written = false;
    std::string database;  // name of a database, virtual host or the like; may be empty
    Evidence evidence;
    std::vector<ValuePlace> host_places;
    std::vector<ValuePlace> port_places;
    std::string local_component;  // the host is a name of this component of the same machine
};

// A setting of a component.
struct PropertyFact {
    std::string key;  // "worker_processes"
    std::string value;
    bool editable = false;  // meant to differ between deployments
    bool secret = false;    // then there is no value here
    Evidence evidence;
    std::vector<ValuePlace> places;
};

// An application in a machine.
struct Component {
    std::string kind;                // the plug-in's name: "nginx", "postgresql", "generic", …
    std::string name;                // unique in its machine: "nginx", "tomcat", "shop-api"
    std::string version;             // of its package; may be empty
    std::string package;             // may be empty
    std::string unit;                // its service; may be empty
    bool enabled = true;             // starts with the machine
    bool infrastructure = false;     // of any machine (sshd), not part of the application
    std::vector<std::string> files;  // its configuration
    std::vector<Input> inputs;
    std::vector<Output> outputs;
    std::vector<PropertyFact> properties;
    Evidence evidence;
};

// What could not be read, or what to look at: "unit file loops", "no package database".
struct Remark {
    std::string text;
    Evidence evidence;
};

struct DiskFact {
    std::string path;    // as written where the machine is described; empty: not in a file
    std::string format;  // "qcow2", "vmdk"; empty: not said
    std::string target;  // "vda", "scsi0:0"
};

struct NicFact {
    std::string network;
    std::string mac;
    std::string model;
};

// What the machine runs on, where the source says so: a package, a domain of libvirt, a .vmx.
struct HardwareFact {
    std::string name;
    std::uint64_t memory_bytes = 0;  // 0: not said
    std::uint32_t vcpus = 0;         // 0: not said
    std::string firmware;            // "bios", "uefi"; empty: not said
    std::vector<DiskFact> disks;
    std::vector<NicFact> nics;
};

struct MachineFacts {
    std::string name;    // of the machine in an assembly: from the source's name or its host name
    std::string source;  // what was read: "web.qcow2"
    HardwareFact hardware;
    OperatingSystem os;
    std::vector<PackageFact> packages;  // by name
    std::vector<ServiceFact> services;  // by unit
    std::vector<UserFact> users;        // as in passwd
    std::vector<MountFact> mounts;
    std::vector<InterfaceFact> interfaces;
    std::vector<SharedAddressFact> shared_addresses;
    std::vector<HostName> hosts;
    std::vector<std::string> nameservers;  // of resolv.conf and what writes it
    std::vector<std::string> search_domains;
    std::vector<ScheduledJob> jobs;
    std::vector<ChangedFile> changed_files;  // by path
    std::vector<SecretFact> secrets;
    std::vector<Component> components;  // by name
    std::vector<Remark> remarks;
};

}  // namespace assembler
