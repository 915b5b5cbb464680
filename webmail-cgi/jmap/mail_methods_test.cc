// webmail-cgi/jmap/mail_methods_test.cc -- JMAP methods over a Maildir that Dovecot wrote.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "webmail-cgi/jmap/mail_methods.hh"

#include <boost/test/unit_test.hpp>

#include "maildir-lib/ids.hh"
#include "maildir-lib/test_maildir.hh"

#include "webmail-cgi/blob.hh"

namespace {

using webmail::jmap::email_changes;
using webmail::jmap::email_get;
using webmail::jmap::email_query;
using webmail::jmap::mailbox_changes;
using webmail::jmap::mailbox_get;
using webmail::jmap::thread_get;

// Numbers that the fixture's ids.log gives the sample, as the digits of ids.
const std::string inbox = "Mk";
const std::string work = "Ml";
const std::string projects = "Mm";
const std::string chinese = "1";
const std::string japanese = "2";
const std::string arabic = "4";
const std::string offer = "6";
const std::string report = "7";
const std::string bounce = "8";
const std::string broken = "9";

struct Fixture {
  maildir::TestMaildir sample;
  webmail::Account account{"alice@example.org", "a1", sample.text(), sample.text(),
                           sample.text() + "/state/index"};

  Fixture() {
    using maildir::email_key;
    using maildir::folder_name_key;
    const std::string mails[] = {"1795327796.M171788P30695.vm", "1795327796.M224176P30696.vm",
                                 "1795327796.M288182P30697.vm", "1795327796.M338281P30698.vm",
                                 "1795327796.M385995P30702.vm", "1795327796.M434601P30703.vm",
                                 "1795327796.M506710P30704.vm", "1795327796.M618707P30707.vm",
                                 "1795327796.M746194P30717.vm"};
    std::vector<maildir::IdRecord> records;
    for (const std::string& guid : mails) {
      records.push_back({records.size() + 1, email_key(guid)});
    }
    records.push_back({20, folder_name_key("")});
    records.push_back({21, folder_name_key(".Work")});
    records.push_back({22, folder_name_key(".Work.Projekte 2026")});
    auto log = maildir::IdsLog::open(sample.text() + "/ids.log", std::chrono::seconds(1));
    BOOST_REQUIRE(log.has_value());
    maildir::IdsPlace place;
    BOOST_REQUIRE(log->read(place).has_value());
    BOOST_REQUIRE(log->append(records, place).has_value());
  }

  // A mail in INBOX, in the uidlist too.
  void deliver(const std::string& place, const std::string& name, const std::string& bytes) const {
    std::ofstream(sample.path() / "dovecot-uidlist", std::ios::app) << "99 :" << name << "\n";
    sample.add(place, name, bytes);
  }

  // The response's arguments, or "!type" of the error.
  std::string call(webmail::jmap::MethodFunction method, const std::string& arguments) const {
    base::JsonParser parser;
    const auto value = parser.parse(arguments);
    BOOST_REQUIRE(value.has_value());
    const webmail::jmap::Limits limits;
    webmail::jmap::MethodCall call(account, *value, limits,
                                   base::system_clock().ticks() + std::chrono::minutes(1));
    base::JsonWriter response;
    const auto done = method(call, response);
    if (!done) {
      return "!" + (call.refusal() ? call.refusal()->type
                                   : std::string(base::errc_name(done.error().code)));
    }
    return response.take();
  }

  // What stands between `from` and `to` in the answer.
  std::string part(webmail::jmap::MethodFunction method, const std::string& arguments,
                   const std::string& from, const std::string& to) const {
    const std::string text = call(method, arguments);
    const std::size_t start = text.find(from);
    BOOST_REQUIRE_MESSAGE(start != std::string::npos, text);
    const std::size_t end = text.find(to, start + from.size());
    return text.substr(start + from.size(), end - start - from.size());
  }

  // One property of one Email, as JSON.
  std::string property(const std::string& digits, const std::string& name,
                       const std::string& more = "") const {
    return part(email_get,
                "{\"ids\":[\"E" + digits + "\"],\"properties\":[\"" + name + "\"]" + more + "}",
                "[{\"id\":\"E" + digits + "\",\"" + name + "\":", "}],\"notFound\":[]}");
  }

  std::string query(const std::string& arguments) const {
    return part(email_query, arguments, "\"position\":", "}");
  }

