// milter/service.cc -- putting the milter together, and explaining what it would stamp.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "milter/service.hh"

#include "base/json_writer.hh"

#include "milter/session.hh"

namespace milter {

base::Result<std::unique_ptr<loop::Service<Settings>>> Milter::start(
    const Settings& settings, const loop::DaemonContext& context) {
  auto resolver = loop::Resolver::make(context.loop, settings);
  if (!resolver) {
    return resolver.error();
  }
  std::unique_ptr<Milter> made(new Milter(context, std::move(*resolver)));
  if (auto opened = made->open(settings); !opened) {
    return opened.error();
  }
  return std::unique_ptr<loop::Service<Settings>>(std::move(made));
}

base::Result<void> Milter::open(const Settings& settings) {
  auto rules = make_rules(settings);
  const auto address = loop::Address::parse(settings.listen);
  if (!rules || !address) {
    return rules ? address.error() : rules.error();
  }
  rules_ = std::make_shared<const Rules>(std::move(*rules));
  auto face = Face::start(*address, rules_,
                          {.loop = context_.loop,
                           .log = context_.log,
                           .ask =
                               [this](const std::string& client, base::Duration deadline,
                                      std::function<void(IprevResult)> done) {
                                 check_iprev(*resolver_, client, deadline, std::move(done));
                               },
                           .on_end = [this] { context_.loop.stop(); }});
  if (!face) {
    return face.error();
  }
  face_ = std::move(*face);
  if (context_.control != nullptr) {
    context_.control->add("explain",
                          "Tells what a mail from the client `address` would be stamped.",
                          [this](const loop::ControlRequest& request, loop::ControlReply reply) {
                            explain(request, std::move(reply));
                          });
  }
  return {};
}

base::Result<void> Milter::reload(const Settings& settings) {
  auto rules = make_rules(settings);
  if (!rules) {
    return rules.error();
  }
  rules_ = std::make_shared<const Rules>(std::move(*rules));
  face_->set_rules(rules_);
  return {};
}

void Milter::explain(const loop::ControlRequest& request, loop::ControlReply reply) {
  const std::string address(base::json_text(request.arguments, "address").value_or(""));
  if (auto reverse = loop::reverse_name(address); !reverse) {
    reply.fail(base::make_error(base::Errc::malformed, reverse.error().detail,
                                R"(write {"verb":"explain","address":"192.0.2.1"})"));
    return;
  }
  Session session;
  session.connected(address);
  const bool is_asked = session.wants_iprev(*rules_);
  const auto later = std::make_shared<loop::ControlReply>(std::move(reply));
  const auto tell = [later, address, is_asked, id = rules_->authserv_id](const IprevResult& iprev) {
    base::JsonWriter json;
    json.begin_object().key("trusted").boolean(!is_asked);
    json.key("iprev").string(iprev_name(iprev.outcome)).key("name").string(iprev.name);
    json.key("field").string(stamp(id.empty() ? "HOST" : id, address, iprev, "", "")).end_object();
    later->row(json.text());
    later->ok();
  };
  if (is_asked) {
    check_iprev(*resolver_, address, rules_->dns_deadline, tell);
  } else {
    tell({});
  }
}

}  // namespace milter
