// webmail-cgi/jmap/mailbox.cc -- Mailbox/get (RFC 8621 s2): the folders of the Maildir.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Roles come from well-known names, as Dovecot's own settings give them; the first folder with one
// has it.
#include <algorithm>
#include <array>
#include <map>

#include "base/text.hh"

#include "webmail-cgi/jmap/arguments.hh"
#include "webmail-cgi/jmap/get_answer.hh"
#include "webmail-cgi/jmap/ids.hh"
#include "webmail-cgi/jmap/mail_methods.hh"
#include "webmail-cgi/jmap/store.hh"

namespace webmail::jmap {

namespace {

struct RoleName {
  std::string_view name;  // lower case
  std::string_view role;
  int order;  // sortOrder
};

constexpr auto roles = std::to_array<RoleName>({
    {"drafts", "drafts", 2},    {"draft", "drafts", 2},        {"草稿", "drafts", 2},
    {"sent", "sent", 3},        {"sent messages", "sent", 3},  {"sent items", "sent", 3},
    {"sent mail", "sent", 3},   {"已发送", "sent", 3},         {"archive", "archive", 4},
    {"archives", "archive", 4}, {"归档", "archive", 4},        {"junk", "junk", 5},
    {"spam", "junk", 5},        {"junk e-mail", "junk", 5},    {"垃圾邮件", "junk", 5},
    {"trash", "trash", 6},      {"deleted items", "trash", 6}, {"deleted messages", "trash", 6},
    {"已删除", "trash", 6},
});
constexpr int no_role_order = 10;

constexpr std::array<std::string_view, 11> properties = {
    "id",           "name",         "parentId",      "role",     "sortOrder",   "totalEmails",
    "unreadEmails", "totalThreads", "unreadThreads", "myRights", "isSubscribed"};

// One Mailbox, with what only the whole list tells.
struct View {
  const maildir::IndexedFolder* folder = nullptr;
  std::string name;
  std::string parent;  // id, or empty
  const RoleName* role = nullptr;
};

const RoleName* role_of(const maildir::Folder& folder) {
  static constexpr RoleName inbox = {"inbox", "inbox", 1};
  if (folder.is_inbox()) {
    return &inbox;
  }
  if (folder.levels.size() > 1) {
    return nullptr;
  }
  const std::string name = base::to_lower(folder.levels.front());
  const auto* const row = std::find_if(roles.begin(), roles.end(),
                                       [&name](const RoleName& r) { return r.name == name; });
  return row == roles.end() ? nullptr : row;
}

// A level whose upper folder does not exist carries that folder's name in its own.
View view_of(const maildir::Index& index, const maildir::IndexedFolder& of) {
  const maildir::Folder& folder = of.folder;
  View view{&of, folder.is_inbox() ? "Inbox" : folder.levels.back(), {}, nullptr};
  std::string disk = folder.disk_name;
  for (std::size_t level = folder.levels.size(); level > 1; --level) {
    disk.resize(disk.rfind('.'));
    const auto& all = index.folders();
    const auto upper = std::find_if(all.begin(), all.end(),
                                    [&](const auto& f) { return f.folder.disk_name == disk; });
    if (upper != all.end()) {
      view.parent = id_of('M', upper->number);
      break;
    }
    view.name = folder.levels[level - 2] + "." + view.name;
  }
  return view;
}

std::map<std::string, View> views_of(const maildir::Index& index) {
  std::map<std::string, View> views;
  std::vector<std::string_view> taken;
  for (const maildir::IndexedFolder& folder : index.folders()) {
    View view = view_of(index, folder);
    const RoleName* role = role_of(folder.folder);
    if (role != nullptr && std::find(taken.begin(), taken.end(), role->role) == taken.end()) {
      view.role = role;
      taken.push_back(role->role);
    }
    views.emplace(id_of('M', folder.number), std::move(view));
  }
  return views;
}

// What this server can do today: it reads.
void write_rights(base::JsonWriter& out) {
  out.begin_object();
  out.key("mayReadItems").boolean(true);
  for (const std::string_view right :
       {"mayAddItems", "mayRemoveItems", "maySetSeen", "maySetKeywords", "mayCreateChild",
        "mayRename", "mayDelete", "maySubmit"}) {
    out.key(right).boolean(false);
  }
  out.end_object();
}

void write_nullable(base::JsonWriter& out, std::string_view text) {
  text.empty() ? out.null() : out.string(text);
}

void write_property(base::JsonWriter& out, const View& view, std::string_view name) {
  out.key(name);
  const maildir::FolderCounts& counts = view.folder->counts;
  if (name == "id") {
    out.string(id_of('M', view.folder->number));
  } else if (name == "name") {
    out.string(view.name);
  } else if (name == "parentId") {
    write_nullable(out, view.parent);
  } else if (name == "role") {
    write_nullable(out, view.role == nullptr ? "" : view.role->role);
  } else if (name == "sortOrder") {
    out.number(view.role == nullptr ? no_role_order : view.role->order);
  } else if (name == "totalEmails") {
    out.number(counts.emails);
  } else if (name == "unreadEmails") {
    out.number(counts.unread);
  } else if (name == "totalThreads") {
    out.number(counts.threads);
  } else if (name == "unreadThreads") {
    out.number(counts.unread_threads);
  } else if (name == "myRights") {
    write_rights(out);
  } else {
    out.boolean(view.folder->is_subscribed);
  }
}

base::Result<std::vector<std::string>> wanted_properties(MethodCall& call) {
  auto wanted = list_argument(call, "properties");
  if (!wanted) {
    return wanted.error();
  }
  if (!*wanted) {
    return std::vector<std::string>(properties.begin(), properties.end());
  }
  for (const std::string& name : **wanted) {
    if (std::find(properties.begin(), properties.end(), name) == properties.end()) {
      return invalid_argument(call, "properties", "no property " + name);
    }
  }
  if (std::find((*wanted)->begin(), (*wanted)->end(), "id") == (*wanted)->end()) {
    (*wanted)->insert((*wanted)->begin(), "id");
  }
  return std::move(**wanted);
}

}  // namespace

base::Result<void> mailbox_get(MethodCall& call, base::JsonWriter& response) {
  auto ids = ids_argument(call);
  const auto wanted =
      ids ? wanted_properties(call) : base::Result<std::vector<std::string>>(ids.error());
  if (!wanted) {
    return wanted.error();
  }
  const auto store = StoreLock::take(call.account());
  if (!store) {
    return store.error();
  }
  const auto views = views_of(**store);
  if (!*ids) {
    ids->emplace();
    for (const maildir::IndexedFolder& folder : (*store)->folders()) {
      (*ids)->push_back(id_of('M', folder.number));
    }
  }
  const auto write = [&](const std::string& id, base::JsonWriter& out) -> base::Result<bool> {
    const auto found = views.find(id);
    if (found == views.end()) {
      return false;
    }
    out.begin_object();
    for (const std::string& name : *wanted) {
      write_property(out, found->second, name);
    }
    out.end_object();
    return true;
  };
  return answer_get(call, state_of(**store, maildir::Kind::folder), **ids, write, response);
}

}  // namespace webmail::jmap
