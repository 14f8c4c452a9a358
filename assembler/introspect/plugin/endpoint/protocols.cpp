// SPDX-License-Identifier: Apache-2.0
#include "assembler/introspect/plugin/endpoint/protocols.h"

#include <algorithm>
#include <vector>

#include "base/letter_case.h"

namespace assembler::plugin {

namespace {

struct Protocol {
    std::string_view name;
    std::uint16_t port;
    std::string_view schemes;  // between blanks; "*" at the end: whatever follows
    std::string_view words;
    std::string_view tls;
    bool shares_port = false;  // with much else: the port does not tell the protocol
};

constexpr Protocol kProtocols[] = {
    {"http", 80, "http ws h2c", "", "https"},
    {"https", 443, "https wss h2", "", ""},
    {"postgresql", 5432, "postgresql postgres pgsql psql postgis postgresql+* postgres+*",
     "postgresql postgres pgsql pg psycopg2 psycopg asyncpg", ""},
    {"mysql", 3306,
     "mysql mysql2 mysqli mariadb mysqlx mysql+* mariadb+* mysql:* mariadb:* mysqlgis",
     "mysql mariadb mysqli mysql2 pymysql mysqldb mysqlclient", ""},
    {"oracle", 1521, "oracle oracle+*", "oracle", ""},
    {"sqlserver", 1433, "sqlserver mssql mssql+* jtds", "sqlserver mssql", ""},
    {"db2", 50000, "db2", "db2", "", true},
    {"mongodb", 27017, "mongodb mongodb+srv mongo", "mongodb mongo mongoose", ""},
    {"redis", 6379, "redis redis+socket redis-sentinel", "redis valkey", "rediss"},
    {"rediss", 6380, "rediss", "", "", true},
    {"redis-sentinel", 26379, "sentinel", "sentinel sentinels", ""},
    {"memcached", 11211, "memcached memcache pymemcache", "memcached memcache", ""},
    {"amqp", 5672, "amqp pyamqp rabbitmq", "amqp rabbitmq rabbit", "amqps"},
    {"amqps", 5671, "amqps", "", ""},
    {"mqtt", 1883, "mqtt", "mqtt mosquitto", "mqtts"},
    {"mqtts", 8883, "mqtts", "", ""},
    {"stomp", 61613, "stomp", "stomp", ""},
    {"kafka", 9092, "kafka", "kafka", ""},
    {"nats", 4222, "nats", "nats", ""},
    {"zookeeper", 2181, "zookeeper zk", "zookeeper", ""},
    {"etcd", 2379, "etcd", "etcd", ""},
    {"elasticsearch", 9200, "elasticsearch", "elasticsearch elastic opensearch", ""},
    {"cassandra", 9042, "cassandra", "cassandra", ""},
    {"ldap", 389, "ldap", "ldap", "ldaps"},
    {"ldaps", 636, "ldaps", "", ""},
    {"smtp", 25, "smtp smtp+*", "smtp mail mailer email", "smtps"},
    {"smtps", 465, "smtps", "", ""},
    {"imap", 143, "imap", "imap", "imaps"},
    {"imaps", 993, "imaps", "", ""},
    {"ajp", 8009, "ajp ajp13", "ajp", ""},
    {"fastcgi", 9000, "fastcgi fcgi", "fastcgi fpm", "", true},
    {"uwsgi", 3031, "uwsgi suwsgi", "", "", true},
    {"scgi", 4000, "scgi", "", "", true},
    {"grpc", 0, "grpc", "grpc", "grpcs"},
    {"grpcs", 443, "grpcs", "", ""},
    {"t3", 7001, "t3", "", "t3s", true},
    {"t3s", 7002, "t3s", "", "", true},
    {"iiop", 0, "iiop", "", ""},
    {"ssh", 22, "ssh sftp", "ssh sftp", ""},
    {"ftp", 21, "ftp", "ftp", ""},
    {"syslog", 514, "syslog", "syslog", ""},
    {"graphite", 2003, "graphite", "graphite", "", true},
    {"statsd", 8125, "statsd", "statsd", ""},
    {"influxdb", 8086, "influxdb", "influxdb influx", "", true},
    {"minio", 9000, "", "minio", "", true},
    {"tcp", 0, "tcp", "", ""},
    {"udp", 0, "udp", "", ""},
};

// Whether `list` has `word`.
bool has_word(std::string_view list, std::string_view word) {
    while (!list.empty()) {
        const std::size_t end = std::min(list.find(' '), list.size());
        std::string_view entry = list.substr(0, end);
        if (entry.ends_with('*')) {
            entry.remove_suffix(1);
            if (word.starts_with(entry)) {
                return true;
            }
        } else if (entry == word) {
            return true;
        }
        list.remove_prefix(std::min(end + 1, list.size()));
    }
    return false;
}

// "rabbitmqUrl", "DB_POSTGRES_HOST": in lower case, cut where a word begins.
std::vector<std::string> words_of_name(std::string_view name) {
    std::vector<std::string> words(1);
    char before = '\0';
    for (const char c : name.substr(0, 256)) {
        const bool upper = c >= 'A' && c <= 'Z';
        const bool letter = upper || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
        const bool begins = upper && before >= 'a' && before <= 'z';
        if (!letter || begins) {
            words.emplace_back();
        }
        if (letter) {
            words.back() += c;
        }
        before = c;
    }
    for (std::string& word : words) {
        word = base::to_lower(word);
    }
    return words;
}

}  // namespace

std::optional<std::string> find_protocol_of_scheme(std::string_view scheme) {
    const std::string lower = base::to_lower(scheme);
    for (const Protocol& protocol : kProtocols) {
        if (has_word(protocol.schemes, lower)) {
            return std::string(protocol.name);
        }
    }
    return std::nullopt;
}

std::optional<std::string> find_protocol_of_words(std::string_view name) {
    // What comes last says most: REDIS_SENTINELS.
    const std::vector<std::string> words = words_of_name(name);
    for (auto word = words.rbegin(); word != words.rend(); ++word) {
        for (const Protocol& protocol : kProtocols) {
            if (!word->empty() && has_word(protocol.words, *word)) {
                return std::string(protocol.name);
            }
        }
    }
    return std::nullopt;
}

std::optional<std::string> find_protocol_of_port(std::uint16_t port) {
    for (const Protocol& protocol : kProtocols) {
        if (port != 0 && protocol.port == port && !protocol.shares_port) {
            return std::string(protocol.name);
        }
    }
    return std::nullopt;
}

std::uint16_t usual_port(std::string_view protocol) {
    for (const Protocol& entry : kProtocols) {
        if (entry.name == protocol) {
            return entry.port;
        }
    }
    return 0;
}

std::string tls_form(std::string_view protocol) {
    for (const Protocol& entry : kProtocols) {
        if (entry.name == protocol && !entry.tls.empty()) {
            return std::string(entry.tls);
        }
    }
    return std::string(protocol);
}

}  // namespace assembler::plugin
