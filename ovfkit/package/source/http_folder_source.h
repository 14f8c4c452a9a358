// SPDX-License-Identifier: Apache-2.0
// An .ovf on a web server, with the files beside it, as the tar stream of an OVA. The descriptor is
// a stranger's: its hrefs lead to files in or below the descriptor's own folder on the same server
// only, redirects of them are not followed, and a server with a public address cannot send us to a
// private one. Files are asked for when their turn comes. Not thread-safe.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "base/http_source.h"
#include "ovfkit/package/source/tar_stream.h"

namespace ovfkit {

// "http://host/folder/shop.ovf?key=1" is one: the path says it.
bool is_descriptor_url(const std::string& url);

class HttpFolderSource : public TarStream {
  public:
    // `descriptor`: opened already, its first bytes `start` were read.
    HttpFolderSource(std::unique_ptr<base::HttpByteSource> descriptor, const std::string& start);

  protected:
    std::optional<Member> next_member() override;
    std::size_t read_member(std::span<std::byte> buffer) override;

  private:
    // A file that may be there: its text when it was read already, else it is asked for. Of a file
    // that is not there its chunks may be.
    struct Candidate {
        std::string name;
        std::optional<std::string> text;
        std::string chunks_of;
        std::uint64_t chunk = 0;
    };
    void plan_members(const std::string& descriptor, const std::string& manifest);
    void plan(const std::string& name, bool or_chunks);
    void plan_text(const std::string& name);
    void plan_chunk(const std::string& file, std::uint64_t chunk);
    std::unique_ptr<base::ByteSource> find(const std::string& name) const;
    std::optional<Member> open(const Candidate& candidate);

    std::string folder_;  // its URL, with the slash
    base::HttpSourceOptions options_;
    std::deque<Candidate> candidates_;
    std::set<std::string> passed_;
    std::unique_ptr<base::ByteSource> file_;
};

}  // namespace ovfkit
