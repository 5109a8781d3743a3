// SPDX-License-Identifier: Apache-2.0
//
// Runs a libFuzzer target without libFuzzer: `program CORPUS N [SEED]` feeds it every file of the folder CORPUS and then N
// mutations of them, the same ones for the same seed. `program FILE` repeats one input. A crash, a failed assertion, an
// escaped exception or an input that takes longer than ten seconds fails, and leaves the input in a file.
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <initializer_list>
#include <iterator>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
// NOLINTNEXTLINE(bugprone-reserved-identifier,readability-identifier-naming): the sanitizers chose the name
extern "C" void __sanitizer_set_death_callback(void (*callback)()) __attribute__((weak));

namespace {

using Input = std::vector<std::uint8_t>;

constexpr unsigned kSecondsPerInput = 10;
constexpr std::size_t kMaxInputBytes = std::size_t{1} << 16;
constexpr rlim_t kMaxMemoryBytes = rlim_t{4} << 30;

// What the signal handlers need: plain data, set before each input.
const std::uint8_t* current_data = nullptr;
std::size_t current_size = 0;
char failure_path[4096] = "";

void write_text(const char* text) { [[maybe_unused]] const auto n = ::write(STDERR_FILENO, text, std::strlen(text)); }

/// Saves the input at work. Only calls that are safe in a signal handler.
void save_current_input() {
  const int file = ::open(failure_path, O_CREAT | O_WRONLY | O_TRUNC, 0644);
  if (file < 0) return;
  [[maybe_unused]] const auto n = ::write(file, current_data, current_size);
  ::close(file);
  write_text("the input is in ");
  write_text(failure_path);
  write_text("\n");
}

void on_signal(int signal) {
  write_text(signal == SIGALRM ? "\nfuzz driver: no end after 10 s; " : "\nfuzz driver: the target crashed; ");
  save_current_input();
  ::_exit(1);
}

/// A hang is caught here; so is a crash, unless a sanitizer is linked in, which reports crashes better.
void watch(const std::string& program) {
  std::snprintf(failure_path, sizeof failure_path, "%s.failure", program.c_str());
  std::signal(SIGALRM, on_signal);
  std::signal(SIGABRT, on_signal);
  if (__sanitizer_set_death_callback != nullptr) {
    __sanitizer_set_death_callback(save_current_input);
    return;
  }
  for (const int signal : {SIGSEGV, SIGBUS, SIGFPE, SIGILL}) std::signal(signal, on_signal);
  const rlimit memory{kMaxMemoryBytes, kMaxMemoryBytes};
  ::setrlimit(RLIMIT_AS, &memory);
}

void run(const Input& input) {
  current_data = input.data();
  current_size = input.size();
  ::alarm(kSecondsPerInput);
  LLVMFuzzerTestOneInput(input.data(), input.size());
  ::alarm(0);
}

/// splitmix64: small, and the same everywhere.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}
  std::uint64_t next() {
    std::uint64_t z = (state_ += 0x9e3779b97f4a7c15ULL);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31);
  }
  /// In [0, n); 0 for n = 0.
  std::size_t below(std::size_t n) { return n == 0 ? 0 : static_cast<std::size_t>(next() % n); }

 private:
  std::uint64_t state_;
};

Input bytes_of(const std::string& text) { return {text.begin(), text.end()}; }

Input read_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return bytes_of(std::string{std::istreambuf_iterator<char>(file), {}});
}

/// The words and numbers of the corpus, and values at which parsers like to break.
std::vector<Input> tokens_of(const std::vector<Input>& corpus) {
  std::vector<Input> tokens;
  for (const char* text :
       {"0", "-1", "1e309", "1e-400", "nan", "inf", "2147483648", "-9223372036854775809", "{", "}", "[", "]", "\"", "\n"})
    tokens.push_back(bytes_of(text));
  for (const std::uint8_t byte : std::initializer_list<std::uint8_t>{0x00, 0x7f, 0x80, 0xff}) tokens.emplace_back(4, byte);
  for (const Input& input : corpus) {
    Input word;
    for (const std::uint8_t byte : input) {
      if (std::isalnum(byte) != 0 || byte == '_' || byte == '.') {
        word.push_back(byte);
      } else {
        if (word.size() > 1 && word.size() <= 32) tokens.push_back(word);
        word.clear();
      }
    }
  }
  std::sort(tokens.begin(), tokens.end());
  tokens.erase(std::unique(tokens.begin(), tokens.end()), tokens.end());
  return tokens;
}