  std::string state() const { return part(mailbox_get, R"({"ids":[]})", "\"state\":", ","); }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(mail_methods, Fixture)

BOOST_AUTO_TEST_CASE(mailboxes_have_names_parents_roles_and_counts) {
  const std::string list =
      part(mailbox_get,
           R"({"ids":null,"properties":["name","parentId","role","totalEmails","unreadEmails"]})",
           "\"list\":[", "],\"notFound\":[]");
  const auto row = [&list](const std::string& text) {
    BOOST_TEST(list.find(text) != std::string::npos, text << " in " << list);
  };
  row("{\"id\":\"" + inbox +
      R"(","name":"Inbox","parentId":null,"role":"inbox","totalEmails":9,"unreadEmails":6})");
  row(R"("name":"归档","parentId":null,"role":"archive","totalEmails":1,"unreadEmails":1})");
  row(R"("name":"Drafts","parentId":null,"role":"drafts","totalEmails":1,"unreadEmails":0})");
  row(R"("name":"Trash","parentId":null,"role":"trash","totalEmails":0,"unreadEmails":0})");
  row("{\"id\":\"" + work + R"(","name":"Work","parentId":null,"role":null,)");
  row("{\"id\":\"" + projects + R"(","name":"Projekte 2026","parentId":")" + work +
      "\",\"role\":null,");
}

BOOST_AUTO_TEST_CASE(rights_say_that_this_server_reads) {
  BOOST_TEST(
      part(mailbox_get, "{\"ids\":[\"" + inbox + R"("],"properties":["myRights","isSubscribed"]})",
           "\"myRights\":", "}]") ==
      R"({"mayReadItems":true,"mayAddItems":false,"mayRemoveItems":false,"maySetSeen":false,)"
      R"("maySetKeywords":false,"mayCreateChild":false,"mayRename":false,"mayDelete":false,)"
      R"("maySubmit":false},"isSubscribed":true)");
}

BOOST_AUTO_TEST_CASE(wrong_arguments_are_refused_by_type) {
  BOOST_TEST(call(mailbox_get, R"({"ids":"x"})") == "!invalidArguments");
  BOOST_TEST(call(mailbox_get, R"({"ids":[1]})") == "!invalidArguments");
  BOOST_TEST(call(mailbox_get, R"({"properties":["nope"]})") == "!invalidArguments");
  BOOST_TEST(call(email_get, R"({"ids":[],"properties":["header:From:asDate"]})") ==
             "!invalidArguments");
  BOOST_TEST(call(email_get, R"({"ids":[],"bodyProperties":["nope"]})") == "!invalidArguments");
  BOOST_TEST(call(email_get, R"({"ids":[],"maxBodyValueBytes":-1})") == "!invalidArguments");
  BOOST_TEST(call(email_query, R"({"filter":{"text":"x"}})") == "!unsupportedFilter");
  BOOST_TEST(call(email_query, R"({"filter":{"operator":"AND","conditions":[]}})") ==
             "!unsupportedFilter");
  BOOST_TEST(call(email_query, R"({"sort":[{"property":"size"}]})") == "!unsupportedSort");
  BOOST_TEST(call(email_query, R"({"limit":-1})") == "!invalidArguments");
  BOOST_TEST(call(email_query, R"({"position":"x"})") == "!invalidArguments");
  BOOST_TEST(call(email_query, R"({"anchor":"Enone"})") == "!anchorNotFound");
}

BOOST_AUTO_TEST_CASE(ids_that_name_nothing_are_not_found) {
  BOOST_TEST(part(mailbox_get, R"({"ids":["Mx","Mx"]})", "\"list\":", "}") ==
             R"([],"notFound":["Mx"])");
  BOOST_TEST(part(email_get, R"({"ids":["Ex","B","EABC"]})", "\"list\":", "}") ==
             R"([],"notFound":["Ex","B","EABC"])");
  BOOST_TEST(part(email_get, R"({"ids":[]})", "\"list\":", "}") == R"([],"notFound":[])");
}

BOOST_AUTO_TEST_CASE(null_asks_for_all_ids) {
  BOOST_TEST(part(email_get, R"({"ids":null,"properties":["blobId"]})", "\"list\":[", "\"}")
                 .starts_with("{\"id\":\"E"));
  BOOST_TEST(part(thread_get, R"({"ids":null})", "\"notFound\":", "}") == "[]");
}

