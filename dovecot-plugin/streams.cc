// dovecot-plugin/streams.cc -- maildir-lib's zstd frames as streams of Dovecot.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Each stream is Dovecot's structure with a pointer to an object of ours behind it; Dovecot
// allocates and frees the structure, `close` deletes the object. Dovecot's base structures come
// first, so their addresses are the stream's.
#include "dovecot-plugin/streams.hh"

#include <algorithm>
#include <cerrno>
#include <memory>
#include <new>

#include "maildir-lib/zstd.hh"

namespace plugin {

namespace {

// ---- reading

struct Input {
  istream_private stream;
  maildir::FrameReader* reader;
  bool is_full;  // the last step filled its room: the reader may hold more
  // The last octet made of a frame that has not ended waits for its end, where the checksum is:
  // Dovecot asks for as many octets as the mail has and no further.
  bool holds;
  char held;
};

Input& input_of(istream_private* stream) {
  return *reinterpret_cast<Input*>(stream);
}

void fail(Input& input, int error, const char* text) {
  io_stream_set_error(&input.stream.iostream, "%s: %s", i_stream_get_name(&input.stream.istream),
                      text);
  input.stream.istream.stream_errno = error;
}

// The file's next octets: 1, or what read() answers when there are none.
int next_octets(Input& input, std::string_view& octets) {
  istream* const file = input.stream.parent;
  const unsigned char* data = nullptr;
  std::size_t size = 0;
  const int got = i_stream_read_more_memarea(file, &data, &size);
  if (got > 0) {
    octets = {reinterpret_cast<const char*>(data), size};
    return 1;
  }
  if (got < 0) {
    input.stream.istream.stream_errno = file->stream_errno;
    if (file->stream_errno == 0 && !input.reader->at_frame_end()) {
      fail(input, EPIPE, "the file ends in the middle of the mail");
    } else {
      input.stream.istream.eof = file->eof;
    }
  }
  return got;
}

// Uncompresses into the stream's room behind the octet held back; how many octets may be given out,
// -1 when it failed.
ssize_t uncompress(Input& input, std::string_view octets, std::size_t room) {
  istream_private& stream = input.stream;
  char* const to = reinterpret_cast<char*>(stream.w_buffer) + stream.pos;
  const std::size_t before = input.holds ? 1 : 0;
  if (input.holds) {
    *to = input.held;
  }
  const auto step = input.reader->read(octets, {to + before, room - before});
  if (!step || (step->taken + step->made == 0 && !input.is_full)) {
    fail(input, EIO, step ? "no progress" : step.error().detail.c_str());
    return -1;
  }
  i_stream_skip(stream.parent, step->taken);
  std::size_t made = before + step->made;
  input.is_full = made == room && !input.reader->at_frame_end();
  input.holds = made > 0 && !input.reader->at_frame_end();
  if (input.holds) {
    input.held = to[--made];
  }
  return static_cast<ssize_t>(made);
}

ssize_t read(istream_private* stream) {
  Input& input = input_of(stream);
  if (stream->istream.eof) {
    return -1;
  }
  for (;;) {
    std::string_view octets;
    if (!input.is_full) {
      const int got = next_octets(input, octets);
      if (got <= 0) {
        return got;
      }
    }
    std::size_t room = 0;
    if (!i_stream_try_alloc(stream, stream->max_buffer_size, &room) || room < 2) {
      return -2;
    }
    const ssize_t made = uncompress(input, octets, room);
    if (made != 0) {
      stream->pos += static_cast<std::size_t>(std::max<ssize_t>(made, 0));
      return made;
    }
  }
}

void restart(Input& input) {
  istream_private& stream = input.stream;
  i_stream_seek(stream.parent, stream.parent_start_offset);
  stream.parent_expected_offset = stream.parent_start_offset;
  stream.skip = stream.pos = 0;
  stream.istream.v_offset = 0;
  stream.high_pos = 0;
  input.reader->restart();
  input.is_full = false;
  input.holds = false;
}

void seek(istream_private* stream, uoff_t offset, bool /*mark*/) {
  if (i_stream_nonseekable_try_seek(stream, offset)) {
    return;
  }
  restart(input_of(stream));
  if (!i_stream_nonseekable_try_seek(stream, offset)) {
    i_unreached();
  }
}

void sync(istream_private* stream) {
  restart(input_of(stream));
}

void close_input(iostream_private* stream, bool close_parent) {
  Input& input = *reinterpret_cast<Input*>(stream);
  delete std::exchange(input.reader, nullptr);  // NOLINT(cppcoreguidelines-owning-memory)
  if (close_parent) {
    i_stream_close(input.stream.parent);
  }
}

// ---- writing

struct Frames {
  explicit Frames(int level) : writer(level) {}
  maildir::FrameWriter writer;
  std::string ready;  // not taken by the file yet
  bool is_ended = false;
};

struct Output {
  ostream_private stream;
  Frames* frames;
};

Output& output_of(ostream_private* stream) {
  return *reinterpret_cast<Output*>(stream);
}

void fail(Output& output, const char* text) {
  io_stream_set_error(&output.stream.iostream, "%s: %s", o_stream_get_name(&output.stream.ostream),
                      text);
  output.stream.ostream.stream_errno = EIO;
}

// 1: all is with the file; 0: not all; -1: it failed.
int send_ready(Output& output) {
  std::string& ready = output.frames->ready;
  if (ready.empty()) {
    return 1;
  }
  const ssize_t sent = o_stream_send(output.stream.parent, ready.data(), ready.size());
  if (sent < 0) {
    o_stream_copy_error_from_parent(&output.stream);
    return -1;
  }
  ready.erase(0, static_cast<std::size_t>(sent));
  return ready.empty() ? 1 : 0;
}

// What `work` answers on the frames; no exception leaves.
template <typename Work>
bool try_frames(Output& output, Work work) {
  try {
    const base::Result<void> done = work(*output.frames);
    if (!done) {
      fail(output, done.error().detail.c_str());
    }
    return done.has_value();
  } catch (const std::exception& e) {
    fail(output, e.what());
    return false;
  }
}

ssize_t send(ostream_private* stream, const const_iovec* pieces, unsigned int count) {
  Output& output = output_of(stream);
  ssize_t total = 0;
  for (const const_iovec& piece : std::span(pieces, count)) {
    const std::string_view bytes(static_cast<const char*>(piece.iov_base), piece.iov_len);
    if (!try_frames(output, [&](Frames& f) { return f.writer.write(bytes, f.ready); }) ||
        send_ready(output) < 0) {
      return -1;
    }
    stream->ostream.offset += bytes.size();
    total += static_cast<ssize_t>(bytes.size());
  }
  return total;
}

int flush(ostream_private* stream) {
  Output& output = output_of(stream);
  if (stream->finished && !output.frames->is_ended) {
    output.frames->is_ended = true;
    if (!try_frames(output, [](Frames& f) { return f.writer.finish(f.ready); })) {
      return -1;
    }
  }
  const int sent = send_ready(output);
  return sent <= 0 ? sent : o_stream_flush_parent(stream);
}

void close_output(iostream_private* stream, bool close_parent) {
  Output& output = *reinterpret_cast<Output*>(stream);
  delete std::exchange(output.frames, nullptr);  // NOLINT(cppcoreguidelines-owning-memory)
  if (close_parent) {
    o_stream_close(output.stream.parent);
  }
}

}  // namespace

istream* make_frame_input(istream* file) {
  auto* const input = i_new(Input, 1);
  input->reader = new maildir::FrameReader;  // NOLINT(cppcoreguidelines-owning-memory): close_input
  input->stream.iostream.close = close_input;
  input->stream.max_buffer_size = file->real_stream->max_buffer_size;
  input->stream.read = read;
  input->stream.seek = seek;
  input->stream.sync = sync;
  input->stream.istream.readable_fd = false;
  input->stream.istream.blocking = file->blocking;
  input->stream.istream.seekable = file->seekable;
  istream* const made =
      i_stream_create(&input->stream, file, i_stream_get_fd(file), istream_create_flag{});
  i_stream_unref(&file);
  return made;
}

ostream* make_frame_output(ostream* file, int level) {
  auto* const output = i_new(Output, 1);
  output->frames = new Frames(level);  // NOLINT(cppcoreguidelines-owning-memory): close_output
  output->stream.iostream.close = close_output;
  output->stream.sendv = send;
  output->stream.flush = flush;
  ostream* const made = o_stream_create(&output->stream, file, o_stream_get_fd(file));
  o_stream_unref(&file);
  return made;
}

}  // namespace plugin