void insert_at(Input& input, std::size_t at, const Input& piece) {
  input.insert(input.begin() + static_cast<std::ptrdiff_t>(at), piece.begin(), piece.end());
}

/// A piece of `from`, at most a quarter of it but at least a byte where there is one.
Input piece_of(const Input& from, Random& random) {
  const std::size_t begin = random.below(from.size());
  const std::size_t length = std::min(from.size() - begin, 1 + random.below(from.size() / 4 + 1));
  const auto first = from.begin() + static_cast<std::ptrdiff_t>(begin);
  return {first, first + static_cast<std::ptrdiff_t>(length)};
}

void mutate_once(Input& input, const std::vector<Input>& corpus, const std::vector<Input>& tokens, Random& random) {
  const std::size_t kind = random.below(7);
  const std::size_t at = random.below(input.size());
  if (kind == 0 && !input.empty()) {  // flip a bit
    input[at] = static_cast<std::uint8_t>(input[at] ^ (1U << random.below(8)));
  } else if (kind == 1 && !input.empty()) {  // set a byte
    input[at] = static_cast<std::uint8_t>(random.next());
  } else if (kind == 2 && !input.empty()) {  // delete a chunk
    const auto first = input.begin() + static_cast<std::ptrdiff_t>(at);
    input.erase(first, first + static_cast<std::ptrdiff_t>(1 + random.below((input.size() - at) / 2)));
  } else if (kind == 3) {  // duplicate a chunk
    insert_at(input, at, piece_of(input, random));
  } else if (kind == 4) {  // splice in a chunk of another
    insert_at(input, at, piece_of(corpus[random.below(corpus.size())], random));
  } else if (kind == 5) {  // cut off the end
    input.resize(at);
  } else {  // insert a token
    insert_at(input, at, tokens[random.below(tokens.size())]);
  }
  if (input.size() > kMaxInputBytes) input.resize(kMaxInputBytes);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2 || argc > 4) {
    std::fprintf(stderr, "usage: %s CORPUS_DIR N [SEED] | FILE\n", argv[0]);
    return 2;
  }
  const std::filesystem::path corpus_path = argv[1];
  const std::uint64_t count = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 0;
  const std::uint64_t seed = argc > 3 ? std::strtoull(argv[3], nullptr, 10) : 1;

  std::vector<std::filesystem::path> paths;
  if (std::filesystem::is_directory(corpus_path)) {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(corpus_path))
      if (entry.is_regular_file()) paths.push_back(entry.path());
  } else if (std::filesystem::is_regular_file(corpus_path)) {
    paths.push_back(corpus_path);
  }
  if (paths.empty()) {
    std::fprintf(stderr, "%s: no seeds; a fuzz target needs at least one example of its input\n", argv[1]);
    return 2;
  }
  std::sort(paths.begin(), paths.end());  // a folder has no order of its own

  watch(std::filesystem::path(argv[0]).filename().string());
  std::vector<Input> corpus;
  for (const auto& path : paths) corpus.push_back(read_file(path));
  for (const Input& input : corpus) run(input);
  const std::vector<Input> tokens = tokens_of(corpus);
  for (std::uint64_t i = 0; i < count; ++i) {
    Random random(seed ^ (i * 0xd1342543de82ef95ULL));  // each mutation depends on its own number alone
    Input input = corpus[random.below(corpus.size())];
    for (std::size_t edits = 1 + random.below(4); edits > 0; --edits) mutate_once(input, corpus, tokens, random);
    run(input);
  }
  std::printf("%zu seeds and %llu mutations, seed %llu: no failure\n", corpus.size(), static_cast<unsigned long long>(count),
              static_cast<unsigned long long>(seed));
  return 0;
}
