// maildir-lib/zstd.cc -- mail that Dovecot compressed (the zstd wrapper).
// SPDX-License-Identifier: GPL-3.0-or-later
#include "maildir-lib/zstd.hh"

#include <vector>

#include <zstd.h>

#include "base/handle.hh"

namespace maildir {

bool is_zstd(std::string_view start) {
  return start.starts_with("\x28\xB5\x2F\xFD");
}

base::Result<std::string> unzstd(std::string_view bytes, std::size_t limit) {
  const base::Handle<ZSTD_DStream, ZSTD_freeDStream> stream(ZSTD_createDStream());
  std::vector<char> room(ZSTD_DStreamOutSize());
  ZSTD_inBuffer in{bytes.data(), bytes.size(), 0};
  std::string out;
  std::size_t wanted = 1;  // 0 at the end of a frame
  while (in.pos < in.size || wanted != 0) {
    ZSTD_outBuffer to{room.data(), room.size(), 0};
    const std::size_t before = in.pos;
    wanted = ZSTD_decompressStream(stream.get(), &to, &in);
    if (ZSTD_isError(wanted) != 0 || (to.pos == 0 && in.pos == before)) {
      return base::make_error(base::Errc::corrupt, "a compressed mail that cannot be read");
    }
    if (out.size() + to.pos > limit) {
      return base::make_error(base::Errc::over_quota, "a compressed mail larger than is read");
    }
    out.append(room.data(), to.pos);
  }
  return out;
}

}  // namespace maildir