BOOST_AUTO_TEST_CASE(queries_sort_by_arrival_and_leave_deleted_mail_out) {
  const std::string filter = R"({"filter":{"inMailbox":")" + inbox + "\"},";
  BOOST_TEST(query(filter + R"("calculateTotal":true,"limit":2})") ==
             "0,\"ids\":[\"E" + broken + "\",\"E" + bounce + "\"],\"total\":9");
  BOOST_TEST(query(filter + R"("sort":[{"property":"receivedAt"}],"limit":1})") ==
             "0,\"ids\":[\"E" + chinese + "\"]");
  BOOST_TEST(query(filter + R"("position":-1,"limit":5})") == "8,\"ids\":[\"E" + chinese + "\"]");
  BOOST_TEST(query(filter + R"("position":100,"limit":5})") == "100,\"ids\":[]");
  BOOST_TEST(query(filter + "\"anchor\":\"E" + bounce + R"(","anchorOffset":-1,"limit":1})") ==
             "0,\"ids\":[\"E" + broken + "\"]");
  BOOST_TEST(query(R"({"calculateTotal":true,"limit":0})") == "0,\"ids\":[],\"total\":12");
  BOOST_TEST(query(R"({"filter":{"inMailbox":"Mnone"},"limit":5})") == "0,\"ids\":[]");
}

BOOST_AUTO_TEST_CASE(one_guid_in_two_folders_is_one_email) {
  BOOST_TEST(property(report, "mailboxIds") ==
             "{\"" + inbox + "\":true,\"" + projects + "\":true}");
  BOOST_TEST(property(report, "threadId") == "\"T" + report + "\"");
  BOOST_TEST(part(thread_get, "{\"ids\":[\"T" + report + "\",\"Tx\"]}", "\"list\":", "]}") ==
             "[{\"id\":\"T" + report + "\",\"emailIds\":[\"E" + report + "\"");
}

BOOST_AUTO_TEST_CASE(keywords_come_from_flags_and_letters) {
  BOOST_TEST(property(chinese, "keywords") == R"({"$answered":true,"$seen":true})");
  BOOST_TEST(property(japanese, "keywords") ==
             R"({"$flagged":true,"$forwarded":true,"$label1":true,"$seen":true})");
  BOOST_TEST(property(broken, "keywords") == "{}");
}

BOOST_AUTO_TEST_CASE(list_rows_are_in_every_language) {
  BOOST_TEST(property(chinese, "subject") == "\"会议安排\"");
  BOOST_TEST(property(chinese, "from") == R"([{"name":"王小明","email":"wang@example.cn"}])");
  BOOST_TEST(property(chinese, "preview") == "\"你好，Alice： 明天下午三点开会。\"");
  BOOST_TEST(property(chinese, "receivedAt") == "\"2026-11-22T06:09:56Z\"");
  BOOST_TEST(property(chinese, "sentAt") == "\"2026-02-02T09:30:00+08:00\"");
  BOOST_TEST(property(chinese, "size") == "322");
  BOOST_TEST(property(japanese, "subject") == "\"お知らせ\"");
  BOOST_TEST(property(arabic, "preview") == "\"مرحبا أليس\"");
  BOOST_TEST(property(report, "references") == R"(["m00@example.net","m01@example.net"])");
  BOOST_TEST(property(report, "hasAttachment") == "true");
  BOOST_TEST(property(offer, "hasAttachment") == "false");
  BOOST_TEST(property(bounce, "from") ==
             R"([{"name":"Mail Delivery System","email":"MAILER-DAEMON@mx.example.org"}])");
  BOOST_TEST(property(broken, "from") == R"([{"name":null,"email":"nobody"}])");
  BOOST_TEST(property(broken, "sentAt") == "null");
}

