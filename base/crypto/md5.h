// SPDX-License-Identifier: Apache-2.0
// MD5, which package databases write of their files. It vouches for nothing against somebody who
// means harm, so it is no DigestAlgorithm. Pure.
#pragma once

#include <string>
#include <string_view>

namespace base {

std::string md5_hex(std::string_view data);  // 32 digits, lower case

}  // namespace base
