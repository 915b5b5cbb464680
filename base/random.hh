// base/random.hh -- unguessable bytes from the kernel.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>

namespace base {

// `size` bytes fit for secrets and tokens. Any thread; blocks only before the kernel is seeded.
std::string random_bytes(std::size_t size);

}  // namespace base
