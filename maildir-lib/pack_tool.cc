// maildir-lib/pack_tool.cc -- for tests: packs all mail of a Maildir, without care for other users.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// usage: pack_tool MAILDIR [LEVEL]
// Each message with S= and W= in its name, in every folder, becomes a stub of one new pack. Nobody
// else may be at work in the Maildir: `posthouse mail pack` is for that.
#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.hh"

#include "maildir-lib/filename.hh"
#include "maildir-lib/folder.hh"
#include "maildir-lib/message.hh"
#include "maildir-lib/pack.hh"

namespace {

namespace fs = std::filesystem;

// Oldest first.
std::vector<std::pair<std::string, std::string>> all_mail(const maildir::Directory& root,
                                                          const std::string& maildir) {
  std::vector<std::pair<std::string, std::string>> found;
  const auto folders = maildir::list_folders(root).value();
  for (const maildir::Folder& folder : folders) {
    for (const char* place : {"new", "cur"}) {
      for (const auto& entry :
           fs::directory_iterator(maildir + "/" + folder.disk_name + "/" + place)) {
        const auto name = maildir::parse_file_name(entry.path().filename().native());
        if (!entry.is_symlink() && name.size && name.virtual_size) {
          found.emplace_back(folder.disk_name, entry.path().string());
        }
      }
    }
  }
  std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) {
    return fs::path(a.second).filename() < fs::path(b.second).filename();
  });
  return found;
}

void replace(const std::string& path, const maildir::Stub& stub, std::int64_t received) {
  const std::string link = path + ".stub";
  struct stat st {};
  const std::array<timespec, 2> times{timespec{received, 0}, timespec{received, 0}};
  if (::stat(path.c_str(), &st) != 0 ||
      ::symlink(maildir::stub_text(stub).c_str(), link.c_str()) != 0 ||
      ::utimensat(AT_FDCWD, link.c_str(), times.data(), AT_SYMLINK_NOFOLLOW) != 0 ||
      ::lchown(link.c_str(), st.st_uid, st.st_gid) != 0 ||
      ::rename(link.c_str(), path.c_str()) != 0) {
    std::perror(path.c_str());
    std::exit(1);
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    (void)std::fputs("usage: pack_tool MAILDIR [LEVEL]\n", stderr);
    return 2;
  }
  const std::string maildir = argv[1];
  const std::string packs = maildir + "/" + maildir::packs_folder;
  const auto root = maildir::Directory::open(maildir).value();
  fs::create_directory(packs);
  struct stat st {};
  ::stat(maildir.c_str(), &st);
  auto writer = maildir::PackWriter::begin(packs, maildir::new_pack_id(),
                                           argc > 2 ? base::parse_number<int>(argv[2]).value() : 6)
                    .value();
  const auto mails = all_mail(root, maildir);
  std::vector<std::int64_t> received;
  std::uint64_t plain = 0;
  for (const auto& [folder, path] : mails) {
    const fs::path file(path);
    const auto place = maildir::Directory::open(file.parent_path().string()).value();
    auto message = maildir::Message::open(root, place, file.filename().string()).value();
    const auto octets = message.read().value();
    plain += octets.size();
    received.push_back(message.received());
    (void)writer.add({folder, file.filename().string(), "", message.received()}, octets).value();
  }
  const auto stubs = writer.finish().value();
  for (std::size_t i = 0; i < mails.size(); ++i) {
    replace(mails[i].second, stubs[i], received[i]);
  }
  for (const auto& entry : fs::directory_iterator(packs)) {
    (void)::lchown(entry.path().c_str(), st.st_uid, st.st_gid);
  }
  (void)::lchown(packs.c_str(), st.st_uid, st.st_gid);
  std::printf("%zu mails, %llu octets, packed %llu\n", mails.size(),
              static_cast<unsigned long long>(plain),
              static_cast<unsigned long long>(writer.size()));
  return 0;
}
