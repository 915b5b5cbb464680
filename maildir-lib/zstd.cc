// maildir-lib/zstd.cc -- message files as zstd frames: a header frame, then a body frame.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "maildir-lib/zstd.hh"

#include <utility>
#include <vector>

#include <zstd.h>

#include "base/handle.hh"

namespace maildir {

namespace {

using Encoder = base::Handle<ZSTD_CCtx, ZSTD_freeCCtx>;
using Decoder = base::Handle<ZSTD_DCtx, ZSTD_freeDCtx>;

base::Error zstd_error(std::size_t code) {
  return base::make_error(base::Errc::internal, std::string("zstd: ") + ZSTD_getErrorName(code));
}

Encoder make_encoder(int level) {
  Encoder encoder(ZSTD_createCCtx());
  if (encoder) {
    ZSTD_CCtx_setParameter(encoder.get(), ZSTD_c_compressionLevel, level);
    ZSTD_CCtx_setParameter(encoder.get(), ZSTD_c_checksumFlag, 1);
  }
  return encoder;
}

// The one decoder that a thread keeps for its next reader.
Decoder& spare_decoder() {
  thread_local Decoder kept;
  return kept;
}

}  // namespace

bool is_zstd(std::string_view start) {
  return start.starts_with("\x28\xB5\x2F\xFD");
}

base::Result<std::string> unzstd(std::string_view bytes, std::size_t limit) {
  FrameReader reader;
  std::vector<char> room(ZSTD_DStreamOutSize());
  std::string out;
  bool is_full = false;
  while (!bytes.empty() || is_full) {
    const auto step = reader.read(bytes, room);
    if (!step) {
      return step.error();
    }
    if (out.size() + step->made > limit) {
      return base::make_error(base::Errc::over_quota, "a compressed mail larger than is read");
    }
    out.append(room.data(), step->made);
    bytes.remove_prefix(step->taken);
    is_full = step->made == room.size();
  }
  if (!reader.at_frame_end()) {
    return base::make_error(base::Errc::corrupt, "a compressed mail that cannot be read");
  }
  return out;
}

base::Result<void> compress_frame(std::string_view bytes, int level, std::string& out) {
  // Making an encoder costs more than a small mail: one stays.
  thread_local Encoder encoder = make_encoder(level);
  if (!encoder) {
    return base::make_error(base::Errc::unavailable, "zstd: out of memory");
  }
  ZSTD_CCtx_setParameter(encoder.get(), ZSTD_c_compressionLevel, level);
  const std::size_t before = out.size();
  out.resize(before + ZSTD_compressBound(bytes.size()));
  const std::size_t size = ZSTD_compress2(encoder.get(), out.data() + before, out.size() - before,
                                          bytes.data(), bytes.size());
  if (ZSTD_isError(size) != 0) {
    out.resize(before);
    return zstd_error(size);
  }
  out.resize(before + size);
  return {};
}

base::Result<std::string> uncompress_frame(std::string_view frame, std::size_t size) {
  thread_local const Decoder decoder(ZSTD_createDCtx());
  if (!decoder) {
    return base::make_error(base::Errc::unavailable, "zstd: out of memory");
  }
  // The frame's own word is asked first, so that a made-up size allocates nothing.
  if (ZSTD_getFrameContentSize(frame.data(), frame.size()) != size ||
      ZSTD_findFrameCompressedSize(frame.data(), frame.size()) != frame.size()) {
    return base::make_error(base::Errc::corrupt, "a compressed block of another size");
  }
  std::string out(size, '\0');
  const std::size_t made =
      ZSTD_decompressDCtx(decoder.get(), out.data(), out.size(), frame.data(), frame.size());
  if (ZSTD_isError(made) != 0 || made != size) {
    return base::make_error(base::Errc::corrupt, "a compressed block that cannot be read");
  }
  return out;
}

std::size_t header_size(std::string_view text) {
  if (text.starts_with("\n")) {
    return 1;
  }
  if (text.starts_with("\r\n")) {
    return 2;
  }
  for (std::size_t at = text.find('\n'); at != std::string_view::npos;
       at = text.find('\n', at + 1)) {
    const std::string_view rest = text.substr(at + 1);
    if (rest.starts_with("\n")) {
      return at + 2;
    }
    if (rest.starts_with("\r\n")) {
      return at + 3;
    }
  }
  return 0;
}

// A frame of a size that is not known before its end.
class FrameWriter::Stream {
 public:
  explicit Stream(int level) : encoder_(make_encoder(level)) {}

