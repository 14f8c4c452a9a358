// SPDX-License-Identifier: Apache-2.0
// The guest channels' keys in the store, below /kv/MACHINE/KEY. Thread-safe.
#pragma once

#include "hvruntime/guest/guest_channels.h"
#include "hvruntime/store/store.h"

namespace deployer {

class StoredKeys : public hvruntime::KeyStore {
  public:
    explicit StoredKeys(hvruntime::Store& store) : store_(store) {}  // must outlive this
    std::vector<hvruntime::KeyRecord> load(const std::string& machine) override;
    void save(const std::string& machine, std::span<const hvruntime::KeyRecord> records) override;
    void remove_all(const std::string& machine) override;

  private:
    hvruntime::Store& store_;
};

}  // namespace deployer