BOOST_AUTO_TEST_CASE(headers_come_in_the_form_asked_for) {
  BOOST_TEST(property(offer, "header:list-unsubscribe:asURLs") ==
             R"(["https://example.com/u?x=1","mailto:u@example.com"])");
  BOOST_TEST(property(offer, "header:Subject") == "\" Offer of the week\"");
  BOOST_TEST(property(report, "header:To:asGroupedAddresses") ==
             R"([{"name":null,"addresses":[{"name":"Alice","email":"alice@example.org"}]}])");
  BOOST_TEST(property(offer, "header:X-None:all") == "[]");
  BOOST_TEST(property(offer, "header:X-None") == "null");
}

BOOST_AUTO_TEST_CASE(bodies_are_taken_apart) {
  const std::string few = R"(,"bodyProperties":["partId","type","name","size"])";
  BOOST_TEST(property(report, "attachments", few) ==
             R"([{"partId":"2","type":"application/pdf","name":"报告.pdf","size":15}])");
  BOOST_TEST(property(offer, "bodyStructure", R"(,"bodyProperties":["partId","blobId"])") ==
             R"({"partId":null,"blobId":null,"subParts":[{"partId":"1","blobId":"P)" + offer +
                 R"(-1"},{"partId":null,"blobId":null,"subParts":[{"partId":"2.1","blobId":"P)" +
                 offer + R"(-2_1"},{"partId":"2.2","blobId":"P)" + offer + R"(-2_2"}]}]})");
  BOOST_TEST(
      property(report, "bodyValues", R"(,"fetchTextBodyValues":true)") ==
      R"({"1":{"value":"See the café report.","isEncodingProblem":false,"isTruncated":false}})");
  BOOST_TEST(
      property(report, "bodyValues", R"(,"fetchTextBodyValues":true,"maxBodyValueBytes":12)") ==
      R"({"1":{"value":"See the caf","isEncodingProblem":false,"isTruncated":true}})");
  BOOST_TEST(
      property(arabic, "bodyValues", R"(,"fetchHTMLBodyValues":true,"maxBodyValueBytes":20)") ==
      R"({"1":{"value":"<html dir=\"rtl\">","isEncodingProblem":false,"isTruncated":true}})");
  BOOST_TEST(property(broken, "bodyValues", R"(,"fetchAllBodyValues":true)") ==
             "{\"1\":{\"value\":\"no mime "
             "\uFFFD\uFFFD\\n\",\"isEncodingProblem\":true,\"isTruncated\":false}}");
}

BOOST_AUTO_TEST_CASE(states_change_with_the_maildir_alone) {
  const std::string before = state();
  BOOST_TEST(state() == before);
  deliver("new", "1795400000.M1P1.vm,S=4,W=5", "A: b\n\nc");
  const std::string after = state();
  BOOST_TEST(after != before);
  BOOST_TEST(query(R"({"calculateTotal":true,"limit":0})") == "0,\"ids\":[],\"total\":13");
  std::filesystem::remove(sample.path() / "new/1795400000.M1P1.vm,S=4,W=5");
  BOOST_TEST(state() != after);
  BOOST_TEST(state() == state());
}

BOOST_AUTO_TEST_CASE(changes_are_told_since_any_state_of_this_index) {
  const std::string mailboxes = state();
  const std::string emails = part(email_get, R"({"ids":[]})", "\"state\":", ",");
  deliver("new", "1795400000.M1P1.vm,S=4,W=5", "A: b\n\nc");
  const auto changes = [this](webmail::jmap::MethodFunction method, const std::string& since) {
    return part(method, "{\"sinceState\":" + since + "}", "\"hasMoreChanges\":", "}");
  };
  BOOST_TEST(changes(mailbox_changes, mailboxes) ==
             R"(false,"created":[],"updated":["Mk"],"destroyed":[],"updatedProperties":)"
             R"(["totalEmails","unreadEmails","totalThreads","unreadThreads"])");
  BOOST_TEST(changes(email_changes, emails).starts_with("false,\"created\":[\"E"));
  std::filesystem::rename(sample.path() / "new/1795327796.M338281P30698.vm,S=338,W=348",
                          sample.path() / "cur/1795327796.M338281P30698.vm,S=338,W=348:2,S");
  BOOST_TEST(changes(email_changes, emails).ends_with(R"("updated":["E4"],"destroyed":[])"));
  BOOST_TEST(call(email_changes, R"({"sinceState":"else-1"})") == "!cannotCalculateChanges");
  BOOST_TEST(call(email_changes, R"({"sinceState":"x"})") == "!cannotCalculateChanges");
  BOOST_TEST(call(email_changes, "{}") == "!invalidArguments");
}

