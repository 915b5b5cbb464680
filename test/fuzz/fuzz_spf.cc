// test/fuzz/fuzz_spf.cc -- any bytes as SPF records, macro text, sender and every DNS answer.
// SPDX-License-Identifier: GPL-3.0-or-later
#include <cstdint>

#include "base/text.hh"

#include "auth-lib/spf.hh"

namespace {

// Every line of the input is a record; a question gets one of them by its name and type.
class FuzzView final : public auth::DnsView {
 public:
  explicit FuzzView(std::string_view text) {
    const base::IpAddress address = base::IpAddress::parse("192.0.2.1").value();
    for (const std::string_view line : base::split(text, '\n')) {
      const auto outcome =
          line.size() % 7 == 3 ? auth::DnsAnswer::Outcome::failed : auth::DnsAnswer::Outcome::found;
      answers_.push_back({outcome, {address}, {std::string(line)}});
    }
  }
  const auth::DnsAnswer* find(const auth::DnsQuestion& question) const override {
    return &answers_[(question.name.size() + static_cast<std::size_t>(question.type)) %
                     answers_.size()];
  }

 private:
  std::vector<auth::DnsAnswer> answers_{};
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const FuzzView view(text);
  auth::SpfInput input;
  input.client = base::IpAddress::parse(size % 2 == 0 ? "192.0.2.1" : "2001:db8::1").value();
  input.sender = std::string(text.substr(0, text.find('\n')));
  input.helo = "h.example.org";
  const auto checked = auth::check_spf(input, view);
  if (!checked.questions.empty()) {
    __builtin_trap();  // every question has its answer here
  }
  return 0;
}
