// maildir-lib/zstd.hh -- message files as zstd frames: a header frame, then a body frame.
// SPDX-License-Identifier: GPL-3.0-or-later
//
//   file = header-frame [body-frame]    header: all up to and with the first empty line
//
// Dovecot's own plugin reads any number of frames as one mail, so any split is a valid file; ours
// lets a reader of headers stop before the body. docs/formats/message-file.md
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/result.hh"

namespace maildir {

inline constexpr int lowest_zstd_level = 1;
inline constexpr int highest_zstd_level = 19;

bool is_zstd(std::string_view start);

// All frames, one after another. corrupt for what is none; over_quota beyond `limit` octets.
base::Result<std::string> unzstd(std::string_view bytes, std::size_t limit);

// One whole frame with its size and a checksum, appended to `out`; internal when zstd fails.
base::Result<void> compress_frame(std::string_view bytes, int level, std::string& out);
// What compress_frame() was given: exactly `size` octets. corrupt when it is anything else.
base::Result<std::string> uncompress_frame(std::string_view frame, std::size_t size);

// The size of the header of a mail that starts with `text`, its empty line included; 0 when the
// empty line is not there. Lines end in LF or CRLF.
std::size_t header_size(std::string_view text);

// Compresses one mail into frames with checksums. A small mail is held until its end, so that its
// frames carry their sizes; from `held_limit` octets on, the body goes through as it comes.
class FrameWriter {
 public:
  static constexpr std::size_t held_limit = 1U << 20U;

  explicit FrameWriter(int level);
  FrameWriter(FrameWriter&&) noexcept;
  FrameWriter& operator=(FrameWriter&&) noexcept;
  FrameWriter(const FrameWriter&) = delete;
  FrameWriter& operator=(const FrameWriter&) = delete;
  ~FrameWriter();

  // The mail's next octets. What the file gets now is appended to `out`; internal when zstd fails.
  base::Result<void> write(std::string_view bytes, std::string& out);
  // The mail ends. An empty mail is an empty file.
  base::Result<void> finish(std::string& out);

 private:
  class Stream;

  int level_;
  std::string held_;
  std::unique_ptr<Stream> stream_;  // the frame that is under way
};

// Reads frames piece by piece. One thread; contexts are kept between readers of a thread.
class FrameReader {
 public:
  FrameReader();
  FrameReader(FrameReader&&) noexcept;
  FrameReader& operator=(FrameReader&&) noexcept;
  FrameReader(const FrameReader&) = delete;
  FrameReader& operator=(const FrameReader&) = delete;
  ~FrameReader();

  struct Step {
    std::size_t taken = 0;  // octets of `in`
    std::size_t made = 0;   // octets in `out`
  };
  // Goes on until `in` is used up, `out` is full, or a frame ends: what follows is not touched
  // before the next call. corrupt when it is no frame.
  base::Result<Step> read(std::string_view in, std::span<char> out);

  // Nothing of a frame is outstanding: the file may end here.
  bool at_frame_end() const { return at_frame_end_; }
  void restart();  // the next octets are the file's first

 private:
  class Context;

  std::unique_ptr<Context> context_;
  bool at_frame_end_ = true;
};

}  // namespace maildir
