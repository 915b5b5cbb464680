// policyd/engine.hh -- the daemon without its sockets: settings, lists, checks, verdicts.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Owned by main.cc in the daemon and by the replay runner in tests; both give it a store and a
// clock. A second engine with other settings can rehearse beside it. One thread.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hh"
#include "base/log.hh"

#include "policyd/action_type.hh"
#include "policyd/chain.hh"
#include "policyd/checks/dnsbl.hh"
#include "policyd/checks/greylist.hh"
#include "policyd/checks/list.hh"
#include "policyd/checks/quota.hh"
#include "policyd/checks/rate.hh"
#include "policyd/checks/sender_login.hh"
#include "policyd/checks/spf.hh"
#include "policyd/checks/trap.hh"
#include "policyd/checks/user_list.hh"
#include "policyd/request.hh"
#include "policyd/settings.hh"
#include "policyd/store/witness_store.hh"

namespace policy {

// A shadow only rehearses: what it finds out about the world it neither logs nor counts.
enum class EngineRole { live, shadow };

class Engine {
 public:
  // All must outlive the engine.
  Engine(const Settings& settings, Store& store, const base::Clock& clock, base::Log& log,
         EngineRole role = EngineRole::live);
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;
  ~Engine() = default;

  void apply(const Settings& settings);
  void use_lists(std::shared_ptr<const Lists> lists) { lists_ = std::move(lists); }
  const std::shared_ptr<const Lists>& lists() const { return lists_; }
  const GreylistOptions& greylist() const { return greylist_; }
  const RateOptions& rates() const { return rates_; }
  const RateLedger& rate_ledger() const { return *rate_ledger_; }
  const TrapOptions& traps() const { return traps_; }
  TrapBook& trap_book() { return trap_book_; }
  // To be tested by whoever asks the DNS (self_test.hh).
  DnsblZones& dnsbl_zones() { return dnsbl_zones_; }

  // Told of every verdict and of the rows that changed on the way to it; null: nobody.
  using Witness = std::function<void(const Request& request, const Facts& facts,
                                     const Before& before, const Verdict& verdict)>;
  void set_witness(Witness witness) { witness_ = std::move(witness); }

  const Chain& chain() const { return chain_; }
  const base::Clock& clock() const { return clock_; }
  // How long a request may wait in all for what its checks need.
  base::Duration lookup_deadline() const { return lookup_deadline_; }

  // The verdict, counted and logged; nothing while a check waits (run.waits tells for what), then
  // call it again with the same run, request and facts once that is among the facts.
  std::optional<Verdict> proceed(Chain::Run& run, const Request& request, Facts& facts);

  // The same in a rehearsal (chain.hh).
  std::optional<Verdict> rehearse(Chain::Run& run, const Request& request, Facts& facts,
                                  Notes& notes);

 private:
  void report(const base::Event* event, const Request& request, const Verdict& verdict);
  void report_dry(const Request& request, const Verdict& verdict);
  static void give_header(Facts& facts, Verdict& verdict);

  WitnessStore store_;
  const base::Clock& clock_;
  base::Log& log_;
  Witness witness_{};
  base::Duration lookup_deadline_{};
  ListOptions list_options_{};
  SpfOptions spf_options_{};
  DnsblZones dnsbl_zones_;
  DnsblOptions dnsbl_options_{};
  UserListOptions user_list_options_{};
  SenderLoginOptions sender_login_{};
  RateOptions rates_{};
  std::shared_ptr<RateLedger> rate_ledger_ = std::make_shared<RateLedger>();
  QuotaOptions quota_{};
  TrapOptions traps_{};
  TrapBook trap_book_;
  ActionOptions actions_{};
  GreylistOptions greylist_{};
  std::shared_ptr<const Lists> lists_ = std::make_shared<Lists>();
  Chain chain_{};
};

// One client of the engine, without its socket.
class Conversation {
 public:
  explicit Conversation(Engine& engine) : engine_(engine) {}

  enum class Progress {
    ready,    // all that came is answered
    waiting,  // put what waits() names into facts(), then call resume(); give no bytes till then
    broken,   // not the protocol: close
  };
  // Takes bytes of the client and appends the answers to `out`.
  Progress take(std::string_view bytes, std::string& out);
  Progress resume(std::string& out);

  const Waits& waits() const { return run_.waits; }
  Facts& facts() { return facts_; }

  // True while part of a request has come.
  bool is_midway() const { return reader_.is_midway(); }
  // What broke it.
  const base::Error& error() const { return error_; }

 private:
  Progress answer_all(std::string& out);

  Engine& engine_;
  RequestReader reader_{};
  std::optional<Request> request_{};  // the one being decided
  Facts facts_{};
  Chain::Run run_{};
  base::Error error_{};
};

}  // namespace policy