  base::Result<void> run(std::string_view bytes, ZSTD_EndDirective directive, std::string& out) {
    if (!encoder_) {
      return base::make_error(base::Errc::unavailable, "zstd: out of memory");
    }
    ZSTD_inBuffer in{bytes.data(), bytes.size(), 0};
    for (;;) {
      const std::size_t before = out.size();
      out.resize(before + ZSTD_CStreamOutSize());
      ZSTD_outBuffer to{out.data() + before, out.size() - before, 0};
      const std::size_t left = ZSTD_compressStream2(encoder_.get(), &to, &in, directive);
      out.resize(before + to.pos);
      if (ZSTD_isError(left) != 0) {
        return zstd_error(left);
      }
      if (directive == ZSTD_e_end ? left == 0 : in.pos == in.size) {
        return {};
      }
    }
  }

 private:
  Encoder encoder_;
};

FrameWriter::FrameWriter(int level) : level_(level) {}
FrameWriter::FrameWriter(FrameWriter&&) noexcept = default;
FrameWriter& FrameWriter::operator=(FrameWriter&&) noexcept = default;
FrameWriter::~FrameWriter() = default;

base::Result<void> FrameWriter::write(std::string_view bytes, std::string& out) {
  if (stream_) {
    return stream_->run(bytes, ZSTD_e_continue, out);
  }
  held_ += bytes;
  if (held_.size() < held_limit) {
    return {};
  }
  const std::size_t header = header_size(held_);
  if (header > 0) {
    if (auto added = compress_frame(std::string_view(held_).substr(0, header), level_, out);
        !added) {
      return added;
    }
  }
  stream_ = std::make_unique<Stream>(level_);
  const std::string held = std::exchange(held_, {});
  return stream_->run(std::string_view(held).substr(header), ZSTD_e_continue, out);
}

base::Result<void> FrameWriter::finish(std::string& out) {
  if (stream_) {
    return stream_->run({}, ZSTD_e_end, out);
  }
  std::string_view rest = held_;
  if (const std::size_t header = header_size(rest); header > 0) {
    if (auto added = compress_frame(rest.substr(0, header), level_, out); !added) {
      return added;
    }
    rest.remove_prefix(header);
  }
  return rest.empty() ? base::Result<void>() : compress_frame(rest, level_, out);
}

class FrameReader::Context {
 public:
  Context() : decoder_(std::exchange(spare_decoder(), {})) {
    if (!decoder_) {
      decoder_.reset(ZSTD_createDCtx());
    }
    reset();
  }
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;
  Context(Context&&) = delete;
  Context& operator=(Context&&) = delete;
  ~Context() {
    if (!spare_decoder()) {
      spare_decoder() = std::move(decoder_);
    }
  }
  void reset() {
    if (decoder_) {
      ZSTD_DCtx_reset(decoder_.get(), ZSTD_reset_session_only);
    }
  }
  ZSTD_DCtx* get() const { return decoder_.get(); }

 private:
  Decoder decoder_;
};

FrameReader::FrameReader() : context_(std::make_unique<Context>()) {}
FrameReader::FrameReader(FrameReader&&) noexcept = default;
FrameReader& FrameReader::operator=(FrameReader&&) noexcept = default;
FrameReader::~FrameReader() = default;

base::Result<FrameReader::Step> FrameReader::read(std::string_view in, std::span<char> out) {
  if (context_->get() == nullptr) {
    return base::make_error(base::Errc::unavailable, "zstd: out of memory");
  }
  if (in.empty() && at_frame_end_) {
    return Step{};
  }
  ZSTD_inBuffer from{in.data(), in.size(), 0};
  ZSTD_outBuffer to{out.data(), out.size(), 0};
  for (;;) {
    const std::size_t before = from.pos + to.pos;
    const std::size_t wanted = ZSTD_decompressStream(context_->get(), &to, &from);
    if (ZSTD_isError(wanted) != 0) {
      return base::make_error(base::Errc::corrupt, "a compressed mail that cannot be read");
    }
    at_frame_end_ = wanted == 0;
    const bool is_stuck = from.pos + to.pos == before;
    if (at_frame_end_ || to.pos == to.size || from.pos == from.size || is_stuck) {
      return Step{from.pos, to.pos};
    }
  }
}

void FrameReader::restart() {
  context_->reset();
  at_frame_end_ = true;
}

}  // namespace maildir
