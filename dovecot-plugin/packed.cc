// dovecot-plugin/packed.cc -- packed mail in Dovecot: links to packs found, opened as streams.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// The stream copies what it is asked for out of a block that the shelf holds uncompressed: a pass
// over headers neither opens nor stats a file a mail, and touches no body.
#include "dovecot-plugin/packed.hh"

#include <algorithm>
#include <array>
#include <cerrno>
#include <exception>
#include <optional>
#include <utility>

#include "maildir-lib/filename.hh"

namespace plugin {

namespace {

constexpr std::size_t largest_piece = 64U << 10U;  // that a stream holds
constexpr std::size_t longest_stub = 256;

// ---- links

struct Look {
  std::optional<maildir::Stub> stub;
  struct stat st {};
  bool wants_stat = false;
};

// Called by maildir with the name the mail has now. 0: no such name, and it looks again.
int look_at_path(maildir_mailbox* /*box*/, const char* path, void* context) {
  Look& look = *static_cast<Look*>(context);
  std::array<char, longest_stub> room{};
  const ssize_t size = ::readlink(path, room.data(), room.size());
  if (size < 0) {
    return errno == ENOENT ? 0 : 1;  // EINVAL: no link
  }
  look.stub = maildir::parse_stub({room.data(), static_cast<std::size_t>(size)});
  if (look.stub && look.wants_stat && ::lstat(path, &look.st) != 0) {
    return errno == ENOENT ? 0 : 1;
  }
  return 1;
}

// False when the mail has no name now.
bool look_at(mail* mail, Look& look) {
  auto* const box = reinterpret_cast<maildir_mailbox*>(mail->box);
  if (mail->uid != 0) {
    // In parentheses: Dovecot's macro of the same name is C.
    return (maildir_file_do)(box, mail->uid, look_at_path, &look) > 0;
  }
  const char* path = maildir_save_file_get_path(mail->transaction, mail->seq);
  return look_at_path(box, path, &look) > 0;
}

// The Maildir that a mailbox is in; null when it has none.
const char* maildir_of(const mailbox* box) {
  const char* path = nullptr;
  return mailbox_list_get_root_path(box->list, MAILBOX_LIST_PATH_TYPE_DIR, &path) ? path : nullptr;
}

std::shared_ptr<maildir::Packs> packs_of(const mail* mail, PackShelf& shelf) {
  const char* const root = maildir_of(mail->box);
  return root != nullptr ? shelf.packs_of(root) : nullptr;
}

// ---- streams

struct Source {
  std::shared_ptr<maildir::Packs> packs;
  maildir::Stub stub;
};

struct Input {
  istream_private stream;
  Source* source;
};

Input& input_of(istream_private* stream) {
  return *reinterpret_cast<Input*>(stream);
}

void fail(Input& input, const char* text) {
  io_stream_set_error(&input.stream.iostream, "%s", text);
  input.stream.istream.stream_errno = EIO;
}

// Octets at an offset; null after an error, which is set.
std::optional<std::string_view> octets_at(Input& input, uoff_t offset) {
  try {
    const auto piece = input.source->packs->piece(input.source->stub, offset);
    if (piece) {
      return *piece;
    }
    fail(input, piece.error().text().c_str());
  } catch (const std::exception& e) {
    fail(input, e.what());
  }
  return std::nullopt;
}

ssize_t read(istream_private* stream) {
  Input& input = input_of(stream);
  const auto octets = octets_at(input, stream->istream.v_offset + (stream->pos - stream->skip));
  if (!octets) {
    return -1;
  }
  if (octets->empty()) {
    stream->istream.eof = true;
    return -1;
  }
  std::size_t room = 0;
  if (!i_stream_try_alloc(stream, std::min(octets->size(), largest_piece), &room)) {
    return -2;
  }
  const std::size_t size = std::min(room, octets->size());
  std::memcpy(stream->w_buffer + stream->pos, octets->data(), size);
  stream->pos += size;
  return static_cast<ssize_t>(size);
}

void seek(istream_private* stream, uoff_t offset, bool /*mark*/) {
  stream->istream.v_offset = offset;
  stream->skip = stream->pos = 0;
}

int stat_input(istream_private* stream, bool /*exact*/) {
  stream->statbuf.st_size = static_cast<off_t>(input_of(stream).source->stub.length);
  return 0;
}

void close_input(iostream_private* stream, bool /*close_parent*/) {
  Input& input = *reinterpret_cast<Input*>(stream);
  delete std::exchange(input.source, nullptr);  // NOLINT(cppcoreguidelines-owning-memory)
}

istream* make_stream(std::shared_ptr<maildir::Packs> packs, const maildir::Stub& stub) {
  auto* const input = i_new(Input, 1);
  // NOLINTNEXTLINE(cppcoreguidelines-owning-memory): close_input
  input->source = new Source{std::move(packs), stub};
  input->stream.iostream.close = close_input;
  input->stream.max_buffer_size = largest_piece;
  input->stream.read = read;
  input->stream.seek = seek;
  input->stream.stat = stat_input;
  input->stream.istream.readable_fd = false;
  input->stream.istream.blocking = true;
  input->stream.istream.seekable = true;
  istream* const made = i_stream_create(&input->stream, nullptr, -1, istream_create_flag{});
  i_stream_set_name(made, maildir::stub_text(stub).c_str());
  return made;
}

// The stub of the mail that comes next in a pass over many, without a look at its link.
std::optional<maildir::Stub> foresee(mail* mail, const maildir::Packs& packs) {
  auto* const box = reinterpret_cast<maildir_mailbox*>(mail->box);
  maildir_uidlist_rec_flag flags{};
  const char* name = nullptr;
  if (mail->uid == 0 || maildir_sync_lookup(box, mail->uid, &flags, &name) <= 0) {
    return std::nullopt;
  }
  return packs.neighbour(maildir::base_name(name));
}

int open_found(mail* mail, PackShelf& shelf, Look& look, istream** stream_r) {
  auto packs = packs_of(mail, shelf);
  for (;;) {
    const maildir::Stub stub = *look.stub;
    // The first piece is asked for here: behind the size of a literal it is too late for an error.
    const auto start =
        packs ? packs->piece(stub, 0) : base::make_error(base::Errc::unavailable, "no Maildir");
    if (start) {
      *stream_r = make_stream(std::move(packs), stub);
      return 1;
    }
    // A rewrite of the pack may have moved the mail.
    look.stub.reset();
    if (!look_at(mail, look) || !look.stub) {
      return 0;
    }
    if (*look.stub == stub) {
      mail_set_critical(mail, "posthouse: %s cannot be read: %s", maildir::stub_text(stub).c_str(),
                        start.error().text().c_str());
      return -1;
    }
  }
}

}  // namespace

std::shared_ptr<maildir::Packs> PackShelf::packs_of(const std::string& maildir) {
  auto& packs = by_maildir_[maildir];
  if (!packs) {
    if (auto root = maildir::Directory::open(maildir)) {
      packs = std::make_shared<maildir::Packs>(std::move(*root));
    }
  }
  return packs;
}

int open_packed(mail* mail, PackShelf& shelf, istream** stream_r) {
  try {
    if (auto packs = packs_of(mail, shelf)) {
      if (const auto stub = foresee(mail, *packs)) {
        *stream_r = make_stream(std::move(packs), *stub);
        return 1;
      }
    }
    Look look;
    if (!look_at(mail, look) || !look.stub) {
      return 0;
    }
    return open_found(mail, shelf, look, stream_r);
  } catch (const std::exception& e) {
    mail_set_critical(mail, "posthouse: %s", e.what());
    return -1;
  }
}

bool is_packed(const istream* stream) {
  return stream->real_stream->read == read;
}

int look_at_packed(mail* mail, struct stat* st_r) {
  try {
    Look look;
    look.wants_stat = true;
    if (!look_at(mail, look) || !look.stub) {
      return 0;
    }
    *st_r = look.st;
    return 1;
  } catch (const std::exception& e) {
    mail_set_critical(mail, "posthouse: %s", e.what());
    return -1;
  }
}

bool is_packed_elsewhere(mail* mail, mailbox* to) {
  const char* const here = maildir_of(mail->box);
  const char* const there = maildir_of(to);
  if (here != nullptr && there != nullptr && std::strcmp(here, there) == 0) {
    return false;
  }
  try {
    Look look;
    return look_at(mail, look) && look.stub;
  } catch (const std::exception&) {
    return true;  // the whole mail is right for any
  }
}

}  // namespace plugin
