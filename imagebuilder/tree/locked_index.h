// SPDX-License-Identifier: Apache-2.0
// The packages of a lock file as an archive of their own: exactly these files, checked by digest,
// in a folder of the cache. What is installed from it cannot be another version, whatever the
// archives of today hold.
#pragma once

#include "imagebuilder/evidence/lock_file.h"
#include "imagebuilder/tree/apt.h"

namespace imagebuilder {

// Takes package files that other builds fetched, else fetches them from this host's apt sources.
// Throws not_found naming the packages that neither has any more.
AptIndex open_locked_index(const LockFile& lock);

// "nginx_1.22.1-9_amd64.deb", as apt names the file of a package in its cache.
std::string deb_file_name(const InstalledPackage& package);

}  // namespace imagebuilder
