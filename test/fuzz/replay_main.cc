// test/fuzz/replay_main.cc -- runs a fuzz target over a corpus folder, without a fuzzer.
// SPDX-License-Identifier: GPL-3.0-or-later
#include <cstdint>
#include <cstdio>
#include <string>

#include "base/files.hh"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: %s CORPUS_FOLDER\n", argv[0]);
    return 2;
  }
  const std::string folder = argv[1];
  const auto names = base::list_directory(folder);
  if (!names || names->empty()) {
    std::fprintf(stderr, "%s: no corpus\n", folder.c_str());
    return 1;
  }
  for (const std::string& name : *names) {
    const auto input = base::read_file(folder + "/" + name);
    if (!input) {
      std::fprintf(stderr, "%s\n", input.error().text().c_str());
      return 1;
    }
    LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(input->data()), input->size());
  }
  std::printf("%zu inputs\n", names->size());
  return 0;
}
