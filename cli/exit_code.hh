// cli/exit_code.hh -- what the command's exit codes mean; posthouse(1) documents them.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.hh"

namespace cli {

enum ExitCode : int {
  exit_ok = 0,
  exit_refused = 1,     // it was understood, and did not or may not work
  exit_usage = 2,       // the command line is wrong
  exit_temporary = 75,  // EX_TEMPFAIL of sysexits.h: the same may work later
};

constexpr ExitCode exit_code_of(base::Errc code) {
  return code == base::Errc::unavailable || code == base::Errc::timeout ? exit_temporary
                                                                        : exit_refused;
}

}  // namespace cli
