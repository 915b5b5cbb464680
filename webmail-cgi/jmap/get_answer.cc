// webmail-cgi/jmap/get_answer.cc -- objects that are there, and the ids of those that are not.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "webmail-cgi/jmap/get_answer.hh"

#include "base/clock.hh"

namespace webmail::jmap {

base::Result<void> answer_get(MethodCall& call, std::string_view state,
                              const std::vector<std::string>& ids, const WriteOne& write_one,
                              base::JsonWriter& response) {
  std::vector<std::string_view> missing;
  response.begin_object();
  response.key("accountId").string(call.account().id);
  response.key("state").string(state);
  response.key("list").begin_array();
  for (const std::string& id : ids) {
    if (base::system_clock().ticks() > call.deadline()) {
      return base::make_error(base::Errc::timeout, "the method took too long");
    }
    const auto written = write_one(id, response);
    if (!written) {
      return written.error();
    }
    if (!*written) {
      missing.push_back(id);
    }
  }
  response.end_array();
  response.key("notFound").begin_array();
  for (const std::string_view id : missing) {
    response.string(id);
  }
  response.end_array().end_object();
  return {};
}

}  // namespace webmail::jmap
