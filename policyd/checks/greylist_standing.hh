// policyd/checks/greylist_standing.hh -- what speaks for mail that would have to wait.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Asked only when the greylist is about to refuse: mail that has passed before costs none of it.
#pragma once

#include <optional>
#include <string>
#include <variant>

#include "policyd/chain.hh"
#include "policyd/checks/greylist_options.hh"
#include "policyd/checks/spf.hh"

namespace policy {

// Who asks for what, as the keys see it: all in lower case.
struct GreylistSubject {
  std::string address{};  // the client as Postfix gave it
  std::string network{};
  std::string sender{};
  std::string recipient{};
  std::string mailbox{};    // the recipient without its extension
  bool is_suspect = false;  // no exception is made
};

// Why mail need not wait at all.
enum class Bypass { correspondent, user, dnswl, spf };
inline constexpr std::size_t bypass_count = 4;

struct Standing {
  std::optional<Bypass> bypass{};
  std::string reason{};  // of the bypass
  // Who the client is for the triplet's key, "name:outlook.com"; empty: its network.
  std::string pool{};
};

class GreylistStanding {
 public:
  // All must outlive it.
  GreylistStanding(const GreylistOptions& options, const SpfOptions& spf, Store& store)
      : options_(options), spf_(spf), store_(store), correspondents_(store) {}

  using Answer = std::variant<Standing, Waits, base::Error>;
  Answer of(const GreylistSubject& subject, const Inquiry& inquiry);

  // One of our users has asked to send mail.
  base::Result<bool> learn(const Inquiry& inquiry);

  // Mail came back after its delay: a success of the domain whose SPF it passed, if it did.
  base::Result<void> came_back(const Inquiry& inquiry);

 private:
  base::Result<void> ask_correspondents(const GreylistSubject& subject, const Inquiry& inquiry,
                                        Standing& standing);
  bool ask_user(const GreylistSubject& subject, const Inquiry& inquiry, Standing& standing,
                Waits& waits) const;
  void ask_dnswl(const Inquiry& inquiry, Standing& standing) const;
  base::Result<bool> ask_spf(const Inquiry& inquiry, Standing& standing, Waits& waits);
  base::Result<void> ask_domain(const std::string& name, const Inquiry& inquiry,
                                Standing& standing);
  base::Result<std::optional<Network>> find_domain(const Key& key);
  std::string pool_of(const Inquiry& inquiry) const;

  const GreylistOptions& options_;
  const SpfOptions& spf_;
  Store& store_;
  Correspondents correspondents_;
};

}  // namespace policy