BOOST_AUTO_TEST_CASE(replies_are_collapsed_into_one_thread) {
  deliver("new", "1795400000.M1P1.vm,S=9,W=9", "Message-ID: <q1@x>\nSubject: Q\n\nc");
  deliver("new", "1795400001.M2P1.vm,S=9,W=9", "In-Reply-To: <q1@x>\nSubject: Re: Q\n\nd");
  const std::string newest = part(email_query, R"({"limit":2})", "\"ids\":[\"", "]");
  const std::string reply = newest.substr(0, newest.find('"'));
  const std::string first = newest.substr(reply.size() + 3, newest.rfind('"') - reply.size() - 3);
  BOOST_TEST(property(reply.substr(1), "threadId") == "\"T" + first.substr(1) + "\"");
  BOOST_TEST(part(thread_get, "{\"ids\":[\"T" + first.substr(1) + "\"]}", "\"emailIds\":", "}") ==
             "[\"" + first + "\",\"" + reply + "\"]");
  BOOST_TEST(query(R"({"collapseThreads":true,"calculateTotal":true,"limit":1})") ==
             "0,\"ids\":[\"" + reply + "\"],\"total\":13");
}

BOOST_AUTO_TEST_CASE(a_mail_that_cannot_be_read_does_not_hide_the_others) {
  deliver("cur", "1795400003.M1P1.vm,S=8,W=10:2,S", "\x28\xB5\x2F\xFD broken");
  const std::string ids = part(email_query, R"({"limit":2})", "\"ids\":", "]") + "]";
  const std::string got =
      call(email_get, "{\"ids\":" + ids + R"(,"properties":["subject","textBody"]})");
  BOOST_TEST(got.find("\"subject\":null") != std::string::npos);
  BOOST_TEST(got.find("\"notFound\":[]") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(an_account_without_a_maildir_is_not_found) {
  const webmail::Account none{"x", "a2", "/nonexistent", "/nonexistent/Maildir",
                              sample.text() + "/state/none"};
  BOOST_TEST((webmail::open_blob(none, "B" + chinese).error().code == base::Errc::not_found));
}

BOOST_AUTO_TEST_CASE(blobs_are_files_and_decoded_parts) {
  const auto whole = webmail::open_blob(account, "B" + report);
  BOOST_REQUIRE(whole.has_value());
  BOOST_TEST(whole->type == "message/rfc822");
  BOOST_TEST(std::get<webmail::FileRange>(whole->content).size == 642U);
  const auto pdf = webmail::open_blob(account, "P" + report + "-2");
  BOOST_REQUIRE(pdf.has_value());
  BOOST_TEST(pdf->type == "application/pdf");
  BOOST_TEST(pdf->name == "报告.pdf");
  BOOST_TEST(std::get<std::string>(pdf->content) == "%PDF-1.4\n%%EOF\n");
  const std::vector<std::string> bad_ids = {"",
                                            "B",
                                            "P" + report,
                                            "P" + report + "-9",
                                            "P" + report + "-../1",
                                            "Q" + report,
                                            "B" + std::string(13, 'a'),
                                            "P" + report + "-"};
  for (const std::string& bad : bad_ids) {
    BOOST_TEST_CONTEXT(bad) {
      const auto blob = webmail::open_blob(account, bad);
      BOOST_TEST((!blob && blob.error().code == base::Errc::not_found));
    }
  }
}

BOOST_AUTO_TEST_CASE(the_view_shows_html_made_safe) {
  const auto page = webmail::view_page(account, "B" + offer, {});
  BOOST_REQUIRE(page.has_value());
  BOOST_TEST(page->starts_with("<!doctype html>"));
  BOOST_TEST(page->find("data-blocked-pictures=\"1\"") != std::string::npos);
  BOOST_TEST(page->find("<p style=\"color:blue\">Everything is <b>cheap</b></p>") !=
             std::string::npos);
  BOOST_TEST(page->find("<img src=\"/jmap/download/a1/P" + offer +
                        "-2_2/picture?type=image%2fpng\">") != std::string::npos);
  for (const char* const bad : {"script", "steal", "evil", "javascript", " src=\"http"}) {
    BOOST_TEST(page->find(bad) == std::string::npos);
  }
}

BOOST_AUTO_TEST_CASE(the_view_shows_text_escaped) {
  const auto page = webmail::view_page(account, "P" + chinese + "-1", {});
  BOOST_REQUIRE(page.has_value());
  BOOST_TEST(page->find("<div class=\"text\">你好，Alice：\n") != std::string::npos);
  BOOST_TEST(!webmail::view_page(account, "P" + report + "-2", {}).has_value());
  BOOST_TEST(webmail::view_page(account, "B" + broken, {}).has_value());
}

BOOST_AUTO_TEST_SUITE_END()
